/** Owns how git's messages call a revision: `branch 'calc'`, `tag 'v1'`, `commit '9d2b17'`. */
import type { CommitId } from '../repo/ids.js';
import { resolveRef } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';

/** Names what somebody typed for a commit. */
export function refName(repository: Repository, typed: string, commit: CommitId): string {
  if (typed === 'HEAD' || /[~^@:\s]/.test(typed)) return `commit '${typed}'`;
  if (resolveRef(repository, `refs/heads/${typed}`) === commit) return `branch '${typed}'`;
  if (resolveRef(repository, `refs/tags/${typed}`) !== undefined) return `tag '${typed}'`;
  if (resolveRef(repository, `refs/remotes/${typed}`) === commit) return `remote-tracking branch '${typed}'`;
  return `commit '${typed}'`;
}
