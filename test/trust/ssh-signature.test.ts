import { describe, expect, test } from '@jest/globals';
import { parseOpenSshKey, parseOpenSshPrivateKey } from '../../src/trust/openssh-key.js';
import { createKey, keyOfSeed } from '../../src/trust/signing-key.js';
import { signSsh, verifySsh } from '../../src/trust/ssh-signature.js';
import { decodeArmour, encodeArmour } from '../../src/trust/ssh-wire.js';
import { fromBytes, L, toBytes } from './curve.js';
import * as samples from './openssh-samples.js';

const message = Buffer.from('message');
const label = 'SSH SIGNATURE';

describe('an SSH signature', () => {
  test('of ssh-keygen is good, and ours is the same to the byte', () => {
    expect(verifySsh(samples.signature, message, 'git').id).toBe(parseOpenSshKey(samples.plainLine).id);
    expect(signSsh(keyOfSeed(parseOpenSshPrivateKey(samples.plain)), message, 'git')).toBe(samples.signature);
  });

  test.each<[string, string, string]>([
    ['another message', 'Message', 'git'],
    ['another purpose', 'message', 'file'],
  ])('is not one of %s', async (_what, text, namespace) => {
    await expect(() => verifySsh(samples.signature, Buffer.from(text), namespace)).toFailWithCode('SIGNATURE_INVALID');
  });

  test('is refused wherever it is cut, and with a byte too many', async () => {
    const whole = decodeArmour(label, signSsh(createKey(), message, 'git')) ?? Buffer.alloc(0);
    for (let length = 0; length < whole.length; length += 3) {
      await expect(() => verifySsh(encodeArmour(label, whole.subarray(0, length)), message, 'git')).toFailWithCode(
        'SIGNATURE_INVALID',
      );
    }
    const longer = encodeArmour(label, Uint8Array.of(...whole, 0));
    await expect(() => verifySsh(longer, message, 'git')).toFailWithCode('SIGNATURE_INVALID');
    await expect(() => verifySsh(samples.signature.trim().slice(1), message, 'git')).toFailWithCode(
      'SIGNATURE_INVALID',
    );
  });

  test('is refused with S + L', async () => {
    const whole = Buffer.from(decodeArmour(label, samples.signature) ?? []);
    const s = fromBytes(whole.subarray(-32));
    whole.set(toBytes(s + L), whole.length - 32);
    await expect(() => verifySsh(encodeArmour(label, whole), message, 'git')).toFailWithCode('SIGNATURE_INVALID');
  });
});
