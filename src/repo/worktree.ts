/** Owns the question whether the worktree is what a commit says. */
import { git } from './git.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { gitArguments, type Repository } from './repository.js';

/** Columns of a row of git's status matrix. */
const [HEAD, WORKDIR, STAGE] = [1, 2, 3];

/** Tells whether every tracked file is in worktree and index as the commit has it. Untracked files do not matter. */
export async function isWorktreeClean(repository: Repository, commit: CommitId): Promise<boolean> {
  const rows = await reporting('compare the worktree', () =>
    git.statusMatrix({ ...gitArguments(repository), ref: commit, filter: isOurs }),
  );
  // 1: in HEAD; 1: the worktree's file is HEAD's; 1: so is the index's. A file in neither HEAD nor index is untracked.
  return rows.every((row) => (row[HEAD] === 1 ? row[WORKDIR] === 1 && row[STAGE] === 1 : row[STAGE] === 0));
}

/** A working model may be gigabytes long, and is ignored: it must not be read to find that out. */
const isOurs = (path: string): boolean => !path.endsWith('.gguf');
