/**
 * Owns the encryption of a small secret under a passphrase: scrypt (RFC 7914) to make a key of it, AES-256-GCM to seal.
 * The parameters are recorded beside the secret, and bounded when they are read: a hostile file must not take all memory.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';

/** The cost of one guess: N = 2^log2N, block size r, parallelism p; 128 · N · r bytes of memory. */
export interface ScryptCost {
  readonly log2N: number;
  readonly r: number;
  readonly p: number;
}

/** 128 MiB and about half a second: what OWASP recommends for passwords. */
export const defaultCost: ScryptCost = { log2N: 17, r: 8, p: 1 };

/** Bytes of memory that opening a secret may take. */
export const SCRYPT_MEMORY_LIMIT = 2 ** 28;

/** A secret under a passphrase. */
export interface Sealed {
  readonly cost: ScryptCost;
  /** (16) */
  readonly salt: Uint8Array;
  /** (12) */
  readonly nonce: Uint8Array;
  /** The secret's length, and 16 bytes more: the tag. */
  readonly ciphertext: Uint8Array;
}

const TAG_BYTES = 16;

/** Bytes of memory that a cost stands for. */
export const memoryOf = ({ log2N, r }: ScryptCost): number => 128 * 2 ** log2N * r;

/** Seals a secret. `context` is not encrypted, but a secret opens under the same context only. */
export async function seal(
  secret: Uint8Array,
  passphrase: string,
  context: (parts: Omit<Sealed, 'ciphertext'>) => Uint8Array,
  cost = defaultCost,
): Promise<Sealed> {
  const parts = { cost, salt: randomBytes(16), nonce: randomBytes(12) };
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, parts), parts.nonce);
  cipher.setAAD(context(parts));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return { ...parts, ciphertext };
}

/** Opens a secret; undefined when the passphrase, the context or any byte is another. */
export async function unseal(sealed: Sealed, passphrase: string, context: Uint8Array): Promise<Uint8Array | undefined> {
  const body = sealed.ciphertext.subarray(0, -TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', await deriveKey(passphrase, sealed), sealed.nonce);
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.ciphertext.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** The passphrase counts as its UTF-8 bytes in NFC, so that every keyboard types the same one. */
function deriveKey(passphrase: string, { cost, salt }: Pick<Sealed, 'cost' | 'salt'>): Promise<Buffer> {
  const { log2N, r, p } = cost;
  const options = { N: 2 ** log2N, r, p, maxmem: 2 * SCRYPT_MEMORY_LIMIT };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
