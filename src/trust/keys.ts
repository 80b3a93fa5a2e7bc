/**
 * Owns the directory of a person's signing keys (FORMAT.md, "Keys"):
 *
 *     keys/<name>.json     one key each, private
 *     default-key          name of the key that signs when none is named; without it `personal`, which is made on first use
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDurably, writeFileDurably } from '../durable.js';
import { TrustError, UsageError } from '../errors.js';
import { decodeKeyFile, encodeKeyFile, KEY_FILE_BYTE_LIMIT, type KeyFile } from './key-file.js';
import type { ScryptCost } from './passphrase.js';
import { createPrivateFile, makePrivateDirectory, readPrivateFile, reportingKeys } from './private-file.js';
import type { PublicKey } from './public-key.js';
import { createSeed, keyOfSeed, type SigningKey } from './signing-key.js';

/** Name of the key that is made on first use. */
export const FIRST_KEY = 'personal';

const DEFAULT_FILE = 'default-key';

/** A key of the directory, without its secret. */
export interface KeyEntry {
  readonly name: string;
  readonly publicKey: PublicKey;
  /** It opens with a passphrase only. */
  readonly encrypted: boolean;
  /** It signs when no other is named. */
  readonly isDefault: boolean;
}

/** Asks for the passphrase of a key, or gives undefined when there is nobody to ask. */
export type AskPassphrase = (keyName: string) => Promise<string | undefined>;

/** Which key is to sign, and how it is opened. */
export interface KeyChoice {
  /** The default one unless given. */
  readonly name?: string;
  readonly askPassphrase?: AskPassphrase;
}

/** The file of a key. */
export const keyPath = (directory: string, name: string): string => join(directory, 'keys', `${name}.json`);

/** Lists the keys by name. Throws KEY_INVALID, KEY_UNSAFE, IO. */
export async function listKeys(directory: string): Promise<KeyEntry[]> {
  return reportingKeys(directory, async () => {
    await adoptEarlyKey(directory);
    const names = (await readdir(join(directory, 'keys')).catch(noneIfAbsent))
      .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
    const chosen = await defaultKeyName(directory);
    return Promise.all(
      names.map(async (name) => {
        const { publicKey, encrypted } = await requireKeyFile(directory, name);
        return { name, publicKey, encrypted, isDefault: name === chosen };
      }),
    );
  });
}

/** Finds one key, the default one unless named. Throws KEY_UNKNOWN, KEY_INVALID, KEY_UNSAFE, NAME_INVALID, IO. */
export async function findKey(directory: string, name?: string): Promise<KeyEntry> {
  const chosen = await reportingKeys(directory, async () => {
    await adoptEarlyKey(directory);
    return defaultKeyName(directory);
  });
  const wanted = name ?? chosen;
  assertKeyName(wanted);
  const { publicKey, encrypted } = await reportingKeys(directory, () => requireKeyFile(directory, wanted));
  return { name: wanted, publicKey, encrypted, isDefault: wanted === chosen };
}

/**
 * Opens the key that is to sign. Where none is named and there is none yet, one is made, without a passphrase; of several
 * processes that do so at once, all get the same key. Throws KEY_UNKNOWN (a named one is not there), KEY_UNSAFE when
 * others may read the file or change the directory, KEY_INVALID when the file is damaged, KEY_LOCKED, PASSPHRASE_WRONG, IO.
 */
export async function loadOrCreateKey(directory: string, { name, askPassphrase }: KeyChoice = {}): Promise<SigningKey> {
  const { wanted, file } = await reportingKeys(directory, async () => {
    await adoptEarlyKey(directory);
    await makeDirectories(directory);
    const wanted = name ?? (await defaultKeyName(directory));
    assertKeyName(wanted);
    const known = await readKeyFile(directory, wanted);
    if (known || wanted !== FIRST_KEY) return { wanted, file: known ?? (await requireKeyFile(directory, wanted)) };
    await createPrivateFile(keyPath(directory, FIRST_KEY), await encodeKeyFile(createSeed()));
    return { wanted, file: await requireKeyFile(directory, wanted) };
  });
  return file.open(file.encrypted ? await askPassphrase?.(wanted) : undefined);
}

