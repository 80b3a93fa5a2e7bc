/** Owns the history as people read it: commits, and the patches each one added or removed. */
import type { PatchId } from '../patch/ids.js';
import { reporting } from './git-error.js';
import { walkHistory } from './history.js';
import type { CommitId, ObjectId } from './ids.js';
import { type Commit, readCommit } from './object.js';
import type { Repository } from './repository.js';
import { patchAtPath } from './state.js';
import { differingEntries } from './raw-tree.js';
import { readObjectOf } from './read-object.js';
import { readTree } from './tree.js';

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
  for await (const { id } of walkHistory(repository, from)) {
    if (entries.length === limit) break;
    entries.push(await readLogEntry(repository, id, read));
  }
  return entries;
}

/** Reads one commit with what it added and removed. Throws REPOSITORY_CORRUPT. */
export async function readLogEntry(
  repository: Repository,
  id: CommitId,
  read = treeReader(repository),
): Promise<LogEntry> {
  const commit = await readCommit(repository, id);
  const parent = commit.parents.length > 0 ? await readCommit(repository, commit.parents[0]) : undefined;
  return reporting(`compare commit ${id} with its parent`, async () => {
    const [before, after] = await Promise.all([
      patchesTree(repository, parent?.tree),
      patchesTree(repository, commit.tree),
    ]);
    const files = differingFiles(read, before, after, 'patches/');
    const [removed, added] = (['before', 'after'] as const).map(
      (side) => new Map(files.flatMap((file) => (file.side === side ? [[file.path, file.oid] as const] : []))),
    );
    const only = (side: typeof added, other: typeof added) =>
      [...side].flatMap(([path, oid]): [PatchId, ObjectId][] => {
        const patch = other.has(path) ? undefined : patchAtPath(path);
        return patch === undefined ? [] : [[patch, oid]];
      });
    const [came, went] = [only(added, removed), only(removed, added)];
    return {
      ...commit,
      patchesAdded: came.map(([patch]) => patch).sort(),
      patchesRemoved: went.map(([patch]) => patch).sort(),
      blobs: new Map([...came, ...went]),
    };
  });
}

type TreeReader = (oid: ObjectId | undefined) => Buffer;

/** Trees that are remembered: what a commit has, the next one of the history has too. */
const TREES_KEPT = 512;

function treeReader(repository: Repository): TreeReader {
  const kept = new Map<ObjectId, Buffer>();
  return (oid) => {
    if (oid === undefined) return Buffer.alloc(0);
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

async function patchesTree(repository: Repository, tree: ObjectId | undefined): Promise<ObjectId | undefined> {
  const entry = (await readTree(repository, tree)).get('patches');
  return entry?.type === 'tree' ? entry.oid : undefined;
}
