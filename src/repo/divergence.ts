/** Owns the question how far two commits have gone since their histories were one. */
import type { CommitId } from './ids.js';
import { type Commit, readCommit } from './object.js';
import type { Repository } from './repository.js';

/** Commits that only one of two sides has. */
export interface Divergence {
  readonly ahead: number;
  readonly behind: number;
}

const [OURS, THEIRS] = [1, 2];
const BOTH = OURS | THEIRS;

/**
 * Counts the commits that only `ours` reaches, and those that only `theirs` does, as `git rev-list --left-right --count
 * ours...theirs`. Goes back no further than to where both meet; as with git, clocks that went backwards may mislead it.
 * Throws REPOSITORY_CORRUPT.
 */
export async function divergence(repository: Repository, ours: CommitId, theirs: CommitId): Promise<Divergence> {
  if (ours === theirs) return { ahead: 0, behind: 0 };
  const sides = new Map<CommitId, number>();
  // Ascending in time: the newest is looked at first.
  const waiting: Commit[] = [];
  /** Of those that wait, the ones that not both sides reach. */
  const open = new Set<CommitId>();
  const reach = async (id: CommitId, side: number): Promise<void> => {
    const before = sides.get(id) ?? 0;
    if ((before | side) === before) return;
    sides.set(id, before | side);
    if ((before | side) === BOTH) open.delete(id);
    else open.add(id);
    if (waiting.some((commit) => commit.id === id)) return;
    const commit = await readCommit(repository, id);
    let at = waiting.length;
    while (at > 0 && waiting[at - 1].committer.timestamp >= commit.committer.timestamp) at--;
    waiting.splice(at, 0, commit);
  };
  await reach(ours, OURS);
  await reach(theirs, THEIRS);
  while (open.size > 0) {
    const { id, parents } = waiting.pop() as Commit;
    open.delete(id);
    for (const parent of parents) await reach(parent, sides.get(id) as number);
  }
  const count = (side: number): number => [...sides.values()].filter((each) => each === side).length;
  return { ahead: count(OURS), behind: count(THEIRS) };
}
