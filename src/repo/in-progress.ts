/** Owns the question whether plain git is in the middle of something that a change of ours would confuse. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RepositoryError } from '../errors.js';
import type { Repository } from './repository.js';

const traces: Record<string, string> = {
  MERGE_HEAD: 'merge',
  CHERRY_PICK_HEAD: 'cherry-pick',
  REVERT_HEAD: 'revert',
  'rebase-merge': 'rebase',
  'rebase-apply': 'rebase',
};

/** Asserts that no merge, cherry-pick, revert or rebase of git waits to be finished. Throws OPERATION_IN_PROGRESS. */
export function assertNothingInProgress({ gitDirectory }: Repository): void {
  for (const [name, verb] of Object.entries(traces)) {
    if (!existsSync(join(gitDirectory, name))) continue;
    throw new RepositoryError('OPERATION_IN_PROGRESS', `A ${verb} by git has not been concluded`, {
      hint: `Finish it with "git ${verb} --continue", or drop it with "git ${verb} --abort".`,
      data: { operation: verb },
    });
  }
}
