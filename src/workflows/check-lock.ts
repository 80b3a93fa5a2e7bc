/** Owns `bankai lock`: whether what is installed is still what the lock file pins, here and in the registries. */
import { BankaiError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { type LockedVersion, readLock } from '../registry/lock-file.js';
import { highestVersion, parseName } from '../registry/names.js';
import { readHead } from '../repo/branch.js';
import { readState } from '../repo/state.js';
import { askRegistries, type Catalogues } from './catalogues.js';
import type { RegistryPlaces } from './search-registries.js';
import { openWorkspace } from './workspace.js';

/** What is found of an installed version; all but the first two and `offline` mean that something is wrong. */
export type LockStatus = 'ok' | 'outdated' | 'yanked' | 'missing' | 'changed' | 'withdrawn' | 'offline';

/** Checks every entry of the lock file. Throws LOCK_INVALID, NOT_A_REPOSITORY. */
export async function checkLock(directory: string, places: RegistryPlaces) {
  const { repository } = await openWorkspace(directory);
  const lock = await readLock(repository.directory);
  const present = new Set<PatchId>(await readState(repository, (await readHead(repository)).commit));
  const catalogues = askRegistries(places);
  const entries = await Promise.all(
    [...lock].map(async ([name, locked]) => {
      const { range, version, sha256, patch } = locked;
      const remote = await askRegistry(name, locked, catalogues);
      const status: LockStatus = present.has(patch) ? remote.status : 'missing';
      return { name, range, version, sha256, patch, ...remote, status };
    }),
  );
  const good: readonly LockStatus[] = ['ok', 'outdated', 'offline'];
  return { ok: entries.every(({ status }) => good.includes(status)), entries };
}

async function askRegistry(
  name: string,
  { registry, range, version, sha256, base, patch }: LockedVersion,
  catalogues: Catalogues,
): Promise<{ status: LockStatus; newest?: string; detail?: string }> {
  try {
    const known = (await catalogues.known()).find(({ root, url }) => root === registry.root || url === registry.url);
    if (!known) return { status: 'offline', detail: `${registry.url} is not trusted here` };
    const { namespace, name: short } = parseName(name);
    const versions = (await catalogues.index(known, namespace)).packages.get(short) ?? new Map();
    const entry = versions.get(version);
    if (!entry) return { status: 'withdrawn', detail: 'the registry does not have it any more' };
    if (entry.sha256 !== sha256) return { status: 'changed', detail: 'the registry has exchanged it' };
    // The lock file may come from somebody else: with the digest of one bundle and the patch of another.
    if (entry.patch !== patch || entry.base !== base)
      return { status: 'changed', detail: 'the registry has another patch there' };
    const offered = [...versions].filter(([, each]) => each.yanked === undefined && each.base === base);
    const newest = highestVersion(
      offered.map(([each]) => each),
      range,
    );
    if (entry.yanked !== undefined)
      return { status: 'yanked', detail: entry.yanked, ...(newest !== undefined && { newest }) };
    return newest === undefined || newest === version ? { status: 'ok' } : { status: 'outdated', newest };
  } catch (error) {
    if (error instanceof BankaiError) return { status: 'offline', detail: error.message };
    throw error;
  }
}
