/** Owns the history as people read it: commits, and the patches each one added or removed. */
import type { PatchId } from '../patch/ids.js';
import { reportingAtOnce } from './git-error.js';
import { walkHistory } from './history.js';
import type { CommitId, ObjectId } from './ids.js';
import { type Commit, commitAt } from './object.js';
import type { Repository } from './repository.js';
import { patchAtPath } from './state.js';
import { createMemory } from './memory.js';
import { differingEntries, findTree, type RawEntry } from './raw-tree.js';
import { readObjectOf } from './read-object.js';

/** A commit, and how its state differs from its first parent's. */
export interface LogEntry extends Commit {
  readonly patchesAdded: readonly PatchId[];
  readonly patchesRemoved: readonly PatchId[];
  /** The files of these patches. */
  readonly blobs: ReadonlyMap<PatchId, ObjectId>;
}

/** Lists the commits that `from` descends from, itself first, newest first; at most `limit`. Throws REPOSITORY_CORRUPT. */
export async function readLog(
  repository: Repository,
  from: CommitId,
  { limit }: { limit?: number } = {},
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  const trees = openTrees(repository);
  for (const commit of walkHistory(repository, from)) {
    if (entries.length === limit) break;
    entries.push(entryOf(repository, commit, trees));
  }
  return entries;
}

/** Reads commits with what each added and removed, in the order given. Throws REPOSITORY_CORRUPT. */
export async function readLogEntries(repository: Repository, ids: readonly CommitId[]): Promise<LogEntry[]> {
  const trees = openTrees(repository);
  return ids.map((id) => entryOf(repository, commitAt(repository, id), trees));
}

/** Reads one commit with what it added and removed. Throws REPOSITORY_CORRUPT. */
export const readLogEntry = async (repository: Repository, id: CommitId): Promise<LogEntry> =>
  (await readLogEntries(repository, [id]))[0];

function entryOf(repository: Repository, commit: Commit, trees: Trees): LogEntry {
  const parent = commit.parents.length > 0 ? commitAt(repository, commit.parents[0]) : undefined;
  return reportingAtOnce(
    () => `compare commit ${commit.id} with its parent`,
    () => {
      const [before, after] = [new Map<PatchId, ObjectId>(), new Map<PatchId, ObjectId>()];
      const take = (patch: PatchId, side: RawEntry['side'], oid: ObjectId) =>
        (side === 'before' ? before : after).set(patch, oid);
      differingPatches(trees, parent && trees.patchesOf(parent.tree), trees.patchesOf(commit.tree), take);
      const came = [...after].filter(([patch]) => !before.has(patch));
      const went = [...before].filter(([patch]) => !after.has(patch));
      return {
        ...commit,
        patchesAdded: came.map(([patch]) => patch).sort(),
        patchesRemoved: went.map(([patch]) => patch).sort(),
        blobs: new Map([...came, ...went]),
      };
    },
  );
}

/** Trees as bytes, each read once: what a commit has, the next one of the history has too. */
interface Trees {
  read(oid: ObjectId | undefined): Buffer;
  /** The tree `patches` in the tree of a commit. */
  patchesOf(tree: ObjectId): ObjectId | undefined;
}

const NO_ENTRIES = Buffer.alloc(0);

function openTrees(repository: Repository): Trees {
  const contents = createMemory<Buffer>((content) => content.length);
  const patches = new Map<ObjectId, ObjectId | undefined>();
  const read = (oid: ObjectId | undefined): Buffer =>
    oid === undefined ? NO_ENTRIES : contents.recall(oid, () => readObjectOf(repository, oid, 'tree'));
  return {
    read,
    patchesOf(tree) {
      if (!patches.has(tree)) patches.set(tree, findTree(readObjectOf(repository, tree, 'tree'), 'patches'));
      return patches.get(tree);
    },
  };
}

/** Tells of the patches that two trees `patches` do not share, with their files. Equal subtrees are not read. */
function differingPatches(
  { read }: Trees,
  before: ObjectId | undefined,
  after: ObjectId | undefined,
  tell: (patch: PatchId, side: RawEntry['side'], oid: ObjectId) => void,
): void {
  if (before === after) return;
  const folders = new Map<string, { before?: ObjectId; after?: ObjectId }>();
  for (const { name, isTree, side, oid } of differingEntries(read(before), read(after))) {
    if (isTree) folders.set(name, { ...folders.get(name), [side]: oid });
  }
  for (const [folder, sides] of folders) {
    for (const { name, isTree, side, oid } of differingEntries(read(sides.before), read(sides.after))) {
      const patch = isTree ? undefined : patchAtPath(`patches/${folder}/${name}`);
      if (patch !== undefined) tell(patch, side, oid);
    }
  }
}
