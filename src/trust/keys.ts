/** Owns signing keys: making them, signing with them, and the one file in which a person's key rests (FORMAT.md, "Keys"). */
import { randomBytes } from 'node:crypto';
import { type Stats } from 'node:fs';
import { type FileHandle, link, mkdir, open, rm, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import nacl from 'tweetnacl';
import { syncDirectory } from '../durable.js';
import { RepositoryError, TrustError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { formatBase64, parseBase64 } from './base64.js';
import { createPublicKey, type KeyId, type PublicKey } from './public-key.js';

/** A key that signs. Its secret stays inside. */
export interface SigningKey {
  readonly id: KeyId;
  readonly publicKey: PublicKey;
  /** Signs bytes with Ed25519: 64 bytes, the same ones every time. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** Name of the key's file in its directory. */
export const KEY_FILE = 'signing-key.json';

const KEY_FORMAT = 'bankai.signing-key/v1';
const BYTE_LIMIT = 1024;

/** Makes a new key that is kept nowhere. */
export function createKey(): SigningKey {
  return keyOfSeed(randomBytes(nacl.sign.seedLength));
}

/**
 * Loads the key of a directory, or makes one on first use; a key file that is there is never written to. The file has
 * mode 0600; a directory made here 0700. Of several processes that make the first key at once, all get the same key.
 * Throws KEY_UNSAFE when others may read the file or change the directory, KEY_INVALID when the file is damaged, IO.
 */
export async function loadOrCreateKey(directory: string): Promise<SigningKey> {
  const path = join(directory, KEY_FILE);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    assertPrivate(directory, await stat(directory), OTHERS_WRITE);
    return (await loadKey(path)) ?? (await storeNewKey(directory, path));
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw new RepositoryError('IO', `Cannot read or make the signing key ${path}: ${message}`, {
      hint: 'See that the directory can be written by you, on a disk that has hard links and space left.',
      data: { path },
      cause: error,
    });
  }
}

const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;

async function loadKey(path: string): Promise<SigningKey | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const status = await file.stat();
    assertPrivate(path, status, OTHERS_ANYTHING);
    if (!status.isFile() || status.size > BYTE_LIMIT) throw damaged(path, `is no file of at most ${BYTE_LIMIT} bytes`);
    return decodeKey(await file.readFile(), path);
  } finally {
    await file.close();
  }
}

/** Links the finished file under its name: that fails when another process was faster, whose key then counts. */
async function storeNewKey(directory: string, path: string): Promise<SigningKey> {
  const seed = randomBytes(nacl.sign.seedLength);
  const key = keyOfSeed(seed);
  const temporary = join(directory, `.${KEY_FILE}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(encodeKey(key, seed));
      await file.sync();
    } finally {
      await file.close();
    }
    await link(temporary, path);
  } catch (error) {
    const faster = (error as NodeJS.ErrnoException).code === 'EEXIST' ? await loadKey(path) : undefined;
    if (!faster) throw error;
    return faster;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(directory);
  return key;
}

function encodeKey(key: SigningKey, seed: Uint8Array): Uint8Array {
  return canonicalBytes({
    format: KEY_FORMAT,
    algorithm: 'ed25519',
    publicKey: formatBase64(key.publicKey.bytes),
    seed: formatBase64(seed),
  });
}

function decodeKey(bytes: Uint8Array, path: string): SigningKey {
  const fail = (problem: string) => damaged(path, problem);
  const file = decodeCanonical(bytes, { byteLimit: BYTE_LIMIT, schema: 'signing-key', fail }) as {
    publicKey: string;
    seed: string;
  };
  const seed = parseBase64(file.seed);
  if (!seed) throw damaged(path, 'has a seed that is not in strict base64');
  const key = keyOfSeed(seed);
  if (formatBase64(key.publicKey.bytes) !== file.publicKey) throw damaged(path, 'has a seed of another public key');
  return key;
}

/** Modes mean this on POSIX systems only; Windows keeps a home directory private by other means. */
function assertPrivate(path: string, { mode }: Stats, forbidden: number): void {
  if (platform() === 'win32' || (mode & forbidden) === 0) return;
  const may = forbidden === OTHERS_WRITE ? 'written' : 'read or written';
  throw new TrustError('KEY_UNSAFE', `${path} can be ${may} by others (mode ${(mode & 0o777).toString(8)})`, {
    hint: `Run "chmod go-rwx '${path}'". If others may have used the key, remove its file: a new key is made on next use.`,
    data: { path, mode: mode & 0o777 },
  });
}

/** Has no cause: what JSON.parse says about a text quotes it, and this text is secret. */
function damaged(path: string, problem: string): TrustError {
  return new TrustError('KEY_INVALID', `Signing key ${path} ${problem}`, {
    hint: 'Restore the file from a backup, or remove it: a new key, with another id, is made on next use.',
    data: { path },
  });
}

function keyOfSeed(seed: Uint8Array): SigningKey {
  const pair = nacl.sign.keyPair.fromSeed(seed);
  const publicKey = createPublicKey(pair.publicKey);
  return { id: publicKey.id, publicKey, sign: (bytes) => nacl.sign.detached(bytes, pair.secretKey) };
}
