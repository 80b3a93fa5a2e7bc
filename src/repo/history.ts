/** Owns the way back from a commit through its ancestors. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RepositoryError } from '../errors.js';
import { asCommitId, type CommitId } from './ids.js';
import { type Commit, commitAt, readCommit } from './object.js';
import type { Repository } from './repository.js';

/**
 * Walks a commit and its ancestors, each once, newest first by the committer's time as `git log` does. The history of a
 * shallow clone ends where it was cut. Throws REPOSITORY_CORRUPT.
 */
export function* walkHistory(repository: Repository, from: CommitId): Generator<Commit> {
  const cut = readShallow(repository);
  const seen = new Set([from]);
  // Ascending in time; of two of one time, the one that was met first is taken first.
  const waiting = [commitAt(repository, from)];
  for (let commit = waiting.pop(); commit !== undefined; commit = waiting.pop()) {
    yield commit;
    if (cut.has(commit.id)) continue;
    for (const id of commit.parents) {
      if (seen.has(id)) continue;
      seen.add(id);
      const parent = commitAt(repository, id);
      let at = waiting.length;
      while (at > 0 && waiting[at - 1].committer.timestamp >= parent.committer.timestamp) at--;
      waiting.splice(at, 0, parent);
    }
  }
}

/** Tells whether a commit has another one among its ancestors. Throws REPOSITORY_CORRUPT. */
export async function descendsFrom(repository: Repository, commit: CommitId, ancestor: CommitId): Promise<boolean> {
  if (commit === ancestor) return false;
  for (const { id } of walkHistory(repository, commit)) if (id === ancestor) return true;
  return false;
}

/** Lists commits and their ancestors, each once, in no order that matters. Throws REPOSITORY_CORRUPT. */
export async function historyOf(repository: Repository, from: readonly CommitId[]): Promise<Commit[]> {
  const cut = readShallow(repository);
  const found = new Map<CommitId, Commit>();
  const waiting = [...from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    const commit = commitAt(repository, id);
    found.set(id, commit);
    if (!cut.has(id)) waiting.push(...commit.parents);
  }
  return [...found.values()];
}

/** Reads the parents of a commit; those of a commit where a shallow clone was cut are not there. Throws REPOSITORY_CORRUPT. */
export async function parentsOf(repository: Repository, commit: CommitId): Promise<readonly CommitId[]> {
  return readShallow(repository).has(commit) ? [] : (await readCommit(repository, commit)).parents;
}

/** The error for what cannot be known in a shallow clone. */
export function cutHistory({ directory }: Repository, what: string): RepositoryError {
  return new RepositoryError('REPOSITORY_UNSUPPORTED', `Cannot ${what}: ${directory} is a shallow clone`, {
    hint: 'Run "git fetch --unshallow", and then the command again.',
  });
}

/** Reads where the history of a shallow clone was cut: those commits have their parents' ids, but not their parents. */
export function readShallow({ gitDirectory }: Repository): Set<CommitId> {
  try {
    return new Set(readFileSync(join(gitDirectory, 'shallow'), 'utf8').split('\n').map(asCommitId));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}
