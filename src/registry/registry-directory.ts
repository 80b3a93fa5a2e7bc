/** Owns the reading of a registry that lies in a directory, by those who write it. Nothing is fetched. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata, Root, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { RegistryError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { metadataPath, TIMESTAMP_PATH, targetPath } from './layout.js';
import { decodeMetadata, type RoleKeys, roleKeys } from './metadata.js';
import { decodeIndex, emptyIndex, indexPath, type NamespaceIndex } from './namespace-index.js';

/** A registry as its directory has it. */
export interface RegistryDirectory {
  readonly path: string;
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
}

/** Opens the registry in a directory. Throws REGISTRY_UNKNOWN when there is none, REGISTRY_INVALID. */
export async function openRegistryDirectory(path: string): Promise<RegistryDirectory> {
  const newest = await newestRoot(path);
  if (newest === undefined) throw none(path);
  const timestamp = decodeMetadata('timestamp', await require(path, TIMESTAMP_PATH));
  const { version } = timestamp.signed.snapshotMeta;
  const snapshot = decodeMetadata('snapshot', await require(path, metadataPath('snapshot', version)));
  // Only what a snapshot lists: whoever writes the targets writes the snapshot too.
  const targets = await newestTargets(path, 'targets', snapshot, () => false);
  if (!targets) throw damaged(path, 'has no targets metadata');
  return { path, root: newest, timestamp, snapshot, targets };
}

/** The names of its namespaces, ascending. */
export const namespacesOf = ({ targets }: RegistryDirectory): string[] =>
  Object.keys(targets.signed.delegations?.roles ?? {}).sort();

/** The keys of a namespace's owners. Throws NAMESPACE_UNKNOWN. */
export function ownersOf({ targets }: RegistryDirectory, namespace: string): RoleKeys {
  const { roles = {}, keys = {} } = targets.signed.delegations ?? {};
  if (!Object.hasOwn(roles, namespace)) throw unknownNamespace(namespace, Object.keys(roles));
  return roleKeys(roles[namespace], keys);
}

/** The newest metadata of a namespace, published or waiting to be; undefined before its owner has signed any. */
export async function namespaceMetadata(
  registry: RegistryDirectory,
  namespace: string,
): Promise<Metadata<Targets> | undefined> {
  ownersOf(registry, namespace);
  return newestTargets(registry.path, namespace, registry.snapshot, (metadata) =>
    isSignedByOwners(registry, namespace, metadata),
  );
}

/** Tells whether a namespace's metadata holds under the owners that it has now. */
export function isSignedByOwners(
  { targets }: RegistryDirectory,
  namespace: string,
  metadata: Metadata<Targets>,
): boolean {
  try {
    targets.verifyDelegate(namespace, metadata);
    return true;
  } catch {
    return false;
  }
}

/** The index of a namespace, published or waiting to be. Throws NAMESPACE_UNKNOWN, REGISTRY_INVALID. */
export async function readNamespaceIndex(registry: RegistryDirectory, namespace: string): Promise<NamespaceIndex> {
  return indexOf(registry, namespace, await namespaceMetadata(registry, namespace));
}

/** The index of a namespace as everybody sees it, without what waits. Throws NAMESPACE_UNKNOWN, REGISTRY_INVALID. */
export async function readPublishedIndex(registry: RegistryDirectory, namespace: string): Promise<NamespaceIndex> {
  ownersOf(registry, namespace);
  const file = `${namespace}.json`;
  const { meta } = registry.snapshot.signed;
  if (!Object.hasOwn(meta, file)) return emptyIndex(namespace);
  const bytes = await require(registry.path, metadataPath(namespace, meta[file].version));
  return indexOf(registry, namespace, decodeMetadata('targets', bytes, namespace));
}

async function indexOf(
  registry: RegistryDirectory,
  namespace: string,
  metadata: Metadata<Targets> | undefined,
): Promise<NamespaceIndex> {
  const path = indexPath(namespace);
  const target = metadata && Object.hasOwn(metadata.signed.targets, path) ? metadata.signed.targets[path] : undefined;
  if (target === undefined) return emptyIndex(namespace);
  const { sha256 } = target.hashes;
  const bytes = await require(registry.path, targetPath(path, sha256));
  if (sha256Hex(bytes) !== sha256) throw damaged(registry.path, `has a changed index of "${namespace}"`);
  return decodeIndex(bytes, namespace);
}

/** Reads a file of a registry; undefined when it is not there. */
export async function readRegistryFile(directory: string, path: string): Promise<Uint8Array | undefined> {
  return readFile(join(directory, path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** Roots are never removed, so the newest one is at the end of the chain. */
async function newestRoot(directory: string): Promise<Metadata<Root> | undefined> {
  let newest: Metadata<Root> | undefined;
  for (let version = 1; ; version++) {
    const bytes = await readRegistryFile(directory, metadataPath('root', version));
    if (bytes === undefined) return newest;
    newest = decodeMetadata('root', bytes);
  }
}

/**
 * The newest metadata of a targets role: what the snapshot has, or what somebody who may not sign snapshots, or who was
 * interrupted, has put there since.
 */
async function newestTargets(
  directory: string,
  role: string,
  snapshot: Metadata<Snapshot>,
  isSigned: (metadata: Metadata<Targets>) => boolean,
): Promise<Metadata<Targets> | undefined> {
  const file = `${role}.json`;
  const { meta } = snapshot.signed;
  const published = Object.hasOwn(meta, file) ? meta[file].version : 0;
  let newest: Metadata<Targets> | undefined;
  for (let version = Math.max(1, published); ; version++) {
    const bytes = await readRegistryFile(directory, metadataPath(role, version));
    if (bytes === undefined) return newest;
    const metadata = decodeMetadata('targets', bytes, role);
    // A later one may be signed by nobody who may: by a key that was rotated away since, or by an intruder.
    if (version !== published && !isSigned(metadata)) return newest;
    newest = metadata;
  }
}

async function require(directory: string, path: string): Promise<Uint8Array> {
  const bytes = await readRegistryFile(directory, path);
  if (bytes === undefined) throw damaged(directory, `lacks its ${path}`);
  return bytes;
}

/** The error for a namespace that a registry does not have. */
export function unknownNamespace(namespace: string, known: readonly string[]): RegistryError {
  return new RegistryError('NAMESPACE_UNKNOWN', `The registry has no namespace "${namespace}"`, {
    hint: known.length === 0 ? 'It has none yet.' : `It has ${[...known].sort().slice(0, 20).join(', ')}.`,
    data: { namespace },
  });
}

function none(path: string): RegistryError {
  return new RegistryError('REGISTRY_UNKNOWN', `There is no registry in ${path}`, {
    hint: 'Make one with "bankai registry init DIR", or give the directory of one with --registry.',
    data: { path },
  });
}

function damaged(path: string, fact: string): RegistryError {
  return new RegistryError('REGISTRY_INVALID', `The registry in ${path} ${fact}`, {
    hint: 'Restore the file from a copy of the registry.',
    data: { path },
  });
}
