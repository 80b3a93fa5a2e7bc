/** Owns the order in which `git log --graph` tells a history: children first, and one line of it after the other. */
import { historyOf } from './history.js';
import type { CommitId } from './ids.js';
import type { Repository } from './repository.js';

/** Lists a commit and its ancestors in git's `--topo-order`. Throws REPOSITORY_CORRUPT. */
export async function topologicalOrder(repository: Repository, from: CommitId): Promise<CommitId[]> {
  const commits = new Map((await historyOf(repository, [from])).map((commit) => [commit.id, commit]));
  const children = new Map<CommitId, number>();
  for (const { parents } of commits.values()) {
    for (const parent of parents) children.set(parent, (children.get(parent) ?? 0) + 1);
  }
  const order: CommitId[] = [];
  // What was met last goes on: the last parent of a merge before the first.
  const waiting = [from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    order.push(id);
    for (const parent of commits.get(id)?.parents ?? []) {
      const left = (children.get(parent) ?? 0) - 1;
      children.set(parent, left);
      if (left === 0 && commits.has(parent)) waiting.push(parent);
    }
  }
  return order;
}
