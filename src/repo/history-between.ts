/** Owns the part of the history that leads from one commit to another. */
import type { CommitId } from './ids.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { cutHistory } from './shallow.js';

/** A commit and what it was made on. */
export interface HistoryCommit {
  readonly id: CommitId;
  readonly parents: readonly CommitId[];
}

/**
 * Lists the commits that `to` descends from (itself included) and `from` does not, parents first, as `git rev-list
 * --reverse --topo-order from..to`. With `firstParent` only first parents are followed. Throws REPOSITORY_CORRUPT, and
 * REPOSITORY_UNSUPPORTED in a shallow clone that was cut on the way.
 */
export async function historyBetween(
  repository: Repository,
  from: CommitId,
  to: CommitId,
  { firstParent = false }: { firstParent?: boolean } = {},
): Promise<HistoryCommit[]> {
  const known = new Set((await walk(repository, from, new Set(), false)).map(({ id }) => id));
  return walk(repository, to, known, firstParent);
}

/** Everything that leads to a commit but for what is known, parents first. Without recursion: histories are long. */
async function walk(
  repository: Repository,
  start: CommitId,
  known: ReadonlySet<CommitId>,
  firstParent: boolean,
): Promise<HistoryCommit[]> {
  const found: HistoryCommit[] = [];
  const seen = new Set<CommitId>(known);
  const pending: { id: CommitId; parents?: readonly CommitId[] }[] = [{ id: start }];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const { id } = step;
    if (step.parents) {
      found.push({ id, parents: step.parents });
      continue;
    }
    if (seen.has(id)) continue;
    seen.add(id);
    if (repository.cut.has(id)) throw cutHistory(repository, `go back beyond commit ${id.slice(0, 10)}`);
    const { parents: all } = await readCommit(repository, id);
    const parents = firstParent ? all.slice(0, 1) : all;
    pending.push({ id, parents }, ...[...parents].reverse().map((parent) => ({ id: parent })));
  }
  return found;
}
