import { describe, expect, test } from '@jest/globals';
import { createPublicKey } from '../../src/trust/public-key.js';
import {
  BCRYPT_ROUNDS_LIMIT,
  formatOpenSshKey,
  isEncryptedOpenSshKey,
  parseOpenSshKey,
  parseOpenSshPrivateKey,
} from '../../src/trust/openssh-key.js';
import { createKey, keyOfSeed } from '../../src/trust/signing-key.js';
import { decodeArmour, encodeArmour, encodeStrings, SSH_ED25519 } from '../../src/trust/ssh-wire.js';
import { encodePoint, identity } from './curve.js';
import * as samples from './openssh-samples.js';

const label = 'OPENSSH PRIVATE KEY';
const bytesOf = (text: string): Buffer => Buffer.from(decodeArmour(label, text) ?? []);
const keyOf = (text: string, passphrase?: string) => keyOfSeed(parseOpenSshPrivateKey(text, passphrase));

describe('an OpenSSH private key', () => {
  test.each([
    ['without a passphrase', samples.plain, undefined, samples.plainLine],
    ['under a passphrase', samples.locked, samples.passphrase, samples.lockedLine],
  ])('%s is the key of its public line', (_what, text, passphrase, line) => {
    expect(isEncryptedOpenSshKey(text)).toBe(passphrase !== undefined);
    expect(keyOf(text, passphrase).id).toBe(parseOpenSshKey(line).id);
  });

  test('opens under the other mode of AES too', () => {
    expect(parseOpenSshPrivateKey(samples.lockedCbc, samples.passphrase)).toHaveLength(32);
  });

  test.each([
    ['no passphrase', samples.locked, undefined, 'KEY_LOCKED'],
    ['another passphrase', samples.locked, 'wrong', 'PASSPHRASE_WRONG'],
    ['another cipher', samples.lockedGcm, samples.passphrase, 'KEY_UNSUPPORTED'],
    ['another algorithm', samples.ecdsa, undefined, 'KEY_UNSUPPORTED'],
    [
      'an older form',
      '-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n',
      undefined,
      'KEY_UNSUPPORTED',
    ],
    ['no key at all', 'secret', undefined, 'KEY_INVALID'],
    [
      'a second spelling of base64',
      samples.plain.replace('BQYHCAk', 'BQYHCAl').replace(/=?=\n-----END/, '\n-----END'),
      undefined,
      'KEY_INVALID',
    ],
  ] as const)('is refused with %s', async (_what, text, passphrase, code) => {
    await expect(() => parseOpenSshPrivateKey(text, passphrase)).toFailWithCode(code);
  });

  test('is refused wherever it is cut, and says nothing of its secret', async () => {
    const whole = bytesOf(samples.plain);
    for (let length = 0; length < whole.length; length += 5) {
      const cut = encodeArmour(label, whole.subarray(0, length));
      await expect(() => parseOpenSshPrivateKey(cut)).toFailWithCode('KEY_INVALID');
    }
  });

  test('is refused with any changed byte of the secret half', () => {
    const whole = bytesOf(samples.plain);
    // From the check numbers on, but for the comment, which means nothing.
    const comment = whole.lastIndexOf('ada@example.org');
    for (let at = whole.length - 0x90 + 8; at < comment - 4; at += 3) {
      const changed = Buffer.from(whole);
      changed[at] ^= 1;
      expect(() => parseOpenSshPrivateKey(encodeArmour(label, changed))).toThrow(/key/i);
    }
  });

  test('may not ask for more work than a key is worth', async () => {
    const whole = bytesOf(samples.locked);
    const rounds = Buffer.from(whole);
    const at = whole.indexOf('bcrypt') + 6 + 4 + 4 + 16;
    expect(whole.readUInt32BE(at)).toBe(4);
    rounds.writeUInt32BE(BCRYPT_ROUNDS_LIMIT + 1, at);
    await expect(() => parseOpenSshPrivateKey(encodeArmour(label, rounds), samples.passphrase)).toFailWithCode(
      'KEY_UNSUPPORTED',
    );
  });
});

describe("an OpenSSH public key's line", () => {
  test('comes back', () => {
    const { publicKey } = createKey();
    const line = formatOpenSshKey(publicKey, 'ada on her laptop');
    expect(line).toMatch(/^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI\S{43} ada on her laptop$/);
    expect(parseOpenSshKey(`${line}\n`)).toEqual(publicKey);
    expect(formatOpenSshKey(parseOpenSshKey(samples.plainLine), 'ada@example.org')).toBe(samples.plainLine);
  });

  const line = (bytes: Uint8Array) =>
    `ssh-ed25519 ${Buffer.from(encodeStrings(SSH_ED25519, bytes)).toString('base64')}`;

  test.each([
    ['a point of small order', line(encodePoint(identity)), 'KEY_WEAK'],
    ['31 bytes', line(createPublicKey(createKey().publicKey.bytes).bytes.subarray(1)), 'KEY_INVALID'],
    ['no base64', 'ssh-ed25519 %%%', 'KEY_INVALID'],
    ['another algorithm', 'ssh-rsa AAAAB3NzaC1yc2E=', 'KEY_UNSUPPORTED'],
    [
      'another algorithm inside',
      samples.plainLine.replace('AAAAC3NzaC1lZDI1NTE5', 'AAAAC3NzaC1lZDI1NTE4'),
      'KEY_UNSUPPORTED',
    ],
  ] as const)('is refused with %s', async (_what, text, code) => {
    await expect(() => parseOpenSshKey(text)).toFailWithCode(code);
  });
});
