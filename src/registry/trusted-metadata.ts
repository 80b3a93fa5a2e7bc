/**
 * Owns what a person has come to trust of a registry: TUF's client workflow (specification 5.1 to 5.6), carried out by tuf-js,
 * and the indexes that it leads to, each verified once for what it rests on.
 */
import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import type { TargetFile } from '@tufjs/models';
import { BankaiError, RegistryError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { fetchBytes, type Network, urlOf } from './download.js';
import { inParallel } from './in-parallel.js';
import { targetPath } from './layout.js';
import { decodeMetadata } from './metadata.js';
import { decodeIndex, decodeKnownIndex, emptyIndex, INDEX_BYTE_LIMIT, type NamespaceIndex } from './namespace-index.js';
import { unknownNamespace } from './registry-directory.js';
import { metadataDirectory, type TrustedRegistry, type TufClient, withTufClient } from './tuf-client.js';
import { tufFailure } from './tuf-failure.js';
import { keyOf, readVerifiedIndexes, type VerifiedIndex, writeVerifiedIndexes } from './verified-indexes.js';

/** An index that could not be had. */
export interface Unavailable {
  readonly namespace: string;
  readonly error: BankaiError;
}

/** A registry as of now. */
export interface Catalogue {
  /** Ascending; also those that have published nothing yet. */
  readonly namespaces: readonly string[];
  /** Nobody was there to ask: this is what was known, and has not expired. */
  readonly offline: boolean;
  /** The index of a namespace. Throws NAMESPACE_UNKNOWN, and as `openCatalogue`. */
  index(namespace: string): Promise<NamespaceIndex>;
  /** The indexes of all namespaces; what is wrong with one does not hide the others. */
  indexes(): Promise<readonly (NamespaceIndex | Unavailable)[]>;
}

/**
 * Updates what is known of a registry. Throws REGISTRY_SIGNATURE, REGISTRY_ROLLBACK, REGISTRY_EXPIRED, REGISTRY_FROZEN,
 * REGISTRY_MIXED, REGISTRY_DIGEST, REGISTRY_DELEGATION, REGISTRY_INVALID, REGISTRY_TOO_LONG, REGISTRY_SLOW; REGISTRY_UNREACHABLE when what
 * is known will not do either. What was verified before the fault is kept, as TUF wants it; nothing else.
 */
export async function openCatalogue(registry: TrustedRegistry, network: Network = {}): Promise<Catalogue> {
  const online = await update(registry, network, false).catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === 'REGISTRY_UNREACHABLE') return error;
    throw error;
  });
  if (!(online instanceof RegistryError)) return catalogueOf(registry, network, false);
  if (!(await isComplete(registry))) throw online;
  await update(registry, network, true).catch(() => Promise.reject(online));
  return catalogueOf(registry, network, true);
}

/** Whether there is metadata enough to go without the network. */
async function isComplete(registry: TrustedRegistry): Promise<boolean> {
  const names = await readdir(metadataDirectory(registry));
  return ['root', 'timestamp', 'snapshot', 'targets'].every((role) => names.includes(`${role}.json`));
}

const update = (registry: TrustedRegistry, network: Network, offline: boolean): Promise<void> =>
  withTufClient(registry, [], network, offline, (client) => client.refresh());

/** The indexes that were verified before and are still what the metadata at hand leads to, unexpired: nobody is asked. */
export async function seenIndexes(registry: TrustedRegistry): Promise<NamespaceIndex[]> {
  const bases = await readBases(registry).catch(() => undefined);
  if (!bases) return [];
  const now = Date.now();
  return [...(await readVerifiedIndexes(registry.directory))].flatMap(([namespace, { key, expires, bytes }]) =>
    bases.namespaces.includes(namespace) && bases.basisOf(namespace) === key && now < Date.parse(expires)
      ? [decodeKnownIndex(bytes)]
      : [],
  );
}

