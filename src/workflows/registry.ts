/** Owns `bankai registry` for those who keep one: made, its namespaces given to owners, its signatures renewed, its keys changed. */
import { join, resolve } from 'node:path';
import { RegistryError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { createRegistry, delegate, refresh, rotate } from '../registry/author.js';
import { metadataPath, type TopRole } from '../registry/layout.js';
import { encodeMetadata, type RoleKeys } from '../registry/metadata.js';
import {
  namespacesOf,
  openRegistryDirectory,
  ownersOf,
  readRegistryFile,
  type RegistryDirectory,
} from '../registry/registry-directory.js';
import { topRole } from '../registry/revision.js';
import { withLockIn } from '../repo/lock.js';
import { loadOrCreateKey } from '../trust/keys.js';
import { formatOpenSshKey } from '../trust/openssh-key.js';
import { authorOf, publicKeyFrom, type RegistryAuthor, roleFrom } from './registry-keys.js';

/** Lets one process at a time change a registry's directory. Throws REPOSITORY_LOCKED. */
export const changeRegistry = <T>(path: string, action: () => Promise<T>): Promise<T> =>
  withLockIn(join(path, '.bankai', 'lock'), path, action);

export interface RegistryInit {
  readonly directory: string;
  /** Keys as `publicKeyFrom` reads them. The person's default key, where there is none. */
  readonly rootKeys: readonly string[];
  readonly threshold: number;
  /** Keys of snapshot and timestamp; the root's, where there is none. */
  readonly onlineKeys: readonly string[];
}

/** Makes a registry. Throws REGISTRY_EXISTS, REGISTRY_KEYS, KEY_UNKNOWN, …. */
export async function initRegistry(request: RegistryInit, author: RegistryAuthor) {
  const path = resolve(request.directory);
  const named = request.rootKeys.length > 0 ? request.rootKeys : [await defaultKey(author)];
  const root = await roleFrom(named, request.threshold, author);
  const online =
    request.onlineKeys.length > 0 ? await roleFrom(request.onlineKeys, 1, author) : { ...root, threshold: 1 };
  const roles = { root, targets: root, snapshot: online, timestamp: online };
  const registry = await changeRegistry(path, () => createRegistry(path, roles, authorOf(author)));
  return { directory: path, root: await rootDigest(path), roles: rolesOf(registry) };
}

/** The line of OpenSSH would do too; a name is what `publicKeyFrom` can find again. */
async function defaultKey({ keyDirectory, key }: RegistryAuthor): Promise<string> {
  const { publicKey } = await loadOrCreateKey(keyDirectory, key);
  return formatOpenSshKey(publicKey, '');
}

/** Gives a namespace to owners, or to other owners. Throws NAME_INVALID, REGISTRY_KEYS, REGISTRY_UNKNOWN. */
export async function delegateNamespace(
  directory: string,
  request: { readonly namespace: string; readonly keys: readonly string[]; readonly threshold: number },
  author: RegistryAuthor,
) {
  const path = resolve(directory);
  const owners = await roleFrom(request.keys, request.threshold, author);
  await changeRegistry(path, async () =>
    delegate(await openRegistryDirectory(path), request.namespace, owners, authorOf(author)),
  );
  return { directory: path, namespace: request.namespace, ...described(owners) };
}

/** Signs anew what expires, and publishes what waits. Throws REGISTRY_KEYS, REGISTRY_UNKNOWN. */
export async function refreshRegistry(directory: string, author: RegistryAuthor) {
  const path = resolve(directory);
  const roles = await changeRegistry(path, async () => refresh(await openRegistryDirectory(path), authorOf(author)));
  return { directory: path, roles };
}

export interface Rotation {
  /** `root`, `targets`, `snapshot`, `timestamp`, or a namespace. */
  readonly role: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** As it was, unless given. */
  readonly threshold?: number;
}

/** Changes the keys of a role. Throws REGISTRY_KEYS, NAMESPACE_UNKNOWN, REGISTRY_UNKNOWN. */
export async function rotateRole(directory: string, { role, ...change }: Rotation, author: RegistryAuthor) {
  const path = resolve(directory);
  return changeRegistry(path, async () => {
    const registry = await openRegistryDirectory(path);
    const isTop = ['root', 'targets', 'snapshot', 'timestamp'].includes(role);
    const before = isTop ? topRole(registry, role as TopRole) : ownersOf(registry, role);
    const after = await changed(before, change, author);
    if (isTop) await rotate(registry, role as TopRole, after, authorOf(author));
    else await delegate(registry, role, after, authorOf(author));
    const { root } = await openRegistryDirectory(path);
    return { directory: path, role, ...described(after), rootVersion: root.signed.version };
  });
}

async function changed(before: RoleKeys, change: Omit<Rotation, 'role'>, author: RegistryAuthor): Promise<RoleKeys> {
  const idOf = async (text: string): Promise<string> =>
    before.keys.find(({ id }) => /^[0-9a-f]{8,64}$/.test(text) && id.startsWith(text))?.id ??
    (await publicKeyFrom(text, author)).id;
  const gone = new Set(await Promise.all(change.remove.map(idOf)));
  const absent = [...gone].find((id) => before.keys.every((key) => key.id !== id));
  if (absent !== undefined) {
    throw new RegistryError('REGISTRY_KEYS', `Key ${absent.slice(0, 16)} is none of this role's`, {
      hint: `They are ${before.keys.map(({ id }) => id.slice(0, 16)).join(', ')}.`,
    });
  }
  const added = await Promise.all(change.add.map((text) => publicKeyFrom(text, author)));
  const keys = [...before.keys, ...added].filter(({ id }) => !gone.has(id));
  const unique = [...new Map(keys.map((key) => [key.id, key])).values()];
  const threshold = change.threshold ?? before.threshold;
  if (threshold >= 1 && threshold <= unique.length) return { keys: unique, threshold };
  throw new RegistryError('REGISTRY_KEYS', `${threshold} of ${unique.length} keys cannot sign`, {
    hint: 'Add keys with --add, or give another --threshold.',
  });
}

/** The digest by which others trust a registry: of its first root. */
export async function rootDigest(path: string): Promise<string> {
  const first = await readRegistryFile(path, metadataPath('root', 1));
  return sha256Hex(first ?? encodeMetadata((await openRegistryDirectory(path)).root));
}

const described = ({ keys, threshold }: RoleKeys) => ({ keys: keys.map(({ id }) => id as string), threshold });

function rolesOf(registry: RegistryDirectory) {
  const tops = ['root', 'targets', 'snapshot', 'timestamp'] as const;
  return [
    ...tops.map((role) => ({ role: role as string, ...described(topRole(registry, role)) })),
    ...namespacesOf(registry).map((role) => ({ role, ...described(ownersOf(registry, role)) })),
  ];
}
