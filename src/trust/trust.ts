/** Owns whom a person trusts: their own keys, and those of others that they gave a name (FORMAT.md, "Trusted keys"). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../durable.js';
import { TrustError, UsageError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { formatBase64, parseBase64 } from './base64.js';
import { listKeys } from './keys.js';
import { makePrivateDirectory, reportingKeys } from './private-file.js';
import { readRevokedKeys } from './revoked-keys.js';
import { createPublicKey, type KeyId, type PublicKey } from './public-key.js';

const FORMAT = 'bankai.trusted-keys/v1';
const BYTE_LIMIT = 2 ** 20;

/** A key of somebody else, under the name that the person gave it. */
export interface TrustedKey {
  readonly name: string;
  readonly publicKey: PublicKey;
  /** What it is trusted for: everything when there are none, else `registry:NAME` and `namespace:NAME`. */
  readonly scopes: readonly string[];
}

/** All keys that a person knows. */
export interface Trust {
  readonly own: readonly { readonly name: string; readonly publicKey: PublicKey }[];
  readonly others: readonly TrustedKey[];
  /** Keys among them that are revoked, by id, and why. */
  readonly revoked: ReadonlyMap<string, string>;
}

/** Where a patch came from, as scopes have it: `registry:NAME` and `namespace:NAME`; none if not from a registry. */
export type Origin = readonly string[];

/** Who a key is to a person. `name` is absent for unknown ones. */
export interface Holder {
  readonly id: string;
  readonly name?: string;
  readonly relation: 'own' | 'trusted' | 'unknown';
}

/** The trust of somebody who knows no key, not even their own. */
export const noTrust: Trust = { own: [], others: [], revoked: new Map() };

/** Reads whom a person trusts; nobody where no directory is given. Throws KEY_INVALID, KEY_UNSAFE, TRUST_INVALID, IO. */
export async function readTrust(directory: string | undefined): Promise<Trust> {
  if (directory === undefined) return noTrust;
  const [own, others] = [await listKeys(directory), await readTrustedKeys(directory)];
  const known = [...own, ...others].map(({ publicKey }) => publicKey);
  return { own, others, revoked: await readRevokedKeys(directory, known) };
}

/** Says who a key is. The one place where that is decided. */
export function holderOf({ own, others }: Trust, id: string): Holder {
  const mine = own.find(({ publicKey }) => publicKey.id === id);
  if (mine) return { id, name: mine.name, relation: 'own' };
  const known = others.find(({ publicKey }) => publicKey.id === id);
  return known ? { id, name: known.name, relation: 'trusted' } : { id, relation: 'unknown' };
}

/** Tells whether a key is believed for a patch of this origin: own keys always, others within their scopes, revoked ones never. */
export function isTrusted(trust: Trust, id: string, origin: Origin = []): boolean {
  if (trust.revoked.has(id)) return false;
  if (trust.own.some(({ publicKey }) => publicKey.id === id)) return true;
  const scopes = trust.others.find(({ publicKey }) => publicKey.id === id)?.scopes;
  if (scopes === undefined) return false;
  return scopes.length === 0 || scopes.some((scope) => origin.includes(scope));
}

const trustPath = (directory: string): string => join(directory, 'trusted-keys.json');

/** Reads the keys of others that a person trusts, by name. Throws TRUST_INVALID, KEY_INVALID, KEY_WEAK, IO. */
export async function readTrustedKeys(directory: string): Promise<TrustedKey[]> {
  const bytes = await reportingKeys(directory, () =>
    readFile(trustPath(directory)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    }),
  );
  if (bytes === undefined) return [];
  const options = { byteLimit: BYTE_LIMIT, schema: 'trusted-keys', fail: (fact: string) => damaged(directory, fact) };
  const { keys } = decodeCanonical(bytes, options) as {
    keys: readonly { name: string; publicKey: string; scopes: readonly string[] }[];
  };
  return keys.map(({ name, publicKey, scopes }) => {
    const raw = parseBase64(publicKey);
    if (!raw) throw damaged(directory, `has a key "${name}" that is not in strict base64`);
    return { name, publicKey: createPublicKey(raw), scopes };
  });
}

