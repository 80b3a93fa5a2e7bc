/** Owns `bankai reflog`: where HEAD or a branch was, and what moved it. */
import { RepositoryError } from '../errors.js';
import { readReflog } from '../repo/reflog.js';
import { findRef } from '../repo/revision.js';
import { isoDate } from './log.js';
import { openWorkspace } from './workspace.js';

/** Lists the moves of a ref, newest first, at most so many. Throws UNKNOWN_REVISION for what is no ref. */
export async function reflog(directory: string, name: string, limit?: number) {
  const { repository } = await openWorkspace(directory);
  const ref = findRef(repository, name);
  if (ref === undefined) {
    throw new RepositoryError('UNKNOWN_REVISION', `There is no branch or other ref "${name}"`, {
      hint: 'Use "bankai branch" to list the branches; "bankai reflog" alone is about HEAD.',
      data: { name },
    });
  }
  const entries = readReflog(repository, ref).reverse().slice(0, limit);
  return entries.map(({ from, to, by, message }, index) => ({
    selector: `${name}@{${index}}`,
    ...(to !== undefined && { commit: to }),
    ...(from !== undefined && { previous: from }),
    by: `${by.name} <${by.email}>`,
    date: isoDate(by),
    message,
  }));
}
