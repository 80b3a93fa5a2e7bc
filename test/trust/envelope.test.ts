import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BankaiError } from '../../src/errors.js';
import { canonicalBytes } from '../../src/patch/canonical.js';
import {
  encodeEnvelope,
  type Envelope,
  openEnvelope,
  preAuthenticationEncoding,
  signEnvelope,
} from '../../src/trust/envelope.js';
import { createKey, type SigningKey } from '../../src/trust/signing-key.js';
import type { KeyId } from '../../src/trust/public-key.js';

const TYPE = 'application/vnd.in-toto+json';
const bytes = (text: string) => new TextEncoder().encode(text);
const [alice, bob, mallory] = [createKey(), createKey(), createKey()];
const keyring =
  (...keys: SigningKey[]) =>
  (id: KeyId) =>
    keys.find((key) => key.id === id)?.publicKey;

const payload = bytes('{"a":1}');
const signed = signEnvelope(TYPE, payload, alice);
const open = (envelope: Envelope, keys = keyring(alice, bob), type = TYPE) =>
  openEnvelope(encodeEnvelope(envelope), type, keys);
const bothSigned: Envelope = {
  ...signed,
  signatures: [...signed.signatures, ...signEnvelope(TYPE, payload, bob).signatures],
};

describe('the pre-authentication encoding', () => {
  test('is that of the DSSE specification', () => {
    expect(
      Buffer.from(preAuthenticationEncoding('http://example.com/HelloWorld', bytes('hello world'))).toString(),
    ).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });

  test('counts bytes, not characters', () => {
    expect(Buffer.from(preAuthenticationEncoding('é', bytes('ü'))).toString()).toBe('DSSEv1 2 é 2 ü');
  });

  test('is another for any other type or payload', () => {
    const anyPair = fc.tuple(fc.string(), fc.uint8Array());
    fc.assert(
      fc.property(anyPair, anyPair, ([type1, body1], [type2, body2]) => {
        const same = type1 === type2 && Buffer.compare(body1, body2) === 0;
        const [a, b] = [preAuthenticationEncoding(type1, body1), preAuthenticationEncoding(type2, body2)];
        expect(Buffer.compare(a, b) === 0).toBe(same);
      }),
    );
  });
});

describe('an envelope', () => {
  test('gives back what was put in, and who signed', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        const { payload: opened, signers, unknownSigners } = open(signEnvelope(TYPE, body, alice));
        expect(Buffer.compare(opened, body)).toBe(0);
        expect([signers, unknownSigners]).toEqual([[alice.id], []]);
      }),
      { numRuns: 20 },
    );
  });

  test('may have several signatures', () => {
    expect(open(bothSigned).signers).toEqual([alice.id, bob.id].sort());
    expect(open(bothSigned, keyring(bob))).toMatchObject({ signers: [bob.id], unknownSigners: [alice.id] });
    const twice = { ...signed, signatures: [...signed.signatures, ...signed.signatures] };
    expect(open(twice).signers).toEqual([alice.id]);
  });

  test('without a signature is refused', async () => {
    await expect(() => open({ ...signed, signatures: [] })).toFailWithCode('SIGNATURE_MISSING');
  });

  test('of an unknown signer is refused', async () => {
    await expect(() => open(signed, keyring(bob))).toFailWithCode('SIGNER_UNKNOWN');
  });

  test('is refused when the keyring answers with another key than asked for', async () => {
    await expect(() => open(signed, () => mallory.publicKey)).toFailWithCode('SIGNER_UNKNOWN');
  });

  test('with a forged signature is refused, even beside a good one', async () => {
    const forged = signEnvelope(TYPE, payload, mallory).signatures[0].sig;
    const claim = { keyid: bob.id, sig: forged };
    await expect(() => open({ ...signed, signatures: [claim] })).toFailWithCode('SIGNATURE_INVALID');
    await expect(() => open({ ...signed, signatures: [...signed.signatures, claim] })).toFailWithCode(
      'SIGNATURE_INVALID',
    );
  });

  test('with another payload is refused', async () => {
    const other = Buffer.from('{"a":2}').toString('base64');
    await expect(() => open({ ...signed, payload: other })).toFailWithCode('SIGNATURE_INVALID');
  });

  test('cannot be opened as another type', async () => {
    await expect(() => open(signed, keyring(alice), 'application/json')).toFailWithCode('PAYLOAD_TYPE');
    const relabelled = { ...signed, payloadType: 'application/json' };
    await expect(() => open(relabelled, keyring(alice), 'application/json')).toFailWithCode('SIGNATURE_INVALID');
  });

  test('signed without its type is refused', async () => {
    const sig = Buffer.from(alice.sign(payload)).toString('base64');
    await expect(() => open({ ...signed, signatures: [{ keyid: alice.id, sig }] })).toFailWithCode('SIGNATURE_INVALID');
  });

  const { sig } = signed.signatures[0];
  test.each<[string, object]>([
    ['a payload in url-safe base64', { ...signed, payload: '_-8=' }],
    ['a payload without padding', { ...signed, payload: signed.payload.replace(/=+$/, '') }],
    ['a payload with loose last bits', { ...signed, payload: 'eyJhIjoxfR==' }],
    ['a payload with a line break', { ...signed, payload: `${signed.payload}\n` }],
    ['a field too many', { ...signed, comment: 'x' }],
    ['no payload', { payloadType: TYPE, signatures: [] }],
    ['a key id that is none', { ...signed, signatures: [{ keyid: 'alice', sig }] }],
    ['a signature that is no text', { ...signed, signatures: [{ keyid: alice.id, sig: 1 }] }],
    ['too many signatures', { ...signed, signatures: Array.from({ length: 65 }, () => ({ keyid: alice.id, sig })) }],
    ['a list', [signed]],
  ])('with %s is refused', async (_what, envelope) => {
    await expect(() => openEnvelope(canonicalBytes(envelope), TYPE, keyring(alice))).toFailWithCode(
      'STATEMENT_INVALID',
    );
  });

  test.each([
    ['url-safe', sig.replace(/[A-Za-z0-9]/, '_')],
    ['short', Buffer.from(sig, 'base64').subarray(1).toString('base64')],
    ['empty', ''],
  ])('with a signature that is %s is refused', async (_what, changed) => {
    const envelope = { ...signed, signatures: [{ keyid: alice.id, sig: changed }] };
    await expect(() => open(envelope)).toFailWithCode('SIGNATURE_INVALID');
  });

  test('with duplicate keys or spaces in its file is refused', async () => {
    const file = Buffer.from(encodeEnvelope(signed)).toString();
    for (const changed of [file.replace('{', '{"payload":"",'), `${file}\n`, file.replace(':', ' :')]) {
      await expect(() => openEnvelope(bytes(changed), TYPE, keyring(alice))).toFailWithCode('STATEMENT_INVALID');
    }
  });

  test('is opened or refused with a hint when any character of its file is changed', () => {
    const file = Buffer.from(encodeEnvelope(bothSigned));
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(file);
        changed[at] ^= change;
        try {
          const opened = openEnvelope(changed, TYPE, keyring(alice, bob));
          expect(Buffer.compare(opened.payload, payload)).toBe(0);
          expect(opened.signers.length + opened.unknownSigners.length).toBe(2);
        } catch (error) {
          expect(error).toBeInstanceOf(BankaiError);
          expect((error as BankaiError).hint).toBeTruthy();
        }
      }),
      { numRuns: 300 },
    );
  });
});
