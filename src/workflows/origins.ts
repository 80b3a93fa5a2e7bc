/** Owns where patches come from: the commit that brought each into a history. */
import type { PatchId } from '../patch/ids.js';
import type { CommitId } from '../repo/ids.js';
import { type LogEntry, readLog } from '../repo/log.js';
import type { Repository } from '../repo/repository.js';

/**
 * Finds the commits that added the patches of a history: the newest one, if a patch was removed and came back. A merge
 * brings what its other parents have, so it counts only for what no other commit of the history added. Throws
 * REPOSITORY_CORRUPT.
 */
export async function originsOf(repository: Repository, commit: CommitId): Promise<Map<PatchId, LogEntry>> {
  const origins = new Map<PatchId, LogEntry>();
  for (const entry of (await readLog(repository, commit)).reverse()) {
    for (const id of entry.patchesAdded) {
      if (entry.parents.length < 2 || !origins.has(id)) origins.set(id, entry);
    }
  }
  return origins;
}
