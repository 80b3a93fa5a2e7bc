/** Owns `bankai merge --search`: after the merge, a small patch on top that mends what stacking lost. */
import { BankaiError, SearchError } from '../errors.js';
import { readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { resolveStack } from '../repo/resolve.js';
import { readEvidence, readState } from '../repo/state.js';
import type { Budget } from '../search/stopping.js';
import type { SearchProgress } from '../search/strategy.js';
import { commit, type CommitOutcome, type ProbeFile } from './commit.js';
import { openSigner } from './commit-tree.js';
import { judgeEvidence } from './evidence.js';
import { merge, type MergeOutcome, type MergeRequest } from './merge.js';
import type { Recorder } from './record.js';
import { openWorkspace } from './workspace.js';

export interface MendRequest extends MergeRequest {
  readonly budget: Budget;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SearchProgress) => void;
}

export interface MendOutcome extends MergeOutcome {
  /** The patch on top; null where the search gained nothing. */
  readonly mend: CommitOutcome | null;
}

/**
 * Merges a stack into HEAD and then searches a patch on top, with all probes and controls that the patches of both sides
 * were searched with. Throws PROBES_UNUSABLE where none was, and what `merge` throws, before anything is changed; then
 * what `commit` throws: the merge stays.
 */
export async function mergeAndSearch(
  directory: string,
  request: MendRequest,
  recorder: Recorder,
): Promise<MendOutcome> {
  const { stack, budget, threads, signal, onProgress } = request;
  const { probes, controls } = await probesOfBoth(directory, stack);
  const signer = await openSigner(recorder);
  const merged = await merge(directory, request, { ...recorder, signer });
  try {
    const searching = {
      ...{ probes, controls, threads, seed: 1, budget },
      ...({ strategy: 'guided', fitness: 'answer' } as const),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    };
    const message = `Mend what merging ${merged.stack} lost`;
    return { ...merged, mend: await commit(directory, { message, ...searching }, { ...recorder, signer }) };
  } catch (error) {
    if (error instanceof BankaiError && error.code === 'NOTHING_TO_COMMIT') return { ...merged, mend: null };
    throw error;
  }
}

/** The files that the patches of HEAD and of a stack were searched with, each once. What was searched for is no control. */
async function probesOfBoth(directory: string, expression: string) {
  const { repository, state } = await openWorkspace(directory);
  const stack = await resolveStack(repository, expression);
  const sides = [(await readHead(repository)).commit, await composeCommit(repository, stack)];
  const found = { search: new Map<string, ProbeFile>(), control: new Map<string, ProbeFile>() };
  for (const side of sides) {
    for (const id of await readState(repository, side)) {
      const files = await readEvidence(repository, side, id);
      const bytesOf = new Map(files.flatMap(({ kind, digest, bytes }) => (kind === 'probes' ? [[digest, bytes]] : [])));
      for (const check of judgeEvidence(files, id, state.weightsId).statements) {
        if ('error' in check || check.statement.kind !== 'search') continue;
        for (const { role, name, sha256 } of check.statement.predicate.probes) {
          const bytes = bytesOf.get(sha256);
          if (bytes) found[role].set(sha256, { name, bytes });
        }
      }
    }
  }
  for (const digest of found.search.keys()) found.control.delete(digest);
  if (found.search.size === 0) throw neverSearched(stack.expression);
  return { probes: [...found.search.values()], controls: [...found.control.values()] };
}

function neverSearched(stack: string): SearchError {
  return new SearchError('PROBES_UNUSABLE', `Neither HEAD nor ${stack} has a patch with the probes of its search`, {
    hint: 'Merge without --search, and then use "bankai commit" with probes of your own.',
    data: { stack },
  });
}
