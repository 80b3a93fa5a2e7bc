/** Owns what a key is that signs: its public half, and a function that keeps the secret to itself. */
import { randomBytes } from 'node:crypto';
import nacl from 'tweetnacl';
import { createPublicKey, type KeyId, type PublicKey } from './public-key.js';

/** Bytes of the private key of RFC 8032, from which all else follows. */
export const SEED_BYTES = nacl.sign.seedLength;

/** A key that signs. Its secret stays inside. */
export interface SigningKey {
  readonly id: KeyId;
  readonly publicKey: PublicKey;
  /** Signs bytes with Ed25519: 64 bytes, the same ones every time. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** Makes a new key that is kept nowhere. */
export function createKey(): SigningKey {
  return keyOfSeed(createSeed());
}

/** Draws the secret of a new key. */
export function createSeed(): Uint8Array {
  return randomBytes(SEED_BYTES);
}

/** Makes the key of a seed (32 bytes). Throws KEY_INVALID for another length. */
export function keyOfSeed(seed: Uint8Array): SigningKey {
  const pair = nacl.sign.keyPair.fromSeed(Uint8Array.from(seed));
  const publicKey = createPublicKey(pair.publicKey);
  return { id: publicKey.id, publicKey, sign: (bytes) => nacl.sign.detached(bytes, pair.secretKey) };
}
