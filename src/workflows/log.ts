/** Owns `bankai log`: the history with the patches that came and went. */
import { countPatchFlips } from '../patch/patch.js';
import type { PatchId } from '../patch/ids.js';
import { listBranches, readHead } from '../repo/branch.js';
import type { CommitId } from '../repo/ids.js';
import { type LogEntry, readLog, readLogEntries } from '../repo/log.js';
import type { Signature } from '../repo/object.js';
import { composeCommit } from '../repo/compose.js';
import { locateStack } from '../repo/resolve.js';
import type { Repository } from '../repo/repository.js';
import { patchAt } from '../repo/state.js';
import { listTags } from '../repo/tag.js';
import { topologicalOrder } from '../repo/topological-order.js';
import { openWorkspace } from './workspace.js';

/**
 * Lists the commits that lead to a stack, newest first, or `byLines`, as they are drawn: one line of the history after the
 * other. Throws UNKNOWN_REVISION, STACK_SYNTAX.
 */
export async function log(
  directory: string,
  expression: string,
  { limit, byLines = false }: { limit?: number | undefined; byLines?: boolean } = {},
) {
  const { repository } = await openWorkspace(directory);
  const from = await composeCommit(repository, await locateStack(repository, expression));
  const entries = byLines
    ? await readLogEntries(repository, (await topologicalOrder(repository, from)).slice(0, limit))
    : await readLog(repository, from, limit === undefined ? {} : { limit });
  const refs = await refsByCommit(repository);
  const flips = new Map<PatchId, number>();
  const withFlips = ({ blobs }: LogEntry, ids: readonly PatchId[]) =>
    ids.map((id) => {
      const known = flips.get(id) ?? countPatchFlips(patchAt(repository, id, blobs.get(id) ?? ''));
      flips.set(id, known);
      return { id, flips: known };
    });
  return entries.map((entry) => ({
    commit: entry.id,
    parents: entry.parents,
    author: `${entry.author.name} <${entry.author.email}>`,
    date: isoDate(entry.author),
    message: entry.message.trimEnd(),
    patchesAdded: withFlips(entry, entry.patchesAdded),
    patchesRemoved: withFlips(entry, entry.patchesRemoved),
    refs: refs.get(entry.id) ?? [],
  }));
}

async function refsByCommit(repository: Repository): Promise<Map<CommitId, string[]>> {
  const head = await readHead(repository);
  const refs = new Map<CommitId, string[]>();
  const add = (commit: CommitId, name: string) => refs.set(commit, [...(refs.get(commit) ?? []), name]);
  add(head.commit, head.branch === undefined ? 'HEAD' : `HEAD -> ${head.branch}`);
  for (const { name, commit } of await listBranches(repository)) if (name !== head.branch) add(commit, name);
  for (const { name, commit } of await listTags(repository)) add(commit, `tag: ${name}`);
  return refs;
}

/** A commit's time as ISO 8601 with the author's own offset; git counts minutes west of UTC. */
export function isoDate({ timestamp, timezoneOffset }: Signature): string {
  const local = new Date((timestamp - timezoneOffset * 60) * 1000).toISOString().slice(0, 19);
  const minutes = Math.abs(timezoneOffset);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${timezoneOffset > 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
