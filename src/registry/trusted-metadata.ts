/**
 * Owns what a person has come to trust of a registry: TUF's client workflow (specification 5.1 to 5.6), carried out by tuf-js
 * on a copy, of which only what it has verified is kept, durably.
 */
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TargetFile } from '@tufjs/models';
import { Updater } from 'tuf-js';
// The one class by which tuf-js learns that there is no newer root. Its index does not export it.
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { makeDirectory, syncDirectory, writeFileDurably } from '../durable.js';
import { BankaiError, RegistryError } from '../errors.js';
import { fetchBytes, type Network, urlOf } from './download.js';
import { metadataLimits, targetPath, type TopRole } from './layout.js';
import { decodeMetadata } from './metadata.js';
import { decodeIndex, emptyIndex, INDEX_BYTE_LIMIT, indexPath, type NamespaceIndex } from './namespace-index.js';
import { unknownNamespace } from './registry-directory.js';
import { tufFailure } from './tuf-failure.js';

/** A registry that a person trusts: where it is, and where what is known of it is kept. */
export interface TrustedRegistry {
  readonly name: string;
  readonly url: string;
  /** Holds `metadata/root.json` from the first day, all other metadata and the indexes as they come. */
  readonly directory: string;
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
  indexes(): Promise<readonly (NamespaceIndex | { readonly namespace: string; readonly error: BankaiError })[]>;
}

/**
 * Updates what is known of a registry. Throws REGISTRY_SIGNATURE, REGISTRY_ROLLBACK, REGISTRY_EXPIRED, REGISTRY_MIXED,
 * REGISTRY_DIGEST, REGISTRY_DELEGATION, REGISTRY_INVALID, REGISTRY_TOO_LONG, REGISTRY_SLOW; REGISTRY_UNREACHABLE when what
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

const metadataDirectory = ({ directory }: TrustedRegistry): string => join(directory, 'metadata');

/** Whether there is metadata enough to go without the network. */
async function isComplete(registry: TrustedRegistry): Promise<boolean> {
  const names = await readdir(metadataDirectory(registry));
  return ['root', 'timestamp', 'snapshot', 'targets'].every((role) => names.includes(`${role}.json`));
}

const update = (registry: TrustedRegistry, network: Network, offline: boolean): Promise<void> =>
  onCopy(registry, [], network, offline, ({ refresh }) => refresh());

async function catalogueOf(registry: TrustedRegistry, network: Network, offline: boolean): Promise<Catalogue> {
  const directory = metadataDirectory(registry);
  const targets = decodeMetadata('targets', await readFile(join(directory, 'targets.json')));
  const snapshot = decodeMetadata('snapshot', await readFile(join(directory, 'snapshot.json')));
  const namespaces = Object.keys(targets.signed.delegations?.roles ?? {}).sort();
  // Trusted to its owner, who may have published nothing yet.
  const hasPublished = (namespace: string): boolean => Object.hasOwn(snapshot.signed.meta, `${namespace}.json`);
  const read = async (namespace: string, { target }: Questions): Promise<NamespaceIndex> => {
    if (!hasPublished(namespace)) return emptyIndex(namespace);
    const found = await target(indexPath(namespace));
    return found ? decodeIndex(await indexBytes(registry, found, network), namespace) : emptyIndex(namespace);
  };
  return {
    namespaces,
    offline,
    async index(namespace) {
      if (!namespaces.includes(namespace)) throw unknownNamespace(namespace, namespaces);
      // The timestamp was looked at when the catalogue was opened: from here on the copy will do.
      return onCopy(registry, [namespace], network, true, (questions) => read(namespace, questions));
    },
    indexes: () =>
      onCopy(registry, namespaces, network, true, async (questions) => {
        const found = [];
        for (const namespace of namespaces) {
          found.push(
            await read(namespace, questions).catch((error: unknown) => {
              if (error instanceof BankaiError) return { namespace, error };
              throw error;
            }),
          );
        }
        return found;
      }),
  };
}