/** Begins to trust a key, or changes what it is trusted for. Throws NAME_INVALID, KEY_EXISTS (the name is another key's), IO. */
export async function trustKey(directory: string, key: TrustedKey): Promise<void> {
  if (!/^[^\p{C}\p{Z}]{1,64}$/u.test(key.name)) throw badName(key.name);
  const bad = key.scopes.find((scope) => !/^(registry|namespace):[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(scope));
  if (bad !== undefined) throw badScope(bad);
  const known = await readTrustedKeys(directory);
  const twin = known.find(({ name, publicKey }) => name === key.name && publicKey.id !== key.publicKey.id);
  if (twin) {
    throw new TrustError('KEY_EXISTS', `"${key.name}" is the name of another key, ${twin.publicKey.id.slice(0, 16)}`, {
      hint: 'Choose another name, or remove that one with "bankai trust remove".',
      data: { name: key.name, key: twin.publicKey.id },
    });
  }
  await writeTrustedKeys(directory, [...known.filter(({ publicKey }) => publicKey.id !== key.publicKey.id), key]);
}

/** Stops trusting a key, by its name or the first digits (six or more) of its id. Throws KEY_UNKNOWN, IO. */
export async function distrustKey(directory: string, nameOrId: string): Promise<TrustedKey> {
  const known = await readTrustedKeys(directory);
  const found = findTrusted(known, nameOrId);
  if (!found) {
    throw new TrustError('KEY_UNKNOWN', `No key "${nameOrId}" is trusted`, {
      hint: 'Use "bankai trust list" to see which are.',
      data: { key: nameOrId },
    });
  }
  await writeTrustedKeys(
    directory,
    known.filter((key) => key !== found),
  );
  return found;
}

/** Finds a trusted key by its name, or by at least six digits of its id that only it has. */
export function findTrusted(known: readonly TrustedKey[], nameOrId: string): TrustedKey | undefined {
  const byName = known.find(({ name }) => name === nameOrId);
  if (byName || !/^[0-9a-f]{6,64}$/.test(nameOrId)) return byName;
  const byId = known.filter(({ publicKey }) => publicKey.id.startsWith(nameOrId));
  return byId.length === 1 ? byId[0] : undefined;
}

async function writeTrustedKeys(directory: string, keys: readonly TrustedKey[]): Promise<void> {
  const sorted = [...keys].sort((a, b) => (a.name < b.name ? -1 : 1));
  const bytes = canonicalBytes({
    format: FORMAT,
    keys: sorted.map(({ name, publicKey, scopes }) => ({
      ...{ name, publicKey: formatBase64(publicKey.bytes) },
      scopes: [...new Set(scopes)].sort(),
    })),
  });
  await reportingKeys(directory, async () => {
    await makePrivateDirectory(directory);
    await writeFileDurably(trustPath(directory), bytes, { mode: 0o600 });
  });
}

/** Key ids, for messages. */
export const shortKey = (id: KeyId | string): string => id.slice(0, 16);

function badName(name: string): UsageError {
  return new UsageError('NAME_INVALID', `Cannot call a key "${name}"`, {
    hint: 'Choose up to 64 characters without spaces, as in ada or ada@example.org.',
  });
}

function badScope(scope: string): UsageError {
  return new UsageError('USAGE', `Cannot trust a key for "${scope}"`, {
    hint: 'Give registry:NAME or namespace:NAME; without a scope it is trusted for everything.',
  });
}

function damaged(directory: string, fact: string): TrustError {
  return new TrustError('TRUST_INVALID', `${trustPath(directory)} ${fact}`, {
    hint: 'Restore the file from a backup, or move it away and add the keys again with "bankai trust add".',
    data: { path: trustPath(directory) },
  });
}
