/**
 * Owns how tuf-js is used: on a copy of what is known of a registry, of which only what it has verified is taken over,
 * durably, and with errors of ours.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetFile } from '@tufjs/models';
import { Updater } from 'tuf-js';
// The one class by which tuf-js learns that there is no newer root. Its index does not export it.
import { DownloadHTTPError } from 'tuf-js/dist/error.js';
import { syncDirectory, writeFileDurably } from '../durable.js';
import { RegistryError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { fetchBytes, type Network, urlOf } from './download.js';
import { inParallel } from './in-parallel.js';
import { metadataLimits, type TopRole } from './layout.js';
import { decodeMetadata } from './metadata.js';
import { indexPath } from './namespace-index.js';
import { tufFailure } from './tuf-failure.js';
import { keyOf } from './verified-indexes.js';

/** A registry that a person trusts: where it is, and where what is known of it is kept. */
export interface TrustedRegistry {
  readonly name: string;
  readonly url: string;
  /** Holds `metadata/root.json` from the first day, all other metadata and the indexes as they come. */
  readonly directory: string;
}

/** What can be asked of tuf-js, several things at once. Throws the codes of `openCatalogue`. */
export interface TufClient {
  /** Specification 5.1 to 5.6: root, timestamp, snapshot and the top targets. */
  refresh(): Promise<void>;
  /** Specification 5.6.7: what the owner of a namespace has signed of the index of it; undefined if nothing. */
  index(namespace: string): Promise<SignedTarget | undefined>;
}

/** A target as its owner has signed it. */
export interface SignedTarget {
  readonly target: TargetFile;
  /** When the signature does: RFC 3339. */
  readonly expires: string;
  /** Of everything that it was verified against. */
  readonly key: string;
}

/** Where the metadata of a registry is kept. */
export const metadataDirectory = ({ directory }: TrustedRegistry): string => join(directory, 'metadata');

/**
 * Has tuf-js work on a copy of the metadata of the top roles and those named, and takes over what it wrote: only what it has
 * verified, also when it fails later. With `forceCache` the timestamp that is known is good until it expires.
 */
export async function withTufClient<T>(
  registry: TrustedRegistry,
  roles: readonly string[],
  network: Network,
  forceCache: boolean,
  action: (client: TufClient) => Promise<T>,
): Promise<T> {
  const kept = metadataDirectory(registry);
  const copy = await mkdtemp(join(registry.directory, '.update-'));
  try {
    const names = ['root', 'timestamp', 'snapshot', 'targets', ...roles].map((role) => `${role}.json`);
    await inParallel(names, (name) => copyFile(join(kept, name), join(copy, name)).catch(ignoreAbsent));
    return await action(clientOf(registry, copy, network, forceCache));
  } finally {
    await takeOver(copy, kept);
    await rm(copy, { recursive: true, force: true });
  }
}

function clientOf(
  { name, url }: TrustedRegistry,
  metadataDir: string,
  network: Network,
  forceCache: boolean,
): TufClient {
  // tuf-js hides some errors of the network in the text of others.
  const hidden = new AsyncLocalStorage<{ failure?: unknown }>();
  const mapped = <T>(ask: () => Promise<T>): Promise<T> => {
    const place: { failure?: unknown } = {};
    return hidden.run(place, ask).catch((error: unknown) => {
      throw tufFailure(name, place.failure ?? error);
    });
  };
  const fetcher = {
    downloadBytes: async (file: string, byteLimit: number) => {
      try {
        return await download(file, byteLimit, network);
      } catch (error) {
        const place = hidden.getStore();
        if (place && !(error instanceof DownloadHTTPError)) place.failure = error;
        throw error;
      }
    },
    downloadFile: () => Promise.reject(new Error('tuf-js fetches no targets here')),
  };
  const updater = openUpdater(name, {
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
    index: (namespace) =>
      mapped(async () => {
        const target = await updater.getTargetInfo(indexPath(namespace));
        if (!target) return undefined;
        // What lies in the copy is what was verified.
        const bytes = await readFile(join(metadataDir, `${namespace}.json`));
        const { signed } = JSON.parse(bytes.toString('utf8')) as SignedFile;
        const delegations = sha256Hex(await readFile(join(metadataDir, 'targets.json')));
        const basis = { version: signed.version, length: bytes.length, sha256: sha256Hex(bytes) };
        return { target, expires: signed.expires, key: keyOf({ namespace, delegations, ...basis }) };
      }),
  };
}

function openUpdater(name: string, options: ConstructorParameters<typeof Updater>[0]): Updater {
  try {
    return new Updater(options);
  } catch (error) {
    throw tufFailure(name, error);
  }
}

interface SignedFile {
  readonly signed: { readonly version: number; readonly expires: string };
}

async function takeOver(copy: string, kept: string): Promise<void> {
  const changes = await inParallel(await readdir(copy), async (name) => {
    const bytes = await readFile(join(copy, name));
    const before = await readFile(join(kept, name)).catch(() => undefined);
    if (before !== undefined && Buffer.compare(before, bytes) === 0) return false;
    await writeFileDurably(join(kept, name), bytes, { deferDirectory: true });
    return true;
  });
  if (changes.includes(true)) await syncDirectory(kept);
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