/** What the metadata that was verified last says of the index of each namespace: the key of what it rests on. */
async function readBases(registry: TrustedRegistry) {
  const directory = metadataDirectory(registry);
  const targetsBytes = await readFile(join(directory, 'targets.json'));
  const targets = decodeMetadata('targets', targetsBytes);
  const snapshot = decodeMetadata('snapshot', await readFile(join(directory, 'snapshot.json')));
  const delegations = sha256Hex(targetsBytes);
  return {
    namespaces: Object.keys(targets.signed.delegations?.roles ?? {}).sort(),
    basisOf(namespace: string): string | undefined {
      const file = `${namespace}.json`;
      // Trusted to its owner, who may have published nothing yet.
      if (!Object.hasOwn(snapshot.signed.meta, file)) return undefined;
      const { version, length = 0, hashes } = snapshot.signed.meta[file];
      return keyOf({ namespace, delegations, version, length, sha256: hashes?.sha256 ?? '' });
    },
  };
}

async function catalogueOf(registry: TrustedRegistry, network: Network, offline: boolean): Promise<Catalogue> {
  const { namespaces, basisOf } = await readBases(registry);
  const indexesOf = (wanted: readonly string[]) =>
    obtainIndexes(
      registry,
      wanted.map((namespace) => ({ namespace, key: basisOf(namespace) })),
      network,
    );
  return {
    namespaces,
    offline,
    async index(namespace) {
      if (!namespaces.includes(namespace)) throw unknownNamespace(namespace, namespaces);
      const [index] = await indexesOf([namespace]);
      if ('error' in index) throw index.error;
      return index;
    },
    indexes: () => indexesOf(namespaces),
  };
}

/** Gives indexes: those that were verified before against the same, and the others now. */
async function obtainIndexes(
  registry: TrustedRegistry,
  wanted: readonly { readonly namespace: string; readonly key: string | undefined }[],
  network: Network,
): Promise<(NamespaceIndex | Unavailable)[]> {
  const known = new Map(await readVerifiedIndexes(registry.directory));
  const now = Date.now();
  const found = new Map<string, NamespaceIndex | Unavailable>();
  const missing: string[] = [];
  for (const { namespace, key } of wanted) {
    const before = known.get(namespace);
    if (key === undefined) found.set(namespace, emptyIndex(namespace));
    else if (before?.key === key && now < Date.parse(before.expires))
      found.set(namespace, decodeKnownIndex(before.bytes));
    else missing.push(namespace);
  }
  if (missing.length > 0) {
    // The timestamp was looked at when the catalogue was opened: from here on the copy will do.
    await withTufClient(registry, missing, network, true, async (client) => {
      await client.refresh();
      await inParallel(missing, async (namespace) => {
        try {
          const verified = await verifyIndex(registry, client, namespace, known.get(namespace), network);
          found.set(namespace, verified ? decodeIndex(verified.bytes, namespace) : emptyIndex(namespace));
          if (verified) known.set(namespace, verified);
        } catch (error) {
          if (!(error instanceof BankaiError)) throw error;
          found.set(namespace, { namespace, error });
        }
      });
    });
    await writeVerifiedIndexes(registry.directory, known);
  }
  return wanted.map(({ namespace }) => found.get(namespace) as NamespaceIndex | Unavailable);
}

/** Verifies what the owner of a namespace has signed, and gets the index that it names: the one before, if it is that. */
async function verifyIndex(
  { name, url }: TrustedRegistry,
  client: TufClient,
  namespace: string,
  before: VerifiedIndex | undefined,
  network: Network,
): Promise<VerifiedIndex | undefined> {
  const signed = await client.index(namespace);
  if (!signed) return undefined;
  const { target, expires, key } = signed;
  const { sha256 } = target.hashes;
  if (before && (await isSigned(target, before.bytes))) return { key, expires, sha256, bytes: before.bytes };
  if (target.length > INDEX_BYTE_LIMIT) throw tooLong(target);
  const bytes = await fetchBytes(urlOf(url, targetPath(target.path, sha256)), target.length, network);
  try {
    await target.verify(Readable.from([bytes]));
  } catch (error) {
    throw tufFailure(name, error);
  }
  return { key, expires, sha256, bytes };
}

const isSigned = (target: TargetFile, bytes: Uint8Array): Promise<boolean> =>
  target.verify(Readable.from([bytes])).then(
    () => true,
    () => false,
  );

const tooLong = ({ path, length }: TargetFile): RegistryError =>
  new RegistryError('REGISTRY_TOO_LONG', `${path} has ${length} bytes (limit ${INDEX_BYTE_LIMIT})`, {
    hint: 'No index may be as long as that. Tell the keeper of the registry.',
  });
