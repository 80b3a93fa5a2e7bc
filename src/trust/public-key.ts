/** Owns the public key: its id, and the text form in which repositories carry it (FORMAT.md, "Keys"). */
import { TrustError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { formatBase64, parseBase64 } from './base64.js';
import { publicKeyFlaw } from './verify-signature.js';

/** SHA-256 (64 lower-case hex digits) of a public key's 32 bytes. */
export type KeyId = string & { readonly brand: 'KeyId' };

/** An Ed25519 public key without known flaws. */
export interface PublicKey {
  readonly id: KeyId;
  /** (32) */
  readonly bytes: Uint8Array;
}

const PUBLIC_KEY_FORMAT = 'bankai.public-key/v1';
const BYTE_LIMIT = 1024;

/** Makes a public key of its 32 bytes. Throws KEY_INVALID for another length or a second spelling, KEY_WEAK for a small order. */
export function createPublicKey(bytes: Uint8Array): PublicKey {
  const flaw = publicKeyFlaw(bytes);
  if (flaw === 'is a point of small order') throw weak(flaw);
  if (flaw !== undefined) throw invalid(flaw);
  const copy = Uint8Array.from(bytes);
  return { id: sha256Hex(copy) as KeyId, bytes: copy };
}

/** Encodes a public key as the canonical JSON of its file. */
export function encodePublicKey(key: PublicKey): Uint8Array {
  return canonicalBytes({ format: PUBLIC_KEY_FORMAT, algorithm: 'ed25519', publicKey: formatBase64(key.bytes) });
}

/** Decodes a public key file. Throws KEY_INVALID, also when it is a good key with another id than expected. */
export function decodePublicKey(bytes: Uint8Array, expectedId?: KeyId): PublicKey {
  const file = decodeCanonical(bytes, { byteLimit: BYTE_LIMIT, schema: 'public-key', fail: invalid });
  const raw = parseBase64((file as { publicKey: string }).publicKey);
  if (!raw) throw invalid('is not in strict base64');
  const key = createPublicKey(raw);
  if (expectedId !== undefined && key.id !== expectedId) throw invalid(`has id ${key.id}, not ${expectedId}`);
  return key;
}

function weak(problem: string): TrustError {
  return new TrustError('KEY_WEAK', `Public key ${problem}: anybody can sign for it`, {
    hint: 'Nobody makes such a key by accident. Do not use anything that it is said to have signed.',
  });
}

function invalid(problem: string, cause?: unknown): TrustError {
  return new TrustError('KEY_INVALID', `Public key ${problem}`, {
    hint: 'Ask the signer for the public key again; do not trust what it signed until then.',
    cause,
  });
}
