/** Owns the file of a signing key, as it is or under a passphrase (FORMAT.md, "Keys"). */
import { TrustError } from '../errors.js';
import { canonicalBytes, decodeCanonical, parseJson } from '../patch/canonical.js';
import { formatBase64, parseBase64 } from './base64.js';
import { memoryOf, SCRYPT_MEMORY_LIMIT, seal, type Sealed, type ScryptCost, unseal } from './passphrase.js';
import { createPublicKey, type PublicKey } from './public-key.js';
import { keyOfSeed, type SigningKey } from './signing-key.js';

const PLAIN_FORMAT = 'bankai.signing-key/v1';
const ENCRYPTED_FORMAT = 'bankai.encrypted-key/v1';

/** Bytes of the largest key file. */
export const KEY_FILE_BYTE_LIMIT = 1024;

/** A key file that was read: who it is can be seen, its secret only with the passphrase, where it has one. */
export interface KeyFile {
  readonly publicKey: PublicKey;
  readonly encrypted: boolean;
  /** Throws PASSPHRASE_WRONG, and KEY_LOCKED where there should be a passphrase and is none. */
  open(passphrase?: string): Promise<SigningKey>;
  /** Gives the secret itself (32 bytes), to be kept elsewhere. Throws as `open`. */
  openSeed(passphrase?: string): Promise<Uint8Array>;
}

/** Encodes the file of a key, under a passphrase if one is given. */
export async function encodeKeyFile(seed: Uint8Array, passphrase?: string, cost?: ScryptCost): Promise<Uint8Array> {
  const publicKey = formatBase64(keyOfSeed(seed).publicKey.bytes);
  if (passphrase === undefined) {
    return canonicalBytes({ format: PLAIN_FORMAT, algorithm: 'ed25519', publicKey, seed: formatBase64(seed) });
  }
  const sealed = await seal(seed, passphrase, (parts) => canonicalBytes(header(publicKey, parts)), cost);
  return canonicalBytes({ ...header(publicKey, sealed), ciphertext: formatBase64(sealed.ciphertext) });
}

/** Decodes a key file; `name` is how errors call it. Throws KEY_INVALID. */
export function decodeKeyFile(bytes: Uint8Array, name: string): KeyFile {
  const fail = (problem: string) => damaged(name, problem);
  const { format } = Object(parseJson(bytes, KEY_FILE_BYTE_LIMIT, fail)) as { format?: unknown };
  return format === ENCRYPTED_FORMAT ? decodeEncrypted(bytes, name, fail) : decodePlain(bytes, fail);
}

type Fail = (problem: string) => TrustError;

function decodePlain(bytes: Uint8Array, fail: Fail): KeyFile {
  const file = decodeCanonical(bytes, { byteLimit: KEY_FILE_BYTE_LIMIT, schema: 'signing-key', fail }) as {
    publicKey: string;
    seed: string;
  };
  const seed = strictBase64(file.seed, 'seed', fail);
  const key = keyOfSeed(seed);
  if (formatBase64(key.publicKey.bytes) !== file.publicKey) throw fail('has a seed of another public key');
  const openSeed = () => Promise.resolve(seed);
  return { publicKey: key.publicKey, encrypted: false, open: () => Promise.resolve(key), openSeed };
}

interface EncryptedFile {
  readonly publicKey: string;
  readonly kdf: { readonly name: 'scrypt'; readonly salt: string } & ScryptCost;
  readonly cipher: { readonly name: 'aes-256-gcm'; readonly nonce: string };
  readonly ciphertext: string;
}

function decodeEncrypted(bytes: Uint8Array, name: string, fail: Fail): KeyFile {
  const options = { byteLimit: KEY_FILE_BYTE_LIMIT, schema: 'encrypted-key', fail };
  const { kdf, cipher, ...file } = decodeCanonical(bytes, options) as EncryptedFile;
  const publicKey = createPublicKey(strictBase64(file.publicKey, 'public key', fail));
  const sealed: Sealed = {
    cost: { log2N: kdf.log2N, r: kdf.r, p: kdf.p },
    salt: strictBase64(kdf.salt, 'salt', fail),
    nonce: strictBase64(cipher.nonce, 'nonce', fail),
    ciphertext: strictBase64(file.ciphertext, 'ciphertext', fail),
  };
  if (memoryOf(sealed.cost) > SCRYPT_MEMORY_LIMIT) {
    throw fail(`wants ${memoryOf(sealed.cost)} bytes of memory to be opened (limit ${SCRYPT_MEMORY_LIMIT})`);
  }
  const openSeed = async (passphrase?: string): Promise<Uint8Array> => {
    if (passphrase === undefined) throw locked(name);
    const seed = await unseal(sealed, passphrase, canonicalBytes(header(file.publicKey, sealed)));
    if (!seed) throw wrongPassphrase(name);
    if (keyOfSeed(seed).id !== publicKey.id) throw fail('has a seed of another public key');
    return seed;
  };
  return { publicKey, encrypted: true, open: async (passphrase) => keyOfSeed(await openSeed(passphrase)), openSeed };
}

/** All of an encrypted file but the ciphertext, which it is bound to. */
function header(publicKey: string, { cost, salt, nonce }: Omit<Sealed, 'ciphertext'>) {
  return {
    format: ENCRYPTED_FORMAT,
    algorithm: 'ed25519',
    publicKey,
    kdf: { name: 'scrypt', ...cost, salt: formatBase64(salt) },
    cipher: { name: 'aes-256-gcm', nonce: formatBase64(nonce) },
  };
}

function strictBase64(text: string, what: string, fail: Fail): Uint8Array {
  const bytes = parseBase64(text);
  if (!bytes) throw fail(`has a ${what} that is not in strict base64`);
  return bytes;
}

/** Has no cause: what JSON.parse says about a text quotes it, and this text is secret. */
function damaged(name: string, problem: string): TrustError {
  return new TrustError('KEY_INVALID', `Signing key ${name} ${problem}`, {
    hint: 'Restore the file from a backup, or move it away and make another key with "bankai key new".',
    data: { key: name },
  });
}

function locked(name: string): TrustError {
  return new TrustError('KEY_LOCKED', `Signing key ${name} has a passphrase, and none was given`, {
    hint: 'Run the command in a terminal, or give --passphrase-file FILE.',
    data: { key: name },
  });
}

function wrongPassphrase(name: string): TrustError {
  return new TrustError('PASSPHRASE_WRONG', `The passphrase does not open signing key ${name}`, {
    hint: 'Type it again; without it the key is lost, and a new one must be made with "bankai key new".',
    data: { key: name },
  });
}
