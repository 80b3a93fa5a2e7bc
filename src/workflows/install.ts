/** Owns `bankai add`, `update` and `remove`: versions from registries come into the state of HEAD, and leave it again. */
import { RegistryError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { keepBundle } from '../registry/bundle-cache.js';
import { encodeLock, type Lock, LOCK_FILE, type LockedVersion, readLock } from '../registry/lock-file.js';
import { formatName, parseName, parseRange } from '../registry/names.js';
import { assertNewBranch, type Head, readHead } from '../repo/branch.js';
import type { PatchAddition } from '../repo/commit-patch.js';
import type { Overwritten } from '../repo/saved-files.js';
import { recordSources } from '../repo/sources.js';
import { type EvidenceFile, readState } from '../repo/state.js';
import { askRegistries } from './catalogues.js';
import { changeOnly } from './change-refs.js';
import { type Fetched, fetchNewest, registryOf } from './fetch-version.js';
import { type Finished, type FinishedChange, recordFinished, type Recorder } from './record.js';
import type { RegistryPlaces } from './search-registries.js';
import { changeWorkspace, type Workspace } from './workspace.js';

export interface AddRequest {
  /** `NAMESPACE/NAME` or `NAMESPACE/NAME@RANGE` */
  readonly wanted: readonly string[];
  readonly registry?: string;
  /** Starts this branch at the base; without it the patches go on top of HEAD. */
  readonly branch?: string;
}

/**
 * Adds versions to the state of HEAD, or of a new branch; another version of the same patch gives way. Throws
 * PACKAGE_UNKNOWN, VERSION_UNKNOWN, VERSION_CHANGED, BASE_MISMATCH, BRANCH_EXISTS, the codes of registries that lie, and of
 * `checkout`: always before anything is changed.
 */
export async function add(directory: string, request: AddRequest, places: RegistryPlaces, recorder: Recorder) {
  const wanted = request.wanted.map(parseRange);
  return changeWorkspace(directory, async (workspace) => {
    const { repository, state } = workspace;
    if (request.branch !== undefined) await assertNewBranch(repository, request.branch);
    const onto =
      request.branch === undefined ? await readHead(repository) : { branch: request.branch, commit: state.root };
    const lock = await readLock(repository.directory);
    const catalogues = askRegistries(places);
    const fetched: Fetched[] = [];
    for (const range of wanted) {
      const registry = await registryOf(range, request.registry, lock.get(formatName(range)), places, catalogues);
      fetched.push(await fetchNewest(registry, range, state.weightsId, lock, places, catalogues));
    }
    return install(workspace, onto, lock, fetched, places, recorder);
  });
}

/** Brings versions up to the newest in their range: those named, or all. Throws as `add`, and PACKAGE_UNKNOWN for what is not installed. */
export async function update(directory: string, names: readonly string[], places: RegistryPlaces, recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const lock = await readLock(workspace.repository.directory);
    const catalogues = askRegistries(places);
    const fetched: Fetched[] = [];
    for (const name of names.length > 0 ? names : lock.keys()) {
      const locked = requireLocked(lock, name);
      const range = { ...parseName(name), range: locked.range };
      const registry = await registryOf(range, undefined, locked, places, catalogues);
      fetched.push(await fetchNewest(registry, range, workspace.state.weightsId, lock, places, catalogues));
    }
    return install(workspace, await readHead(workspace.repository), lock, fetched, places, recorder);
  });
}

/** Takes versions out of the state of HEAD and of the lock file. Throws PACKAGE_UNKNOWN, and as `checkout`. */
export async function uninstall(directory: string, names: readonly string[], recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const lock = await readLock(repository.directory);
    const gone = names.map((name) => ({ name, ...requireLocked(lock, name) }));
    const head = await readHead(repository);
    const present = await readState(repository, head.commit);
    const rest = new Map([...lock].filter(([name]) => !names.includes(name)));
    const kept = new Set([...rest.values()].map(({ patch }) => patch));
    const removed = gone.map(({ patch }) => patch).filter((id) => present.includes(id) && !kept.has(id));
    const message = `Remove ${names.join(', ')}`;
    const change = { added: [], removed, message, onto: head };
    const done = await recordLocked(workspace, change, rest, [], recorder);
    return {
      ...done,
      ...(head.branch !== undefined && { branch: head.branch }),
      changes: gone.map(({ name, version, patch }) => ({ name, from: version, patch })),
    };
  });
}