/** A key to be kept. */
export interface NewKey {
  readonly name: string;
  /** 32 bytes; drawn unless given. */
  readonly seed?: Uint8Array;
  readonly passphrase?: string;
  readonly cost?: ScryptCost;
}

/** Keeps a key in the directory; the first one there becomes the default. Throws KEY_EXISTS, NAME_INVALID, KEY_UNSAFE, IO. */
export async function addKey(directory: string, { name, seed = createSeed(), passphrase, cost }: NewKey) {
  assertKeyName(name);
  const { publicKey } = keyOfSeed(seed);
  const twin = (await listKeys(directory)).find((entry) => entry.publicKey.id === publicKey.id);
  if (twin) throw exists(`This key is here already, as "${twin.name}"`);
  const bytes = await encodeKeyFile(seed, passphrase, cost);
  return reportingKeys(directory, async (): Promise<KeyEntry> => {
    await makeDirectories(directory);
    const isFirst = (await readdir(join(directory, 'keys'))).length === 0;
    if (!(await createPrivateFile(keyPath(directory, name), bytes))) {
      throw exists(`There is a key "${name}" already`);
    }
    if (isFirst && name !== FIRST_KEY) await writeDefault(directory, name);
    const isDefault = (await defaultKeyName(directory)) === name;
    return { name, publicKey, encrypted: passphrase !== undefined, isDefault };
  });
}

/** Makes a key the one that signs when no other is named. Throws KEY_UNKNOWN, NAME_INVALID, IO. */
export async function chooseDefaultKey(directory: string, name: string): Promise<KeyEntry> {
  const entry = await findKey(directory, name);
  await reportingKeys(directory, () => writeDefault(directory, name));
  return { ...entry, isDefault: true };
}

async function makeDirectories(directory: string): Promise<void> {
  await makePrivateDirectory(directory);
  await makePrivateDirectory(join(directory, 'keys'));
}

/**
 * The first version kept its one key as `signing-key.json`: it becomes the key `personal`, or `early` where there is another
 * one of that name. Of several processes one does it.
 */
async function adoptEarlyKey(directory: string): Promise<void> {
  const early = join(directory, 'signing-key.json');
  const bytes = await readPrivateFile(early, KEY_FILE_BYTE_LIMIT).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!bytes) return;
  decodeKeyFile(bytes, early);
  await makeDirectories(directory);
  for (const name of [FIRST_KEY, 'early']) {
    const path = keyPath(directory, name);
    const here =
      (await createPrivateFile(path, bytes)) ||
      Buffer.from(bytes).equals((await readPrivateFile(path, KEY_FILE_BYTE_LIMIT)) ?? Buffer.alloc(0));
    if (here) return removeDurably(early);
  }
}

async function readKeyFile(directory: string, name: string): Promise<KeyFile | undefined> {
  const path = keyPath(directory, name);
  const bytes = await readPrivateFile(path, KEY_FILE_BYTE_LIMIT);
  return bytes && decodeKeyFile(bytes, path);
}

async function requireKeyFile(directory: string, name: string): Promise<KeyFile> {
  const file = await readKeyFile(directory, name);
  if (file) return file;
  throw new TrustError('KEY_UNKNOWN', `There is no signing key "${name}"`, {
    hint: 'Use "bankai key list" to see the keys, and "bankai key new" to make one.',
    data: { key: name },
  });
}

async function defaultKeyName(directory: string): Promise<string> {
  const text = await readFile(join(directory, DEFAULT_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return FIRST_KEY;
    throw error;
  });
  return text.trim();
}

const writeDefault = (directory: string, name: string): Promise<void> =>
  writeFileDurably(join(directory, DEFAULT_FILE), `${name}\n`, { mode: 0o600 });

/** A key's name is part of a path. */
function assertKeyName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new UsageError('NAME_INVALID', `Cannot call a key "${name}"`, {
    hint: 'Choose up to 64 letters, digits, "-", "_" and ".", as in work or ada-2026.',
  });
}

function noneIfAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function exists(fact: string): TrustError {
  return new TrustError('KEY_EXISTS', fact, {
    hint: 'Use "bankai key list" to see the keys. No key is ever overwritten.',
  });
}
