/**
 * Owns the three-way merge of trees: what one side changed since the base, done to the other side too. Patches and their
 * evidence lie under content-addressed paths, so for them that is set arithmetic and there is nothing to ask anybody.
 */
import { RepositoryError } from '../errors.js';
import { reporting } from './git-error.js';
import type { CommitId, ObjectId } from './ids.js';
import { mergeBases } from './merge-base.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { changeTree, diffTrees, type TreeChanges, type TreeDifference, type TreeEntry } from './tree.js';

/** What to do where both sides changed one file, each in its own way. */
type OnConflict = 'refuse' | 'ours';

/**
 * Writes the tree that `ours` becomes when what leads from `base` to `theirs` is done to it. Throws MERGE_CONFLICT naming
 * the files that both sides changed, each in its own way: none of them can be a patch's.
 */
export async function mergeTrees(
  repository: Repository,
  base: ObjectId | undefined,
  ours: ObjectId,
  theirs: ObjectId,
): Promise<ObjectId> {
  return reporting('merge trees', () => merge(repository, { base, ours, theirs }, 'refuse'));
}

/**
 * Writes the tree of the merge of two commits as git's own merge would: since their merge base or, where there are
 * several, since the merge of these. Throws MERGE_CONFLICT, also for histories that have no commit in common.
 */
export async function mergeCommits(repository: Repository, ours: CommitId, theirs: CommitId): Promise<ObjectId> {
  const [side, other] = [await nodeOf(repository, ours), await nodeOf(repository, theirs)];
  return reporting(`merge ${theirs}`, () => mergeNodes(repository, side, other, 'refuse'));
}

/** A commit, or the merge of several merge bases, which is never written. */
interface Node {
  readonly heads: readonly CommitId[];
  readonly tree: ObjectId;
}

const nodeOf = async (repository: Repository, commit: CommitId): Promise<Node> => ({
  heads: [commit],
  tree: (await readCommit(repository, commit)).tree,
});

async function mergeNodes(repository: Repository, ours: Node, theirs: Node, onConflict: OnConflict): Promise<ObjectId> {
  const bases = await mergeBases(repository, ours.heads, theirs.heads);
  if (bases.length === 0) throw unrelated();
  let base = await nodeOf(repository, bases[0]);
  for (const id of bases.slice(1)) {
    const next = await nodeOf(repository, id);
    const tree = await mergeNodes(repository, base, next, 'ours');
    base = { heads: [...base.heads, ...next.heads], tree };
  }
  return merge(repository, { base: base.tree, ours: ours.tree, theirs: theirs.tree }, onConflict);
}

interface Sides {
  readonly base: ObjectId | undefined;
  readonly ours: ObjectId;
  readonly theirs: ObjectId;
}

async function merge(repository: Repository, { base, ours, theirs }: Sides, onConflict: OnConflict): Promise<ObjectId> {
  const [here, there] = [await diffTrees(repository, base, ours), await diffTrees(repository, base, theirs)];
  const ownOf = new Map(here.map((difference) => [difference.path, difference]));
  const changes = new Map<string, TreeEntry | undefined>();
  const conflicts: string[] = [];
  for (const { path, after } of there) {
    const own = ownOf.get(path);
    if (own === undefined) changes.set(path, after);
    else if (!sameEntry(own.after, after)) conflicts.push(path);
  }
  conflicts.push(...inTheWay(here, there), ...inTheWay(there, here));
  if (conflicts.length > 0 && onConflict === 'refuse') throw conflict(conflicts.sort());
  return changeTree(repository, ours, changes satisfies TreeChanges);
}

const sameEntry = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean =>
  a?.oid === b?.oid && a?.mode === b?.mode;

/** Files that one side has where the other one has a folder. */
function inTheWay(files: readonly TreeDifference[], others: readonly TreeDifference[]): string[] {
  const added = new Set(files.filter(({ after }) => after).map(({ path }) => path));
  return others
    .filter(({ after }) => after)
    .flatMap(({ path }) => {
      const parts = path.split('/');
      return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
    })
    .filter((folder) => added.has(folder));
}

function conflict(paths: readonly string[]): RepositoryError {
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return new RepositoryError('MERGE_CONFLICT', `Both sides changed ${paths.slice(0, 3).join(', ')}${more}`, {
    hint: 'Patches cannot conflict, but other files can. Merge with "git merge", then "bankai checkout HEAD".',
    data: { paths },
  });
}

function unrelated(): RepositoryError {
  return new RepositoryError('MERGE_CONFLICT', 'The two histories have no commit in common', {
    hint: 'Bring single patches over with "bankai cherry-pick", or merge with "git merge --allow-unrelated-histories".',
  });
}