/** Commits what came in the place of what was there, and pins it. */
async function install(
  workspace: Workspace,
  onto: Head,
  lock: Lock,
  fetched: readonly Fetched[],
  { cacheDirectory }: RegistryPlaces,
  recorder: Recorder,
) {
  const { repository } = workspace;
  const present = new Set<PatchId>(await readState(repository, onto.commit));
  const next = new Map([...lock, ...fetched.map(({ name, locked }) => [name, locked] as const)]);
  const kept = new Set([...next.values()].map(({ patch }) => patch));
  const before = fetched.flatMap(({ name }) => lock.get(name)?.patch ?? []);
  const removed = [...new Set(before)].filter((id) => present.has(id) && !kept.has(id));
  const added = [...new Map(fetched.map((one) => [one.locked.patch, one])).values()]
    .filter(({ locked }) => !present.has(locked.patch))
    .map(additionOf);
  const message = messageOf(fetched.filter(({ locked }) => !present.has(locked.patch)));
  const change = { added, removed, message, onto };
  // Before the gate, which asks for it.
  const { overwritten, forget } = await recordSources(repository, sourcesOf(fetched));
  const done = await recordLocked(workspace, change, next, [overwritten], recorder).catch(async (error: unknown) => {
    await forget();
    throw error;
  });
  // Only now: of what was refused nothing stays.
  for (const { bytes } of fetched) await keepBundle(cacheDirectory, bytes);
  return {
    ...done,
    ...(onto.branch !== undefined && { branch: onto.branch }),
    changes: fetched.map(({ name, locked, bundle }) => ({
      name,
      ...(lock.has(name) && { from: lock.get(name)?.version as string }),
      to: locked.version,
      patch: locked.patch,
      description: bundle.description,
    })),
  };
}

/** Commits a change, if it is one, and writes the lock file, in one operation. */
async function recordLocked(
  workspace: Workspace,
  change: FinishedChange,
  lock: Lock,
  overwritten: readonly Overwritten[],
  recorder: Recorder,
): Promise<Finished> {
  const writes = [{ path: LOCK_FILE, content: encodeLock(lock) }];
  const { added, removed, onto } = change;
  if (added.length + removed.length > 0) return recordFinished(workspace, { ...change, writes, overwritten }, recorder);
  await changeOnly(workspace, `lock: ${LOCK_FILE}`, { writes }, { files: overwritten });
  return { commit: onto.commit, warnings: [] };
}

function sourcesOf(fetched: readonly Fetched[]): Map<PatchId, string[]> {
  const sources = new Map<PatchId, string[]>();
  for (const { locked, origin } of fetched) {
    sources.set(locked.patch, [...(sources.get(locked.patch) ?? []), ...origin]);
  }
  return sources;
}

const messageOf = (fetched: readonly Fetched[]): string =>
  [
    `Add ${fetched.map(({ name, locked }) => `${name}@${locked.version}`).join(', ')}`,
    '',
    ...fetched.map(({ locked, bundle }) => `${bundle.description.split('\n')[0]} (bundle ${locked.sha256})`.trim()),
  ].join('\n');

const additionOf = ({ bundle }: Fetched): PatchAddition => ({
  patch: bundle.patch,
  evidence: bundle.evidence as readonly EvidenceFile[],
});

function requireLocked(lock: Lock, name: string): LockedVersion {
  const locked = lock.get(name);
  if (locked) return locked;
  throw new RegistryError('PACKAGE_UNKNOWN', `${name} is not installed here`, {
    hint: lock.size === 0 ? 'Use "bankai add" first.' : `There is ${[...lock.keys()].join(', ')}.`,
    data: { name },
  });
}
