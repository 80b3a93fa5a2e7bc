/**
 * Owns the verification of Ed25519 signatures (RFC 8032), stricter than the libraries: one message and key have one
 * valid signature, and no key verifies what its holder did not sign.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The field's prime, 2^255 − 19. */
const P = 2n ** 255n - 19n;
/** The order of the base point: RFC 8032, section 5.1. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
/** y of the points of order 8, up to sign. */
const Y_OF_ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;

/** y of all points whose order divides 8: order 1, 2, 4 and 8. A key there verifies signatures that nobody made. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([1n, P - 1n, 0n, Y_OF_ORDER_8, P - Y_OF_ORDER_8]);

/**
 * Says what is wrong with 32 bytes as an Ed25519 public key, or nothing when they may be trusted to verify: y below the
 * prime (RFC 8032, section 5.1.3, step 1) and not of small order, which takes in every second spelling of such points.
 */
export function publicKeyFlaw(bytes: Uint8Array): string | undefined {
  if (bytes.length !== PUBLIC_KEY_BYTES) return `has ${bytes.length} bytes (must be ${PUBLIC_KEY_BYTES})`;
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  if (y >= P) return 'is not in canonical form';
  return SMALL_ORDER_Y.has(y) ? 'is a point of small order' : undefined;
}

/**
 * Verifies an Ed25519 signature (64 bytes) of a message by a public key (32 bytes). Refuses flawed keys, and signatures
 * whose S is not below the group's order (RFC 8032, section 5.1.7, step 1), which others could derive from good ones.
 */
export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKeyFlaw(publicKey) !== undefined) return false;
  if (isMalleable(signature)) return false;
  return verify(null, message, keyObject(Buffer.from(publicKey).toString('base64url')), signature);
}

/** Keys as Node has them. Few people sign the many statements of a repository. */
const keyObjects = new Map<string, KeyObject>();

function keyObject(x: string): KeyObject {
  let key = keyObjects.get(x);
  if (key === undefined) {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    if (keyObjects.size >= 256) keyObjects.clear();
    keyObjects.set(x, key);
  }
  return key;
}

/** Tells whether a signature (64 bytes) has an S that is not below the group's order: somebody derived it from a good one. */
export const isMalleable = (signature: Uint8Array): boolean =>
  signature.length === SIGNATURE_BYTES && littleEndian(signature.subarray(32)) >= L;

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
