/** Owns which remote-tracking branch a branch follows, as git's configuration says. */
import { readSettings } from './git-config.js';
import type { Repository } from './repository.js';

/** Finds the ref that a branch (`refs/heads/calc`) follows; undefined when it follows none. */
export function upstreamOf(repository: Repository, ref: string): string | undefined {
  const settings = readSettings(repository);
  const branch = ref.replace(/^refs\/heads\//, '');
  const remote = settings.get(`branch.${branch}.remote`);
  const merge = settings.get(`branch.${branch}.merge`);
  if (branch === ref || remote === undefined || merge === undefined) return undefined;
  if (remote === '.') return merge;
  const [, from, to] = /^\+?([^:]*)\*:([^:]*)\*$/.exec(settings.get(`remote.${remote}.fetch`) ?? '') ?? [];
  return from !== undefined && merge.startsWith(from) ? to + merge.slice(from.length) : undefined;
}