/** The bytes of an index: those that were fetched before, if they are still what is signed. */
async function indexBytes(registry: TrustedRegistry, target: TargetFile, network: Network): Promise<Uint8Array> {
  const { sha256 } = target.hashes;
  const file = join(registry.directory, targetPath(target.path, 'known'));
  const known = await readFile(file).catch(() => undefined);
  if (known && (await isSigned(target, known))) return known;
  if (target.length > INDEX_BYTE_LIMIT) {
    throw new RegistryError(
      'REGISTRY_TOO_LONG',
      `${target.path} has ${target.length} bytes (limit ${INDEX_BYTE_LIMIT})`,
      {
        hint: 'No index may be as long as that. Tell the keeper of the registry.',
      },
    );
  }
  const bytes = await fetchBytes(urlOf(registry.url, targetPath(target.path, sha256)), target.length, network);
  try {
    await target.verify(Readable.from([bytes]));
  } catch (error) {
    throw tufFailure(registry.name, error);
  }
  await makeDirectory(join(file, '..'));
  await writeFileDurably(file, bytes);
  return bytes;
}

const isSigned = (target: TargetFile, bytes: Uint8Array): Promise<boolean> =>
  target.verify(Readable.from([bytes])).then(
    () => true,
    () => false,
  );

/** What can be asked of tuf-js, with errors of ours. */
interface Questions {
  refresh(): Promise<void>;
  target(path: string): Promise<TargetFile | undefined>;
}

/** Has tuf-js work on a copy of the metadata, and takes over what it wrote: only what it has verified. */
async function onCopy<T>(
  registry: TrustedRegistry,
  roles: readonly string[],
  network: Network,
  forceCache: boolean,
  action: (questions: Questions) => Promise<T>,
): Promise<T> {
  const kept = metadataDirectory(registry);
  const copy = await mkdtemp(join(registry.directory, '.update-'));
  try {
    const names = ['root', 'timestamp', 'snapshot', 'targets', ...roles].map((role) => `${role}.json`);
    for (const name of names) await copyFile(join(kept, name), join(copy, name)).catch(ignoreAbsent);
    return await action(questionsTo(registry, copy, network, forceCache));
  } finally {
    await takeOver(copy, kept);
    await rm(copy, { recursive: true, force: true });
  }
}

function questionsTo(
  { name, url }: TrustedRegistry,
  metadataDir: string,
  network: Network,
  forceCache: boolean,
): Questions {
  // tuf-js hides some errors of the network in the text of others.
  let failure: unknown;
  const mapped = async <T>(ask: () => Promise<T>): Promise<T> => {
    failure = undefined;
    try {
      return await ask();
    } catch (error) {
      throw tufFailure(name, failure ?? error);
    }
  };
  const fetcher = {
    downloadBytes: async (file: string, byteLimit: number) => {
      try {
        return await download(file, byteLimit, network);
      } catch (error) {
        if (!(error instanceof DownloadHTTPError)) failure = error;
        throw error;
      }
    },
    downloadFile: () => Promise.reject(new Error('tuf-js fetches no targets here')),
  };
  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: urlOf(url, 'metadata'),
    fetcher,
    forceCache,
    config: {
      rootMaxLength: metadataLimits.root,
      timestampMaxLength: metadataLimits.timestamp,
      snapshotMaxLength: metadataLimits.snapshot,
      targetsMaxLength: metadataLimits.targets,
    },
  });
  return {
    refresh: () => mapped(() => updater.refresh()),
    target: (path) => mapped(() => updater.getTargetInfo(path)),
  };
}

async function takeOver(copy: string, kept: string): Promise<void> {
  let changed = false;
  for (const name of await readdir(copy)) {
    const bytes = await readFile(join(copy, name));
    const before = await readFile(join(kept, name)).catch(() => undefined);
    if (before !== undefined && Buffer.compare(before, bytes) === 0) continue;
    await writeFileDurably(join(kept, name), bytes, { deferDirectory: true });
    changed = true;
  }
  if (changed) await syncDirectory(kept);
}

/** Fetches metadata and lets in only what is spelt as ours is. */
async function download(url: string, byteLimit: number, network: Network): Promise<Buffer> {
  const role = /([a-z0-9-]+)\.json$/.exec(url)?.[1] ?? '';
  try {
    const bytes = await fetchBytes(url, byteLimit, network);
    decodeMetadata(Object.hasOwn(metadataLimits, role) ? (role as TopRole) : 'targets', bytes, role);
    return bytes;
  } catch (error) {
    const status = error instanceof RegistryError ? error.data.status : undefined;
    if (role === 'root' && (status === 404 || status === 403)) throw new DownloadHTTPError('no newer root', status);
    throw error;
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
