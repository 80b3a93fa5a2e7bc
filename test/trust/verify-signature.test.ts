import { describe, expect, test } from '@jest/globals';
import { createPublicKey as importKey, verify } from 'node:crypto';
import { createKey } from '../../src/trust/signing-key.js';
import { createPublicKey } from '../../src/trust/public-key.js';
import { publicKeyFlaw, verifySignature } from '../../src/trust/verify-signature.js';
import { encodePoint, fromBytes, identity, L, multiply, P, toBytes, torsionPoints } from './curve.js';

const key = createKey();
const publicKey = key.publicKey.bytes;
const message = new TextEncoder().encode('one row of one matrix');
const signature = key.sign(message);

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const withS = (s: bigint): Uint8Array => Uint8Array.of(...signature.subarray(0, 32), ...toBytes(s));

describe('verification accepts', () => {
  test('what the key has signed', () => {
    expect(verifySignature(publicKey, message, signature)).toBe(true);
    expect(verifySignature(publicKey, new Uint8Array(), key.sign(new Uint8Array()))).toBe(true);
  });

  test.each([
    [
      'TEST 1',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      'TEST 2',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('RFC 8032, section 7.1, %s', (_name, publicHex, messageHex, signatureHex) => {
    expect(verifySignature(hex(publicHex), hex(messageHex), hex(signatureHex))).toBe(true);
  });
});

describe('verification refuses', () => {
  test('any flipped bit of signature, message or key', () => {
    for (let bit = 0; bit < 512; bit += 7) {
      const changed = signature.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(verifySignature(publicKey, message, changed)).toBe(false);
    }
    for (let bit = 0; bit < 8 * message.length; bit += 5) {
      const changed = message.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(verifySignature(publicKey, changed, signature)).toBe(false);
    }
    for (let bit = 0; bit < 256; bit += 3) {
      const changed = publicKey.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(verifySignature(changed, message, signature)).toBe(false);
    }
  });

  test('another key', () => {
    expect(verifySignature(createKey().publicKey.bytes, message, signature)).toBe(false);
  });

  test('signatures and keys of another length', () => {
    for (const length of [0, 1, 32, 63]) {
      expect(verifySignature(publicKey, message, signature.subarray(0, length))).toBe(false);
    }
    expect(verifySignature(publicKey, message, Uint8Array.of(...signature, 0))).toBe(false);
    expect(verifySignature(publicKey.subarray(0, 31), message, signature)).toBe(false);
    expect(verifySignature(Uint8Array.of(...publicKey, 0), message, signature)).toBe(false);
  });

  test('S + L, which solves the same equation', () => {
    const s = fromBytes(signature.subarray(32));
    expect(s).toBeLessThan(L);
    for (let malleated = s + L; malleated < 2n ** 256n; malleated += L) {
      expect(verifySignature(publicKey, message, withS(malleated))).toBe(false);
    }
    expect(verifySignature(publicKey, message, withS(s))).toBe(true);
  });

  test('the zero signature', () => {
    expect(verifySignature(publicKey, message, new Uint8Array(64))).toBe(false);
  });
});

describe('keys of small order', () => {
  const points = torsionPoints();

  /** Every string of 32 bytes that decoders may take for a point of order 1, 2, 4 or 8. */
  const spellings = points.flatMap(([, y]) =>
    [y, y + P]
      .filter((spelt) => spelt < 2n ** 255n)
      .flatMap((spelt) => [toBytes(spelt), toBytes(spelt | (1n << 255n))]),
  );

  test('are eight', () => {
    expect(new Set(points.map((point) => Buffer.from(encodePoint(point)).toString('hex'))).size).toBe(8);
    for (const point of points) expect(multiply(8n, point)).toEqual(identity);
  });

  test('are refused in every spelling, on import and on verification', async () => {
    expect(new Set(spellings.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(14);
    for (const bytes of spellings) {
      expect(publicKeyFlaw(bytes)).toBeDefined();
      const code = publicKeyFlaw(bytes) === 'is a point of small order' ? 'KEY_WEAK' : 'KEY_INVALID';
      await expect(() => createPublicKey(bytes)).toFailWithCode(code);
    }
  });

  test('would otherwise verify a signature that nobody made', () => {
    const forged = Uint8Array.of(...encodePoint(identity), ...new Uint8Array(32));
    const weak = encodePoint(identity);
    const imported = importKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(weak).toString('base64url') },
      format: 'jwk',
    });
    expect(verify(null, message, imported, forged)).toBe(true);
    expect(verifySignature(weak, message, forged)).toBe(false);
  });

  test('and spellings of y beyond the prime are refused', () => {
    for (let y = P; y < 2n ** 255n; y++) expect(publicKeyFlaw(toBytes(y))).toBe('is not in canonical form');
    expect(publicKeyFlaw(toBytes(P - 2n))).toBeUndefined();
  });
});
