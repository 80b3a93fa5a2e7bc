/** Owns the question whether the worktree is what a commit says. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { reporting } from './git-error.js';
import type { CommitId, ObjectId } from './ids.js';
import { type IndexEntry, looksLike, readIndex } from './index-file.js';
import { treeOfIndex } from './index-tree.js';
import { hashFile } from './move-head.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { diffTrees } from './tree.js';

/** Tells whether every tracked file is in worktree and index as the commit has it. Untracked files do not matter. */
export async function isWorktreeClean(repository: Repository, commit: CommitId): Promise<boolean> {
  const { tree } = await readCommit(repository, commit);
  return reporting('compare the worktree', async () => {
    const index = readIndex(repository).filter(({ path }) => isOurs(path));
    if (!index.every(({ stage }) => stage === 0)) return false;
    // As a rule the index is the commit's tree, which it says itself; only else the trees are read.
    if (treeOfIndex(index) !== tree && !(await isStaged(repository, index, tree))) return false;
    const written = lstatSync(join(repository.gitDirectory, 'index'), { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    return index.every(
      (entry) => isUntouched(repository, entry, written) || hashFile(repository, entry.path) === entry.oid,
    );
  });
}

async function isStaged(repository: Repository, index: readonly IndexEntry[], tree: ObjectId): Promise<boolean> {
  const files = (await diffTrees(repository, undefined, tree)).filter(({ path }) => isOurs(path));
  const staged = new Map(index.map((entry) => [entry.path, entry]));
  return (
    files.length === index.length &&
    files.every(({ path, after }) => {
      const entry = staged.get(path);
      return entry?.oid === after?.oid && entry?.mode === Number.parseInt(after?.mode ?? '', 8);
    })
  );
}

/**
 * Whether a file looks as it did when the index took it in, so that it need not be read. Like git, it trusts no file that
 * was written when the index was, or later: a change within the clock's resolution leaves no trace.
 */
function isUntouched({ directory }: Repository, entry: IndexEntry, written: bigint | undefined): boolean {
  const stats = lstatSync(`${directory}/${entry.path}`, { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() === true && written !== undefined && stats.mtimeNs < written && looksLike(entry, stats);
}

/** A working model may be gigabytes long, and is ignored: it must not be read to find that out. */
const isOurs = (path: string): boolean => !path.endsWith('.gguf');
