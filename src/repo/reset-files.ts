/** Owns what makes index and worktree a commit's whatever they were: for `reset --hard`, `reset --mixed` and `restore`. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { removeDurably } from '../durable.js';
import type { CommitId, ObjectId } from './ids.js';
import { type IndexEntry, indexEntry, readIndex, writeIndex } from './index-file.js';
import { hashFile } from './move-head.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { diffTrees, type TreeDifference } from './tree.js';

/** Lists the files in the worktree that are not as a tree has them, tracked ones that it does not have included. */
export async function differencesFrom(
  repository: Repository,
  before: ObjectId | undefined,
  after: ObjectId,
): Promise<TreeDifference[]> {
  const wanted = await diffTrees(repository, undefined, after);
  const known = new Set(wanted.map(({ path }) => path));
  const tracked = new Map((await diffTrees(repository, undefined, before)).map(({ path, after }) => [path, after]));
  for (const { path } of readIndex(repository)) if (!tracked.has(path)) tracked.set(path, undefined);
  const gone = [...tracked].filter(([path]) => !known.has(path) && hashFile(repository, path) !== undefined);
  return [
    ...wanted.filter(({ path, after }) => hashFile(repository, path) !== after?.oid),
    ...gone.map(([path, before]) => ({ path, before, after: undefined })),
  ];
}

/** What git remembers of a merge, cherry-pick or revert that was begun: a reset drops it. */
export const begun = ['MERGE_HEAD', 'MERGE_MODE', 'MERGE_MSG', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'AUTO_MERGE'];

/** Makes the index that of a commit, and forgets what git had begun. May be repeated. Throws what the disk says. */
export async function resetIndex(repository: Repository, commit: CommitId): Promise<void> {
  const { tree } = await readCommit(repository, commit);
  const entries = (await diffTrees(repository, undefined, tree)).flatMap(({ path, after }) =>
    after ? entryOf(repository, path, after) : [],
  );
  await writeIndex(repository, entries);
  for (const name of begun) {
    const path = join(repository.gitDirectory, name);
    if (lstatSync(path, { throwIfNoEntry: false })) await removeDurably(path);
  }
}

/** The index entry of a file, which says how the worktree's looks only where that is the same: else git must compare. */
export function entryOf(
  repository: Repository,
  path: string,
  { oid, mode }: { oid: ObjectId; mode: string },
): IndexEntry {
  const same = hashFile(repository, path) === oid;
  const stats = same ? lstatSync(join(repository.directory, path), { bigint: true }) : undefined;
  return indexEntry(path, oid, Number.parseInt(mode, 8), stats ?? unknown);
}

const unknown = { ctimeNs: 0n, mtimeNs: 0n, dev: 0n, ino: 0n, uid: 0n, gid: 0n, size: 0n };
