/** Owns what is lost when worktree and index become those of a commit: changes that nobody committed. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitId, ObjectId } from './ids.js';
import { readIndex } from './index-file.js';
import { treeOfIndex } from './index-tree.js';
import { hashFile } from './move-head.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { begun, differencesFrom } from './reset-files.js';
import type { Overwritten } from './saved-files.js';
import { diffTrees } from './tree.js';

/** What an operation overwrites that is in no commit. */
export interface Loss {
  readonly files: readonly Overwritten[];
  /** Blobs that only the index names. */
  readonly staged?: readonly ObjectId[];
}

/**
 * Lists what is lost when the index (`index`), or index and worktree (`force`), become those of the commit `to`; HEAD is at
 * `from`. With `meant` only these paths of the worktree do.
 */
export async function lossOf(
  repository: Repository,
  from: CommitId,
  to: CommitId,
  extent: 'force' | 'index',
  meant: (path: string) => boolean = () => true,
): Promise<Loss> {
  const [before, after] = [(await readCommit(repository, from)).tree, (await readCommit(repository, to)).tree];
  const committed = new Map((await diffTrees(repository, undefined, before)).map(({ path, after }) => [path, after]));
  const changed = extent === 'force' ? await differencesFrom(repository, before, after) : [];
  const lost = changed.filter(({ path }) => meant(path) && hashFile(repository, path) !== committed.get(path)?.oid);
  const staged = readIndex(repository);
  const isCommitted = staged.every(({ stage }) => stage === 0) && treeOfIndex(staged) === before;
  const state = begun.filter((name) => lstatSync(join(repository.gitDirectory, name), { throwIfNoEntry: false }));
  const git = isCommitted && state.length === 0 ? [] : ['index', ...state];
  return {
    files: [...lost.map(({ path }) => path), ...git.map((name) => `.git/${name}`)].map((path) => ({ path })),
    staged: staged.filter(({ path, oid }) => committed.get(path)?.oid !== oid).map(({ oid }) => oid),
  };
}
