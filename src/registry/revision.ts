/** Owns the next versions of a registry's metadata: how they follow from the ones before, and how they come to be on disk. */
import { dirname, join } from 'node:path';
import type { MetadataKind } from '@tufjs/models';
import { Metadata, type Root, type Snapshot, type Targets, type Timestamp } from '@tufjs/models';
import { makeDirectory, syncDirectory, writeFileDurably } from '../durable.js';
import { sha256Hex } from '../patch/ids.js';
import { lifetimes, metadataPath, TIMESTAMP_PATH, type TopRole } from './layout.js';
import {
  encodeMetadata,
  expiryAfter,
  type KeyRing,
  type RoleKeys,
  roleKeys,
  signMetadata,
  tufKey,
} from './metadata.js';
import {
  namespaceMetadata,
  namespacesOf,
  openRegistryDirectory,
  type RegistryDirectory,
} from './registry-directory.js';

/** Who writes, with which keys, and when. */
export interface Author {
  readonly ring: KeyRing;
  readonly time: Date;
  /** Days for which the new signatures are good, where they shall not be `lifetimes`. */
  readonly days?: number;
}

/** Metadata of any role. */
export type AnyMetadata = Metadata<Root | Timestamp | Snapshot | Targets>;

/** The keys of a role of the root. */
export const topRole = ({ root }: RegistryDirectory, role: TopRole): RoleKeys =>
  roleKeys(root.signed.roles[role], root.signed.keys);

/** The keys of all roles of the root. */
export const topRoles = (registry: RegistryDirectory): Record<TopRole, RoleKeys> => ({
  root: topRole(registry, 'root'),
  targets: topRole(registry, 'targets'),
  snapshot: topRole(registry, 'snapshot'),
  timestamp: topRole(registry, 'timestamp'),
});

/** Writes a file of a registry, durably. */
export async function writeRegistryFile(directory: string, path: string, bytes: Uint8Array): Promise<void> {
  const file = join(directory, path);
  await makeDirectory(dirname(file));
  await writeFileDurably(file, bytes);
}

/** Writes changed targets roles, then the snapshot and the timestamp that publish them. */
export async function commit(
  registry: RegistryDirectory,
  changed: ReadonlyMap<string, Metadata<Targets>>,
  author: Author,
) {
  const sealed = await sealing(registry, changed, author);
  for (const [role, metadata] of changed) await writeMetadata(registry.path, role, metadata);
  await sealed();
  return openRegistryDirectory(registry.path);
}

/**
 * Signs the snapshot of a registry with its changed roles, and the timestamp of that. → what writes both; nothing is written
 * before.
 */
export async function sealing(
  registry: RegistryDirectory,
  changed: ReadonlyMap<string, Metadata<Targets>>,
  author: Author,
  firstVersion?: number,
): Promise<() => Promise<void>> {
  const { path, timestamp } = registry;
  const meta: Record<string, object> = {};
  for (const role of ['targets', ...namespacesOf(registry)]) {
    const metadata =
      changed.get(role) ?? (role === 'targets' ? registry.targets : await namespaceMetadata(registry, role));
    // What is signed by keys that were rotated away stays listed until its new owner signs: a snapshot may lose nothing.
    if (metadata) meta[`${role}.json`] = metaFile(metadata);
  }
  const isFirst = firstVersion !== undefined;
  const snapshot = next('snapshot', isFirst ? undefined : registry.snapshot, author, { meta });
  await signMetadata(snapshot, 'snapshot', [topRole(registry, 'snapshot')], author.ring);
  const stamp = next('timestamp', isFirst ? undefined : timestamp, author, {
    meta: { 'snapshot.json': metaFile(snapshot) },
  });
  await signMetadata(stamp, 'timestamp', [topRole(registry, 'timestamp')], author.ring);
  return async () => {
    await writeMetadata(path, 'snapshot', snapshot);
    // Everything that the timestamp leads to is there before it.
    await syncDirectory(join(path, 'metadata'));
    await writeRegistryFile(path, TIMESTAMP_PATH, encodeMetadata(stamp));
  };
}

/** Days for which a new signature is good. */
export const daysOf = (kind: TopRole, { days }: Author): number => days ?? lifetimes[kind];

/** The metadata of each kind. */
interface Kinds {
  root: Root;
  targets: Targets;
  snapshot: Snapshot;
  timestamp: Timestamp;
}

/** Makes the next version of metadata, unsigned, with some of its fields changed. */
export function next<Kind extends TopRole>(
  kind: Kind,
  before: Metadata<Kinds[Kind]> | undefined,
  author: Author,
  fields: object,
): Metadata<Kinds[Kind]> {
  const signed = {
    _type: kind,
    spec_version: '1.0.31',
    ...before?.signed.toJSON(),
    ...fields,
    version: (before?.signed.version ?? 0) + 1,
    expires: expiryAfter(author.time, daysOf(kind, author)),
  };
  return Metadata.fromJSON(kind as MetadataKind.Root, { signed, signatures: [] } as never) as unknown as Metadata<
    Kinds[Kind]
  >;
}

function metaFile(metadata: AnyMetadata) {
  const bytes = encodeMetadata(metadata);
  return { version: metadata.signed.version, length: bytes.length, hashes: { sha256: sha256Hex(bytes) } };
}

/** A role as metadata has it. */
export const roleDocument = ({ keys, threshold }: RoleKeys) => ({
  keyids: keys.map((key) => tufKey(key).keyID),
  threshold,
});

/** The keys of roles as metadata has them. */
export const keysDocument = (roles: readonly RoleKeys[]) =>
  Object.fromEntries(roles.flatMap(({ keys }) => keys.map((key) => [tufKey(key).keyID, tufKey(key).toJSON()])));

/** The roles of a root, with their keys. */
export const rolesDocument = (roles: Readonly<Record<TopRole, RoleKeys>>) => ({
  keys: keysDocument(Object.values(roles)),
  roles: Object.fromEntries(Object.entries(roles).map(([name, role]) => [name, roleDocument(role)])),
});

/** Writes metadata under its version. Its name is sure to last only after `sealing`, or `syncDirectory`. */
export async function writeMetadata(directory: string, role: string, metadata: AnyMetadata): Promise<void> {
  const file = join(directory, metadataPath(role, metadata.signed.version));
  await makeDirectory(dirname(file));
  await writeFileDurably(file, encodeMetadata(metadata), { deferDirectory: true });
}
