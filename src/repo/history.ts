/** Owns the way back from a commit through its ancestors. */
import type { CommitId } from './ids.js';
import { type Commit, commitAt } from './object.js';
import type { Repository } from './repository.js';

/**
 * Walks a commit and its ancestors, each once, newest first by the committer's time as `git log` does. The history of a
 * shallow clone ends where it was cut. Throws REPOSITORY_CORRUPT.
 */
export function* walkHistory(repository: Repository, from: CommitId): Generator<Commit> {
  const seen = new Set([from]);
  // Ascending in time; of two of one time, the one that was met first is taken first.
  const waiting = [commitAt(repository, from)];
  for (let commit = waiting.pop(); commit !== undefined; commit = waiting.pop()) {
    yield commit;
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
  const found = new Map<CommitId, Commit>();
  const waiting = [...from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    const commit = commitAt(repository, id);
    found.set(id, commit);
    waiting.push(...commit.parents);
  }
  return [...found.values()];
}
