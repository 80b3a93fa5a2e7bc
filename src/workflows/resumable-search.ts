/** Owns a search that can be interrupted, even by SIGKILL, and continued to the same result. */
import { SearchError } from '../errors.js';
import type { Repository } from '../repo/repository.js';
import { tapeSearch } from '../search/checkpoint/taped.js';
import type { Ranking } from '../search/ranking.js';
import type { StopReason } from '../search/stopping.js';
import type { SearchProblem, SearchResult, Strategy } from '../search/strategy.js';
import { type Checkpoint, openCheckpoint, type SearchInputs } from './checkpoint.js';

export interface ResumableSearch {
  readonly problem: SearchProblem;
  /** Makes the strategy; its ranking, where it has one, is to go through `taped`. */
  readonly strategy: (taped: (ranking: Ranking) => Ranking) => Strategy;
  /** All that the result depends on, but for the budget. */
  readonly inputs: SearchInputs;
  /** Go on where an earlier process ended. */
  readonly resume: boolean;
}

/** What was found, and the checkpoint that leads there again until it is removed. */
export interface ResumableResult {
  readonly result: SearchResult & { readonly stoppedBy: Exclude<StopReason, 'interrupted'> };
  readonly checkpoint: Checkpoint;
}

/**
 * Searches, or goes on searching, and keeps a checkpoint on the way. Throws INTERRUPTED when the signal ends it, having saved
 * all of it; CHECKPOINT_MISSING, CHECKPOINT_INVALID; and what strategies throw.
 */
export async function searchResumably(repository: Repository, search: ResumableSearch): Promise<ResumableResult> {
  const checkpoint = await openCheckpoint(repository, search.inputs, search);
  const { problem, ranking } = tapeSearch(search.problem, checkpoint.recorded, checkpoint.record);
  const result = await search.strategy(ranking).search(problem);
  const { stoppedBy } = result;
  if (stoppedBy === 'interrupted') throw await interruption({ result, checkpoint });
  return { result: { ...result, stoppedBy }, checkpoint };
}

/** Saves the checkpoint, and makes the error that says how to go on. */
export async function interruption({
  result,
  checkpoint,
}: {
  result: SearchResult;
  checkpoint: Checkpoint;
}): Promise<SearchError> {
  await checkpoint.save();
  const { iterations, flips } = result;
  const enough = flips.length > 0 ? `; with "--resume --iterations ${iterations}" it ends here and is recorded` : '';
  return new SearchError('INTERRUPTED', `Interrupted after ${iterations} trials, with ${flips.length} flips`, {
    hint: `Nothing was changed. The same command with "--resume" goes on from here${enough}.`,
    data: { checkpoint: checkpoint.path, iterations, flips: flips.length },
  });
}
