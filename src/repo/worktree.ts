/** Owns the question whether the worktree is what a commit says. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { type IndexEntry, looksLike, readIndex } from './index-file.js';
import { hashFile } from './move-head.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { diffTrees } from './tree.js';

/** Tells whether every tracked file is in worktree and index as the commit has it. Untracked files do not matter. */
export async function isWorktreeClean(repository: Repository, commit: CommitId): Promise<boolean> {
  const { tree } = await readCommit(repository, commit);
  return reporting('compare the worktree', async () => {
    const files = (await diffTrees(repository, undefined, tree)).filter(({ path }) => isOurs(path));
    const index = new Map(
      readIndex(repository)
        .filter((entry) => isOurs(entry.path))
        .map((entry) => [entry.path, entry]),
    );
    if (files.length !== index.size) return false;
    const written = lstatSync(join(repository.gitDirectory, 'index'), { bigint: true, throwIfNoEntry: false })?.mtimeNs;
    return files.every(({ path, after }) => {
      const entry = index.get(path);
      const isStaged = entry?.stage === 0 && entry.oid === after?.oid && entry.mode === Number.parseInt(after.mode, 8);
      return isStaged && (isUntouched(repository, entry, written) || hashFile(repository, path) === entry.oid);
    });
  });
}

/**
 * Whether a file looks as it did when the index took it in, so that it need not be read. Like git, it trusts no file that
 * was written when the index was, or later: a change within the clock's resolution leaves no trace.
 */
function isUntouched({ directory }: Repository, entry: IndexEntry, written: bigint | undefined): boolean {
  const stats = lstatSync(join(directory, entry.path), { bigint: true, throwIfNoEntry: false });
  return stats?.isFile() === true && written !== undefined && stats.mtimeNs < written && looksLike(entry, stats);
}

/** A working model may be gigabytes long, and is ignored: it must not be read to find that out. */
const isOurs = (path: string): boolean => !path.endsWith('.gguf');
