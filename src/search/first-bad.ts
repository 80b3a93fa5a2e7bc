/** Owns the binary search over a history: the first commit that is bad, in as few tests as can be (as `git bisect`). */

/** A commit of the history searched. Parents outside of it are good. */
export interface HistoryNode<Id> {
  readonly id: Id;
  readonly parents: readonly Id[];
}

/**
 * Finds a node that is bad while all of its parents are good or came out as good by what was tested. `bad` is known to be
 * bad and descends from every node. Each test divides what is left as evenly as the shape of the history lets it: at most
 * ⌈log₂ n⌉ tests of a line of n nodes. Nodes are given parents first; of equal divisions the earlier node's is taken.
 */
export async function findFirstBad<Id>(
  nodes: readonly HistoryNode<Id>[],
  bad: Id,
  isBad: (id: Id) => Promise<boolean>,
): Promise<Id> {
  const parentsOf = new Map(nodes.map(({ id, parents }) => [id, parents]));
  let left = nodes.map(({ id }) => id);
  let first = bad;
  while (left.length > 1) {
    const candidates = new Set(left);
    const middle = mostEven(left, first, (id) => ancestors(id, parentsOf, candidates));
    const below = ancestors(middle, parentsOf, candidates);
    if (await isBad(middle)) {
      first = middle;
      left = left.filter((id) => below.has(id));
    } else {
      left = left.filter((id) => !below.has(id));
    }
  }
  return first;
}

function mostEven<Id>(left: readonly Id[], first: Id, ancestorsOf: (id: Id) => ReadonlySet<Id>): Id {
  let best = { id: first, share: 0 };
  for (const id of left) {
    if (id === first) continue;
    const { size } = ancestorsOf(id);
    const share = Math.min(size, left.length - size);
    if (share > best.share) best = { id, share };
    // No other can do better.
    if (share === Math.floor(left.length / 2)) break;
  }
  return best.id;
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
