/** Owns the history as people read it: commits, and the patches each one added or removed. */
import type { PatchId } from '../patch/ids.js';
import { reporting } from './git-error.js';
import { walkHistory } from './history.js';
import type { CommitId, ObjectId } from './ids.js';
import { type Commit, readCommit } from './object.js';
import type { Repository } from './repository.js';
import { patchAtPath } from './state.js';
import { diffTrees, readTree } from './tree.js';

/** A commit, and how its state differs from its first parent's. */
export interface LogEntry extends Commit {
  readonly patchesAdded: readonly PatchId[];
  readonly patchesRemoved: readonly PatchId[];
}

/** Lists the commits that `from` descends from, itself first, newest first; at most `limit`. Throws REPOSITORY_CORRUPT. */
export async function readLog(
  repository: Repository,
  from: CommitId,
  { limit }: { limit?: number } = {},
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const { id } of walkHistory(repository, from)) {
    if (entries.length === limit) break;
    entries.push(await readLogEntry(repository, id));
  }
  return entries;
}

/** Reads one commit with what it added and removed. Throws REPOSITORY_CORRUPT. */
export async function readLogEntry(repository: Repository, id: CommitId): Promise<LogEntry> {
  const commit = await readCommit(repository, id);
  const parent = commit.parents.length > 0 ? await readCommit(repository, commit.parents[0]) : undefined;
  return reporting(`compare commit ${id} with its parent`, async () => {
    const [before, after] = await Promise.all([
      patchesTree(repository, parent?.tree),
      patchesTree(repository, commit.tree),
    ]);
    const differences = await diffTrees(repository, before, after, 'patches/');
    const ids = (side: 'before' | 'after', other: 'before' | 'after') =>
      differences
        .filter((difference) => difference[side] !== undefined && difference[other] === undefined)
        .flatMap(({ path }) => patchAtPath(path) ?? [])
        .sort();
    return { ...commit, patchesAdded: ids('after', 'before'), patchesRemoved: ids('before', 'after') };
  });
}

async function patchesTree(repository: Repository, tree: ObjectId | undefined): Promise<ObjectId | undefined> {
  const entry = (await readTree(repository, tree)).get('patches');
  return entry?.type === 'tree' ? entry.oid : undefined;
}
