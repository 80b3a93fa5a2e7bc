/** Owns which remote-tracking branch a branch follows, as git's configuration says, and how far it is from it. */
import { type Divergence, divergence } from './divergence.js';
import { reporting } from './git-error.js';
import { readEntries } from './git-config.js';
import { parseRefspec, placeOf } from './refspec.js';
import { asCommitId, type CommitId } from './ids.js';
import { resolveRef } from './refs.js';
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

/** What a branch follows, by the name that git shows (`origin/main`), and how far both are apart. */
export type Tracking = { readonly name: string } & (Divergence | { readonly gone: true });

/** Compares a branch at a commit with what it follows, as far as that is known here; undefined when it follows nothing. */
export async function readTracking(
  repository: Repository,
  branch: string,
  commit: CommitId,
): Promise<Tracking | undefined> {
  return reporting(`compare "${branch}" with what it follows`, async () => {
    const ref = upstreamOf(repository, `refs/heads/${branch}`);
    if (ref === undefined) return undefined;
    const name = ref.replace(/^refs\/(remotes|heads)\//, '');
    const theirs = resolveRef(repository, ref);
    if (theirs === undefined) return { name, gone: true };
    return { name, ...(await divergence(repository, commit, asCommitId(theirs))) };
  });
}
