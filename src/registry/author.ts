/**
 * Owns the writing of registries. Everything new gets a new name (a version or a digest), and `timestamp.json`, the one
 * file that is overwritten, comes last: who reads meanwhile, or after a crash, finds the registry of before or of after.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata, Root, Targets } from '@tufjs/models';
import { syncDirectory } from '../durable.js';
import { RegistryError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { targetPath, type TopRole } from './layout.js';
import { namespacePaths, type RoleKeys, signMetadata } from './metadata.js';
import { encodeIndex, indexPath, type NamespaceIndex } from './namespace-index.js';
import { assertNamespace } from './names.js';
import {
  type AnyMetadata,
  type Author,
  commit,
  daysOf,
  keysDocument,
  next,
  roleDocument,
  rolesDocument,
  sealing,
  topRole,
  topRoles,
  writeMetadata,
  writeRegistryFile,
} from './revision.js';
import {
  isSignedByOwners,
  namespaceMetadata,
  namespacesOf,
  openRegistryDirectory,
  ownersOf,
  type RegistryDirectory,
} from './registry-directory.js';

/**
 * Makes a registry in a directory, which may hold other files but no registry. Throws REGISTRY_EXISTS, REGISTRY_KEYS, IO.
 */
export async function createRegistry(
  path: string,
  roles: Readonly<Record<TopRole, RoleKeys>>,
  author: Author,
): Promise<RegistryDirectory> {
  if ((await readdir(join(path, 'metadata')).catch(() => [])).length > 0) {
    throw new RegistryError('REGISTRY_EXISTS', `${path} has a registry already`, {
      hint: 'Choose another directory.',
      data: { path },
    });
  }
  const root = next('root', undefined, author, { ...rolesDocument(roles), consistent_snapshot: true });
  const targets = next('targets', undefined, author, { targets: {} });
  const snapshot = next('snapshot', undefined, author, { meta: { 'targets.json': { version: 1 } } });
  const timestamp = next('timestamp', undefined, author, { meta: { 'snapshot.json': { version: 1 } } });
  await signMetadata(root, 'root', [roles.root], author.ring);
  await signMetadata(targets, 'targets', [roles.targets], author.ring);
  const draft: RegistryDirectory = { path, root, targets, snapshot, timestamp };
  // Signed before anything is written: a key that is missing leaves nothing behind.
  const sealed = await sealing(draft, new Map([['targets', targets]]), author, 1);
  await writeMetadata(path, 'targets', targets);
  await writeMetadata(path, 'root', root);
  await sealed();
  return openRegistryDirectory(path);
}

/** Trusts owners with a namespace: a new one, or new owners of an old one. Throws NAME_INVALID, REGISTRY_KEYS, IO. */
export async function delegate(
  registry: RegistryDirectory,
  namespace: string,
  owners: RoleKeys,
  author: Author,
): Promise<RegistryDirectory> {
  assertNamespace(namespace);
  const { roles: present = {} } = registry.targets.signed.delegations ?? {};
  const others = namespacesOf(registry)
    .filter((other) => other !== namespace)
    .map((other) => [other, ownersOf(registry, other)] as const);
  const all = [...others, [namespace, owners] as const].sort(([a], [b]) => (a < b ? -1 : 1));
  const targets = next('targets', registry.targets, author, {
    delegations: {
      keys: keysDocument(all.map(([, role]) => role)),
      roles: all.map(([name, role]) => ({
        ...roleDocument(role),
        name,
        paths: namespacePaths(name),
        terminating: true,
      })),
    },
  });
  await signMetadata(targets, 'targets', [topRole(registry, 'targets')], author.ring);
  // The next owners sign anew what the ones before had signed; until they do, nobody can fetch it.
  const changed = new Map<string, Metadata<Targets>>([['targets', targets]]);
  const after = { ...registry, targets };
  if (Object.hasOwn(present, namespace)) {
    const signed = await namespaceMetadata(registry, namespace);
    if (signed) {
      const again = next('targets', signed, author, {});
      if (await signedHere(again, namespace, owners, author)) changed.set(namespace, again);
    }
  }
  return commit(after, changed, author);
}

/** The outcome of a publication. */
export interface Published {
  readonly registry: RegistryDirectory;
  /** Nobody can fetch it before the keeper of the registry has signed the snapshot: `refresh`. */
  readonly waiting: boolean;
}

