/** Owns `bankai merge --search`: after the merge, a small patch on top that mends what stacking lost. */
import { BankaiError, RepositoryError, SearchError } from '../errors.js';
import { readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { descendsFrom } from '../repo/history.js';
import { resolveStack } from '../repo/resolve.js';
import type { Budget } from '../search/stopping.js';
import type { SearchProgress } from '../search/strategy.js';
import { commit, type CommitOutcome, type ProbeFile } from './commit.js';
import { openSigner } from './commit-tree.js';
import { merge, type MergeOutcome, type MergeRequest } from './merge.js';
import type { Recorder } from './record.js';
import { filesSearchedWith } from './searched-with.js';
import { openWorkspace } from './workspace.js';

export interface MendRequest extends MergeRequest {
  readonly budget: Budget;
  readonly threads: number;
  /** Goes on with the search of this merge that was interrupted. */
  readonly resume?: boolean;
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
 * what `commit` throws: the merge stays, and after INTERRUPTED `resume` goes on. CHECKPOINT_MISSING for `resume` before the merge.
 */
export async function mergeAndSearch(
  directory: string,
  request: MendRequest,
  recorder: Recorder,
): Promise<MendOutcome> {
  const { stack, budget, threads, resume = false, signal, onProgress } = request;
  if (resume) await assertMerged(directory, stack);
  const { probes, controls } = await probesOfBoth(directory, stack);
  const signer = await openSigner(recorder);
  const merged = await merge(directory, request, { ...recorder, signer });
  try {
    const searching = {
      ...{ probes, controls, threads, seed: 1, budget, resume },
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
    for (const { role, name, sha256, bytes } of await filesSearchedWith(repository, side, state.weightsId)) {
      if (bytes) found[role].set(sha256, { name, bytes });
    }
  }
  for (const digest of found.search.keys()) found.control.delete(digest);
  if (found.search.size === 0) throw neverSearched(stack.expression);
  // The same before and after the merge: a search is known again by its files, in their order.
  const inOrder = (files: ReadonlyMap<string, ProbeFile>) =>
    [...files]
      .map(([digest, file]) => [`${file.name} ${digest}`, file] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, file]) => file);
  return { probes: inOrder(found.search), controls: inOrder(found.control) };
}

/** Asserts that HEAD has a stack already: a search on top of it can only then have begun. */
async function assertMerged(directory: string, expression: string): Promise<void> {
  const { repository } = await openWorkspace(directory);
  const { commit } = await readHead(repository);
  const theirs = await composeCommit(repository, await resolveStack(repository, expression));
  if (theirs === commit || (await descendsFrom(repository, commit, theirs))) return;
  throw new RepositoryError('CHECKPOINT_MISSING', `There is no search to go on with: ${expression} is not merged yet`, {
    hint: 'Leave --resume out: then it is merged, and searched anew.',
    data: { stack: expression },
  });
}

function neverSearched(stack: string): SearchError {
  return new SearchError('PROBES_UNUSABLE', `Neither HEAD nor ${stack} has a patch with the probes of its search`, {
    hint: 'Merge without --search, and then use "bankai commit" with probes of your own.',
    data: { stack },
  });
}
