/** Owns where the history of a shallow clone was cut. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RepositoryError } from '../errors.js';
import { asCommitId, type CommitId } from './ids.js';
import type { Repository } from './repository.js';

/** Reads which commits of a git directory lost their parents to a shallow clone: none, as a rule. */
export function readShallow(gitDirectory: string): ReadonlySet<CommitId> {
  try {
    return new Set(readFileSync(join(gitDirectory, 'shallow'), 'utf8').split('\n').map(asCommitId));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

/** The error for what cannot be known in a shallow clone. */
export function cutHistory({ directory }: Repository, what: string): RepositoryError {
  return new RepositoryError('REPOSITORY_UNSUPPORTED', `Cannot ${what}: ${directory} is a shallow clone`, {
    hint: 'Run "git fetch --unshallow", and then the command again.',
  });
}