/** Publishes a new index of a namespace, signed by its owner. Throws NAMESPACE_UNKNOWN, REGISTRY_KEYS, IO. */
export async function publishIndex(
  registry: RegistryDirectory,
  index: NamespaceIndex,
  author: Author,
): Promise<Published> {
  const { namespace } = index;
  const owners = ownersOf(registry, namespace);
  const bytes = encodeIndex(index);
  const path = indexPath(namespace);
  const sha256 = sha256Hex(bytes);
  const metadata = next('targets', await namespaceMetadata(registry, namespace), author, {
    targets: { [path]: { length: bytes.length, hashes: { sha256 } } },
  });
  await signMetadata(metadata, namespace, [owners], author.ring);
  await writeRegistryFile(registry.path, targetPath(path, sha256), bytes);
  const changed = new Map([[namespace, metadata]]);
  try {
    return { registry: await commit(registry, changed, author), waiting: false };
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'REGISTRY_KEYS') throw error;
    await writeMetadata(registry.path, namespace, metadata);
    await syncDirectory(join(registry.path, 'metadata'));
    return { registry: await openRegistryDirectory(registry.path), waiting: true };
  }
}

/** What a refresh did with a role. */
export interface Refreshed {
  readonly role: string;
  readonly version: number;
  readonly expires: string;
  /** Signed anew; otherwise the key is not here, or there is time. */
  readonly signed: boolean;
}

/**
 * Signs the timestamp and the snapshot anew, with everything that waits to be published, and whatever else has used up
 * half of its time and can be signed with the keys at hand. Throws REGISTRY_KEYS, IO.
 */
export async function refresh(registry: RegistryDirectory, author: Author): Promise<Refreshed[]> {
  const report: Refreshed[] = [];
  const changed = new Map<string, Metadata<Targets>>();
  const root = await renewed('root', 'root', registry.root, topRole(registry, 'root'), author, true);
  report.push(reportOf('root', root ?? registry.root, root !== undefined));
  for (const role of ['targets', ...namespacesOf(registry)]) {
    const isTop = role === 'targets';
    const now = isTop ? registry.targets : await namespaceMetadata(registry, role);
    if (!now) continue;
    const keys = isTop ? topRole(registry, 'targets') : ownersOf(registry, role);
    const isGood = isTop || isSignedByOwners(registry, role, now);
    const again = await renewed('targets', role, now, keys, author, isGood);
    if (again) changed.set(role, again);
    report.push(reportOf(role, again ?? now, again !== undefined));
  }
  const targets = changed.get('targets') ?? registry.targets;
  const sealed = await sealing({ ...registry, targets }, changed, author);
  if (root) await writeMetadata(registry.path, 'root', root);
  for (const [role, metadata] of changed) await writeMetadata(registry.path, role, metadata);
  await sealed();
  const after = await openRegistryDirectory(registry.path);
  return [...report, reportOf('snapshot', after.snapshot, true), reportOf('timestamp', after.timestamp, true)];
}

/** Gives a role of the root other keys. Throws REGISTRY_KEYS, also when the new keys are not here to sign. */
export async function rotate(
  registry: RegistryDirectory,
  role: TopRole,
  keys: RoleKeys,
  author: Author,
): Promise<RegistryDirectory> {
  const roles = { ...topRoles(registry), [role]: keys };
  const root = next('root', registry.root, author, rolesDocument(roles));
  // TUF 5.3.4: signed by a threshold of the root before, and of its own.
  await signMetadata(root, 'root', [topRole(registry, 'root'), roles.root], author.ring);
  const after = { ...registry, root };
  const changed = new Map<string, Metadata<Targets>>();
  if (role === 'targets') {
    const targets = next('targets', registry.targets, author, {});
    await signMetadata(targets, 'targets', [keys], author.ring);
    changed.set('targets', targets);
  }
  const draft = { ...after, targets: changed.get('targets') ?? after.targets };
  const sealed = await sealing(draft, changed, author);
  for (const [name, metadata] of changed) await writeMetadata(registry.path, name, metadata);
  await writeMetadata(registry.path, 'root', root);
  await sealed();
  return openRegistryDirectory(registry.path);
}

/** The next version of metadata that has used up half of its time or that its keys did not sign, if it can be signed here. */
async function renewed<T extends Root | Targets>(
  kind: 'root' | 'targets',
  name: string,
  metadata: Metadata<T>,
  keys: RoleKeys,
  author: Author,
  isGood: boolean,
): Promise<Metadata<T> | undefined> {
  const left = Date.parse(metadata.signed.expires) - author.time.getTime();
  if (isGood && left > (daysOf(kind, author) * 86_400_000) / 2) return undefined;
  const again = next(kind, metadata, author, {}) as Metadata<T>;
  return (await signedHere(again, name, keys, author)) ? again : undefined;
}

/** Signs metadata if there are keys enough. */
async function signedHere(metadata: AnyMetadata, name: string, keys: RoleKeys, { ring }: Author): Promise<boolean> {
  try {
    await signMetadata(metadata, name, [keys], ring);
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'REGISTRY_KEYS') return false;
    throw error;
  }
}

const reportOf = (role: string, { signed }: AnyMetadata, isNew: boolean): Refreshed => ({
  role,
  version: signed.version,
  expires: signed.expires,
  signed: isNew,
});
