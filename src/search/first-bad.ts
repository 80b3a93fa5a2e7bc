/** Owns the binary search over a history: the first commit that is bad, in as few tests as can be (as `git bisect`). */

/** A commit of the history searched. Parents outside of it are good. */
export interface HistoryNode<Id> {
  readonly id: Id;
  readonly parents: readonly Id[];
  /** Suspects inside it, of which one is looked for next: 1 unless given. */
  readonly suspects?: number;
}

/**
 * Finds a node that is bad while all of its parents are good or came out as good by what was tested. `bad` is known to be
 * bad and descends from every node. Each test divides the suspects that are left as evenly as the shape of the history
 * lets it: at most ⌈log₂ n⌉ tests of a line of n nodes with one each. Where a node has many, the search among these comes
 * nearly for free: on a line both together take at most ⌈log₂⌉ of all suspects, and two. Nodes are given parents first; of
 * equal divisions the earlier node's is taken.
 */
export async function findFirstBad<Id>(
  nodes: readonly HistoryNode<Id>[],
  bad: Id,
  isBad: (id: Id) => Promise<boolean>,
): Promise<Id> {
  const parentsOf = new Map(nodes.map(({ id, parents }) => [id, parents]));
  const suspectsOf = new Map(nodes.map(({ id, suspects = 1 }) => [id, suspects]));
  const count = (ids: Iterable<Id>): number => [...ids].reduce((sum, id) => sum + (suspectsOf.get(id) ?? 0), 0);
  let left = nodes.map(({ id }) => id);
  let first = bad;
  while (left.length > 1) {
    const candidates = new Set(left);
    const total = count(left);
    let middle = { below: candidates, share: -1, id: first };
    for (const id of left) {
      if (id === first) continue;
      const below = ancestors(id, parentsOf, candidates);
      const suspects = count(below);
      const share = Math.min(suspects, total - suspects);
      if (share > middle.share) middle = { below, share, id };
      // No other can do better.
      if (share === Math.floor(total / 2)) break;
    }
    const isMiddleBad = await isBad(middle.id);
    if (isMiddleBad) first = middle.id;
    left = left.filter((id) => middle.below.has(id) === isMiddleBad);
  }
  return first;
}

/** A node and all that it descends from, of the candidates. */
function ancestors<Id>(from: Id, parentsOf: ReadonlyMap<Id, readonly Id[]>, candidates: ReadonlySet<Id>): Set<Id> {
  const found = new Set<Id>([from]);
  const pending = [from];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    for (const parent of parentsOf.get(id) ?? []) {
      if (!candidates.has(parent) || found.has(parent)) continue;
      found.add(parent);
      pending.push(parent);
    }
  }
  return found;
}
