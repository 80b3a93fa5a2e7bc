/**
 * Owns the tidying of a repository: loose objects go into a pack, what a crash left unfinished goes, and on request what
 * nothing needs. A crash at any moment loses nothing: a loose object is removed only after a complete pack has it.
 */
import { existsSync, readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isTemporaryName } from '../durable.js';
import { RepositoryError } from '../errors.js';
import type { ObjectId } from './ids.js';
import { looseObjects, loosePath } from './loose-object.js';
import { listRoots, type Root, walkReachable } from './reachable.js';
import { readObject, readPacked } from './read-object.js';
import { localDirectory, type Repository, unsupported } from './repository.js';
import { writePack } from './write-pack.js';

/** What was tidied. */
export interface Collection {
  /** Loose objects that are in a pack now. */
  readonly packed: number;
  /** Name of the pack that was written. */
  readonly pack?: string;
  /** Objects that nothing needs, removed. */
  readonly pruned: number;
  /** Objects that nothing needs, still there. */
  readonly unreachable: number;
  /** Unfinished files, removed. */
  readonly leftovers: number;
}

export interface CollectionRequest {
  /** Remove what nothing needs and nothing has touched for two weeks. */
  readonly prune: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What is needed besides what refs, reflogs and the index lead to. */
  readonly roots?: readonly Root[];
}

/** As git's `gc.pruneExpire`: another program may be about to use what nothing needs yet. */
const PRUNE_AGE_MS = 14 * 24 * 3600_000;
/** An unfinished file this old has lost its writer. */
const LEFTOVER_AGE_MS = 3600_000;

/**
 * Tidies a repository; to be called under its lock. Throws REPOSITORY_CORRUPT before anything is changed when something
 * that is needed is missing, REPOSITORY_UNSUPPORTED for pruning beside linked worktrees, and what the disk says.
 */
export async function collectGarbage(repository: Repository, request: CollectionRequest): Promise<Collection> {
  if (request.prune) assertNoOtherWorktrees(repository);
  const needed = neededObjects(repository, request.roots ?? []);
  const loose = looseObjects(repository);
  const wanted = loose.filter((oid) => needed.has(oid) && readPacked(repository, oid) === undefined);
  const pack =
    wanted.length === 0 ? undefined : await writePack(repository, wanted, (oid) => readObject(repository, oid));
  repository.packs.refresh();
  // Read again, from the pack: only what is there, with the right hash, may go where it was.
  const packed = loose.filter((oid) => readPacked(repository, oid) !== undefined);
  for (const oid of packed) unlinkSync(loosePath(repository, oid));
  const unneeded = loose.filter((oid) => !needed.has(oid) && existsSync(loosePath(repository, oid)));
  const pruned = request.prune ? prunable(repository, unneeded, request.now) : [];
  for (const oid of pruned) unlinkSync(loosePath(repository, oid));
  removeEmptyFolders(repository, [...packed, ...pruned]);
  return {
    packed: packed.length,
    ...(pack !== undefined && { pack }),
    pruned: pruned.length,
    unreachable: unneeded.length - pruned.length,
    leftovers: removeLeftovers(repository, request.now),
  };
}

function neededObjects(repository: Repository, roots: readonly Root[]): ReadonlyMap<ObjectId, string> {
  return walkReachable(repository, [...listRoots(repository), ...roots], (oid, problem, from) => {
    throw new RepositoryError('REPOSITORY_CORRUPT', `Object ${oid} (${problem}) is needed by ${from}`, {
      hint: 'Use "bankai fsck" to see all that is damaged, and fetch the missing objects from a clone.',
      data: { object: oid },
    });
  });
}

/** What is old enough, and not needed by something that is not. */
function prunable(repository: Repository, unneeded: readonly ObjectId[], now: number): ObjectId[] {
  const isOld = (oid: ObjectId): boolean => now - statSync(loosePath(repository, oid)).mtimeMs > PRUNE_AGE_MS;
  const old = unneeded.filter(isOld);
  const young = unneeded.filter((oid) => !old.includes(oid)).map((oid): Root => ({ oid, from: oid }));
  // What a young object names may be gone already: nobody was promised it.
  const kept = walkReachable(repository, young, () => undefined);
  return old.filter((oid) => !kept.has(oid));
}

function assertNoOtherWorktrees(repository: Repository): void {
  const directory = join(repository.gitDirectory, 'worktrees');
  if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  throw unsupported(
    repository,
    'it has linked worktrees, and what they need is unknown here; use "git gc" to prune it',
  );
}

function removeEmptyFolders(repository: Repository, removed: readonly ObjectId[]): void {
  for (const folder of new Set(removed.map((oid) => dirname(loosePath(repository, oid))))) {
    if (readdirSync(folder).length === 0) rmdirSync(folder);
  }
}

/** Removes unfinished files, of git too, that no living program can still be writing. */
function removeLeftovers(repository: Repository, now: number): number {
  const objects = join(repository.gitDirectory, 'objects');
  const local = localDirectory(repository);
  const places: [string, (name: string) => boolean][] = [
    [objects, (name) => name.startsWith('tmp_')],
    [join(objects, 'pack'), (name) => name.startsWith('tmp_')],
    [local, (name) => isTemporaryName(name) || name === 'model.tmp'],
    [join(local, 'lock'), (name) => name.endsWith('.tmp')],
  ];
  let count = 0;
  for (const [directory, isLeftover] of places) {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      const path = join(directory, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (!isLeftover(name) || stats?.isFile() !== true || now - stats.mtimeMs < LEFTOVER_AGE_MS) continue;
      unlinkSync(path);
      count++;
    }
  }
  return count;
}
