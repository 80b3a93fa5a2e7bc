/** Owns the history as people read it: commits, and the patches each one added or removed. */
import type { PatchId } from '../patch/ids.js';
import { reportingAtOnce } from './git-error.js';
import { walkHistory } from './history.js';
import type { CommitId, ObjectId } from './ids.js';
import { type Commit, commitAt } from './object.js';
import type { Repository } from './repository.js';
import { patchAtPath } from './state.js';
import { differingEntries } from './raw-tree.js';
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
  const read = treeReader(repository);
  for (const commit of walkHistory(repository, from)) {
    if (entries.length === limit) break;
    entries.push(entryOf(repository, commit, read));
  }
  return entries;
}

/** Reads commits with what each added and removed, in the order given. Throws REPOSITORY_CORRUPT. */
export async function readLogEntries(repository: Repository, ids: readonly CommitId[]): Promise<LogEntry[]> {
  const read = treeReader(repository);
  return ids.map((id) => entryOf(repository, commitAt(repository, id), read));
}

/** Reads one commit with what it added and removed. Throws REPOSITORY_CORRUPT. */
export const readLogEntry = async (repository: Repository, id: CommitId): Promise<LogEntry> =>
  (await readLogEntries(repository, [id]))[0];

function entryOf(repository: Repository, commit: Commit, read: TreeReader): LogEntry {
  const parent = commit.parents.length > 0 ? commitAt(repository, commit.parents[0]) : undefined;
  return reportingAtOnce(
    () => `compare commit ${commit.id} with its parent`,
    () => {
      const before: (readonly [PatchId, ObjectId])[] = [];
      const after: (readonly [PatchId, ObjectId])[] = [];
      const [old, wanted] = [patchesTree(read, parent?.tree), patchesTree(read, commit.tree)];
      for (const { path, side, oid } of differingFiles(read, old, wanted, 'patches/')) {
        const patch = patchAtPath(path);
        if (patch !== undefined) (side === 'before' ? before : after).push([patch, oid]);
      }
      const only = (side: typeof before, other: typeof before) => {
        if (side.length === 0 || other.length === 0) return side;
        const there = new Map(other);
        return side.filter(([patch]) => !there.has(patch));
      };
      const [came, went] = [only(after, before), only(before, after)];
      return {
        ...commit,
        patchesAdded: came.map(([patch]) => patch).sort(),
        patchesRemoved: went.map(([patch]) => patch).sort(),
        blobs: new Map([...came, ...went]),
      };
    },
  );
}

type TreeReader = (oid: ObjectId | undefined) => Buffer;

const NO_ENTRIES = Buffer.alloc(0);

/** Trees that are remembered: what a commit has, the next one of the history has too. */
const TREES_KEPT = 512;

function treeReader(repository: Repository): TreeReader {
  const kept = new Map<ObjectId, Buffer>();
  return (oid) => {
    if (oid === undefined) return NO_ENTRIES;
    const content = kept.get(oid) ?? readObjectOf(repository, oid, 'tree');
    if (kept.size >= TREES_KEPT) kept.clear();
    kept.set(oid, content);
    return content;
  };
}

interface DifferingFile {
  readonly path: string;
  readonly side: 'before' | 'after';
  readonly oid: ObjectId;
}

/** Lists the files that two trees do not share, below a path. Equal subtrees are not read. */
function differingFiles(
  read: TreeReader,
  before: ObjectId | undefined,
  after: ObjectId | undefined,
  prefix: string,
): DifferingFile[] {
  if (before === after) return [];
  const entries = differingEntries(read(before), read(after));
  const trees = new Map<string, { before?: ObjectId; after?: ObjectId }>();
  for (const { name, isTree, side, oid } of entries) if (isTree) trees.set(name, { ...trees.get(name), [side]: oid });
  return [
    ...entries.flatMap(({ name, isTree, side, oid }) => (isTree ? [] : [{ path: prefix + name, side, oid }])),
    ...[...trees].flatMap(([name, tree]) => differingFiles(read, tree.before, tree.after, `${prefix}${name}/`)),
  ];
}

function patchesTree(read: TreeReader, tree: ObjectId | undefined): ObjectId | undefined {
  const entry = differingEntries(NO_ENTRIES, read(tree)).find(({ name }) => name === 'patches');
  return entry?.isTree === true ? entry.oid : undefined;
}
