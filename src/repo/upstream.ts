/** Owns which remote-tracking branch a branch follows, as git's configuration says. */
import { readEntries } from './git-config.js';
import { parseRefspec, placeOf } from './refspec.js';
import { readUpstream } from './remotes.js';
import type { Repository } from './repository.js';

/** Finds the ref that a branch (`refs/heads/calc`) follows; undefined when it follows none. Throws REPOSITORY_CORRUPT. */
export function upstreamOf(repository: Repository, ref: string): string | undefined {
  const [, branch] = /^refs\/heads\/(.+)$/.exec(ref) ?? [];
  const upstream = branch === undefined ? undefined : readUpstream(repository, branch);
  if (upstream === undefined || upstream.remote === '.') return upstream?.ref;
  const key = `remote.${upstream.remote}.fetch`;
  const specs = readEntries(repository).flatMap(([name, value]) => (name === key ? [value] : []));
  return trackingRef(specs, upstream.ref);
}

/** The place here of a remote's ref, `refs/remotes/origin/main`, by what is fetched from it. Throws REPOSITORY_CORRUPT. */
export const trackingRef = (specs: readonly string[], ref: string): string | undefined =>
  specs.map((spec) => placeOf(parseRefspec(spec), ref)).find((place) => place !== undefined);
