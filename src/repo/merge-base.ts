/** Owns the question where two histories last were one: git's merge bases. */
import { historyOf } from './history.js';
import type { CommitId } from './ids.js';
import type { Repository } from './repository.js';
import { cutHistory } from './shallow.js';

/**
 * Finds the best common ancestors of two commits, as `git merge-base --all`: those that no other common ancestor descends
 * from, oldest first. Each side may be several commits, which stand for a merge of them that was never written. Throws
 * REPOSITORY_CORRUPT, and REPOSITORY_UNSUPPORTED where a shallow clone was cut before one.
 */
export async function mergeBases(
  repository: Repository,
  ours: readonly CommitId[],
  theirs: readonly CommitId[],
): Promise<CommitId[]> {
  const reached = new Set((await historyOf(repository, ours)).map(({ id }) => id));
  const common = (await historyOf(repository, theirs)).filter(({ id }) => reached.has(id));
  if (common.length === 0 && repository.cut.size > 0) throw cutHistory(repository, 'find where the histories part');
  const surpassed = new Set(common.flatMap(({ parents }) => parents));
  return common
    .filter(({ id }) => !surpassed.has(id))
    .sort((a, b) => a.committer.timestamp - b.committer.timestamp)
    .map(({ id }) => id);
}
