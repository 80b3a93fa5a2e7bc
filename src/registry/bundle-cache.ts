/**
 * Owns the bundles that were fetched: content-addressed, verified whenever one is read, and so of use without the network
 * and to every registry that has the same one. What was fetched of a bundle is kept when the rest does not come.
 */
import { appendFile, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectory, writeFileDurably } from '../durable.js';
import { RegistryError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { type Network, openDownload, urlOf } from './download.js';
import { bundlePath } from './layout.js';

/** Which bundle: all that an index or a lock file says of one. */
export interface BundleId {
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads a bundle that was fetched before; undefined when it is not there, or damaged. */
export async function readCachedBundle(
  cache: string,
  { sha256 }: Pick<BundleId, 'sha256'>,
): Promise<Uint8Array | undefined> {
  const bytes = await readFile(join(cache, bundlePath(sha256))).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return bytes && sha256Hex(bytes) === sha256 ? bytes : undefined;
}

/**
 * Gets a bundle from the cache, or from a registry; a download that broke off goes on where it was. It comes into the cache
 * with `keepBundle`. Throws REGISTRY_DIGEST when what came is something else, REGISTRY_TOO_LONG, REGISTRY_SLOW,
 * REGISTRY_UNREACHABLE, IO.
 */
export async function obtainBundle(
  cache: string,
  url: string,
  bundle: BundleId,
  network: Network = {},
): Promise<Uint8Array> {
  const cached = await readCachedBundle(cache, bundle);
  if (cached) return cached;
  const partial = join(cache, 'partial', bundle.sha256);
  await makeDirectory(dirname(partial));
  const begun = (await stat(partial).catch(() => undefined))?.size ?? 0;
  let bytes = await fetchRest(partial, url, bundle, begun < bundle.bytes ? begun : 0, network);
  // The beginning may have been somebody else's: once more, all of it.
  if (sha256Hex(bytes) !== bundle.sha256 && begun > 0) bytes = await fetchRest(partial, url, bundle, 0, network);
  await rm(partial, { force: true });
  if (sha256Hex(bytes) !== bundle.sha256) throw different(url, bundle);
  return bytes;
}

/** Keeps a bundle that was found good, unless it is there. Throws IO. */
export async function keepBundle(cache: string, bytes: Uint8Array): Promise<void> {
  const sha256 = sha256Hex(bytes);
  if (await readCachedBundle(cache, { sha256 })) return;
  const file = join(cache, bundlePath(sha256));
  await makeDirectory(dirname(file));
  await writeFileDurably(file, bytes);
}

/** Fetches what is missing of a bundle, keeping all that comes. → the whole of it, unverified */
async function fetchRest(
  partial: string,
  url: string,
  bundle: BundleId,
  from: number,
  network: Network,
): Promise<Buffer> {
  const { start, chunks } = await openDownload(urlOf(url, bundlePath(bundle.sha256)), from, bundle.bytes, network);
  if (start === 0) await rm(partial, { force: true });
  try {
    for await (const chunk of chunks) await appendFile(partial, chunk);
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'REGISTRY_TOO_LONG') await rm(partial, { force: true });
    throw error;
  }
  const bytes = await readFile(partial).catch(() => Buffer.alloc(0));
  if (bytes.length < bundle.bytes) throw brokenOff(url, bytes.length, bundle.bytes);
  return bytes;
}

function brokenOff(url: string, came: number, wanted: number): RegistryError {
  return new RegistryError('REGISTRY_UNREACHABLE', `${url} ended after ${came} of ${wanted} bytes`, {
    hint: 'Run the command again: it goes on from there.',
    data: { url, came, wanted },
  });
}

function different(url: string, { sha256 }: BundleId): RegistryError {
  return new RegistryError('REGISTRY_DIGEST', `${url} serves something else as bundle ${sha256}`, {
    hint: 'The server, or somebody between, has changed it. Nothing of it was kept.',
    data: { url, sha256 },
  });
}
