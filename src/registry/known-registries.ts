/**
 * Owns the registries that a person trusts, one directory each (docs/REGISTRY.md, "On one machine"):
 *
 *     registries/<name>/registry.json    its address, and the digest of the root that was trusted first
 *     registries/<name>/metadata/        TUF metadata, verified
 *     registries/<name>/indexes          the indexes of its namespaces, as they were verified last
 */
import { mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory, writeFileDurably } from '../durable.js';
import { RegistryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { fetchBytes, type Network, urlOf } from './download.js';
import { metadataLimits, metadataPath } from './layout.js';
import { decodeMetadata } from './metadata.js';
import { assertNamespace } from './names.js';
import type { TrustedRegistry } from './tuf-client.js';
import { tufFailure } from './tuf-failure.js';

const FORMAT = 'bankai.known-registry/v1';
const BYTE_LIMIT = 16_384;

/** Roots that are looked through for the one with a given digest. */
const ROOT_LIMIT = 256;

/** A registry that is trusted, with the root by which it was. */
export interface KnownRegistry extends TrustedRegistry {
  /** SHA-256 of the root metadata that was trusted first. */
  readonly root: string;
}

const place = (directory: string, name = ''): string => join(directory, 'registries', name);

/** Lists the registries that are trusted, by name. Throws REGISTRY_INVALID, IO. */
export async function listRegistries(directory: string): Promise<KnownRegistry[]> {
  const names = await readdir(place(directory)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return Promise.all(
    names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => readKnown(directory, name)),
  );
}

/** Finds one registry: the one named, or the only one there is. Throws REGISTRY_UNKNOWN, REGISTRY_INVALID. */
export async function findRegistry(directory: string, name?: string): Promise<KnownRegistry> {
  const known = await listRegistries(directory);
  const found = name === undefined && known.length === 1 ? known[0] : known.find((registry) => registry.name === name);
  if (found) return found;
  const names = known.map((registry) => registry.name).join(', ');
  const fact =
    name === undefined
      ? `${known.length === 0 ? 'No registry is' : 'Several registries are'} trusted here`
      : `No registry "${name}" is trusted here`;
  throw new RegistryError('REGISTRY_UNKNOWN', fact, {
    hint:
      known.length === 0 || name !== undefined
        ? `Use "bankai registry add URL --root DIGEST" with the digest that its keeper gave you.${names === '' ? '' : ` There is ${names}.`}`
        : `Say which with --registry: ${names}.`,
    data: { known: known.map((registry) => registry.name) },
  });
}

/** The first root of a registry, as a person has it: the file, or its digest. */
export type FirstRoot = { readonly bytes: Uint8Array } | { readonly digest: string };

/** Trusts a registry by its root key, and nothing else that it says. Throws REGISTRY_EXISTS, REGISTRY_ROOT, REGISTRY_UNREACHABLE, …. */
export async function addRegistry(
  directory: string,
  { name, url, first }: { readonly name: string; readonly url: string; readonly first: FirstRoot },
  network: Network = {},
): Promise<KnownRegistry> {
  assertNamespace(name);
  if ((await listRegistries(directory)).some((known) => known.name === name)) {
    throw new RegistryError('REGISTRY_EXISTS', `A registry "${name}" is trusted already`, {
      hint: 'Choose another name with --as, or remove that one with "bankai registry forget".',
      data: { registry: name },
    });
  }
  const bytes = 'bytes' in first ? first.bytes : await fetchRoot(url, first.digest, network);
  const root = decodeMetadata('root', bytes);
  try {
    root.verifyDelegate('root', root);
  } catch (error) {
    throw tufFailure(name, error);
  }
  await makeDirectory(place(directory), 0o700);
  const draft = await mkdtemp(join(place(directory), '.new-'));
  try {
    const digest = sha256Hex(bytes);
    await makeDirectory(join(draft, 'metadata'));
    await writeFileDurably(join(draft, 'metadata', 'root.json'), bytes);
    await writeFileDurably(join(draft, 'registry.json'), canonicalBytes({ format: FORMAT, url, root: digest }));
    await rename(draft, place(directory, name));
    await syncDirectory(place(directory));
    return { name, url, root: digest, directory: place(directory, name) };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Trusts a registry no longer; what was installed from it stays. Throws REGISTRY_UNKNOWN. */
export async function forgetRegistry(directory: string, name: string): Promise<KnownRegistry> {
  const known = await findRegistry(directory, name);
  const gone = await mkdtemp(join(place(directory), '.old-'));
  await rename(known.directory, join(gone, name));
  await syncDirectory(place(directory));
  await rm(gone, { recursive: true, force: true });
  return known;
}

async function fetchRoot(url: string, digest: string, network: Network): Promise<Uint8Array> {
  for (let version = 1; version <= ROOT_LIMIT; version++) {
    let bytes: Uint8Array;
    try {
      bytes = await fetchBytes(urlOf(url, metadataPath('root', version)), metadataLimits.root, network);
    } catch (error) {
      const isEnd = error instanceof RegistryError && (error.data.status === 404 || error.data.status === 403);
      if (version > 1 && isEnd) break;
      throw error;
    }
    if (sha256Hex(bytes) === digest) return bytes;
  }
  throw new RegistryError('REGISTRY_ROOT', `${url} has no root with the digest ${digest}`, {
    hint: 'Ask its keeper for the digest again, by a way that you trust. Nothing was taken from there.',
    data: { url, digest },
  });
}

async function readKnown(directory: string, name: string): Promise<KnownRegistry> {
  const path = join(place(directory, name), 'registry.json');
  const fail = (problem: string, cause?: unknown) =>
    new RegistryError('REGISTRY_INVALID', `${path} ${problem}`, {
      hint: `Remove ${place(directory, name)} and add the registry again.`,
      cause,
    });
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? fail('is not there') : error;
  });
  const options = { byteLimit: BYTE_LIMIT, schema: 'known-registry', fail };
  const { url, root } = decodeCanonical(bytes, options) as { url: string; root: string };
  return { name, url, root, directory: place(directory, name) };
}
