/** Owns `bankai pull`: what a remote has is fetched, verified and merged; the working model follows. */
import { RemoteError, RepositoryError } from '../errors.js';
import { readHead } from '../repo/branch.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { findRemote } from '../repo/remotes.js';
import { trackingRef } from '../repo/upstream.js';
import { changeOnly, changeWithoutModel } from './change-refs.js';
import { fetchFrom, type FetchOutcome, type RemoteOptions } from './fetch.js';
import { mergeInto, type MergeOutcome, type MergeRequest } from './merge.js';
import type { Recorder } from './record.js';
import { currentUpstream } from './upstream.js';
import { changeWorkspace } from './workspace.js';

export interface PullRequest {
  /** By default what the current branch follows. */
  readonly remote?: string;
  /** Its branch, by name. */
  readonly branch?: string;
  readonly fastForward?: MergeRequest['fastForward'];
}

export interface PullOutcome extends MergeOutcome {
  readonly fetched: FetchOutcome;
}

/** Pulls. Throws NO_UPSTREAM, REMOTE_UNKNOWN, UNKNOWN_REVISION, REMOTE_UNSUPPORTED, and as `fetchFrom` and `merge`. */
export async function pull(
  directory: string,
  { remote: name, branch: wanted, fastForward }: PullRequest,
  recorder: Recorder,
  options: RemoteOptions,
): Promise<PullOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    assertNothingInProgress(repository);
    const upstream =
      name !== undefined && wanted !== undefined
        ? { remote: name, ref: `refs/heads/${wanted}`, branch: (await readHead(repository)).branch }
        : await currentUpstream(repository);
    const remote = await findRemote(repository, name ?? upstream.remote);
    const { outcome: fetched, advertised, refs, note } = await fetchFrom(repository, remote, {}, recorder, options);
    await changeWithoutModel(workspace, { refs, note });
    // What the merge does and what was fetched are one operation; without a merge that alone.
    const fetching = () => changeOnly({ ...workspace, earlier: refs }, `pull: ${remote.name}`, {});
    const left = fetched.ignored.find(({ ref }) => ref === upstream.ref);
    if (left) {
      await fetching();
      throw unusable(remote.name, left);
    }
    const place = trackingRef(remote.fetch, upstream.ref);
    // What we remember of a branch that is no more over there is not what is there.
    if (place === undefined || !advertised.refs.has(upstream.ref)) {
      await fetching();
      throw new RepositoryError('UNKNOWN_REVISION', `${remote.name} has no branch "${shortName(upstream.ref)}"`, {
        hint: 'It may be no more over there. Name another one: bankai pull REMOTE BRANCH.',
        data: { name: upstream.ref },
      });
    }
    const into = upstream.branch === 'main' || upstream.branch === 'master' ? '' : ` into ${upstream.branch ?? 'HEAD'}`;
    const request: MergeRequest = {
      stack: place.replace(/^refs\/remotes\//, ''),
      ...(fastForward !== undefined && { fastForward }),
      message: `Merge branch '${shortName(upstream.ref)}' of ${fetched.url}${into}`,
    };
    try {
      const merged = await mergeInto({ ...workspace, earlier: refs }, request, recorder);
      if (merged.result === 'up-to-date') await fetching();
      return { ...merged, fetched };
    } catch (error) {
      await fetching();
      throw error;
    }
  });
}

/** What was left alone is not what we have of it from before. */
function unusable(remote: string, { ref, reason }: FetchOutcome['ignored'][number]): RemoteError {
  return new RemoteError('REMOTE_UNSUPPORTED', `Cannot use branch "${shortName(ref)}" of ${remote}: ${reason}`, {
    hint: 'Your branch was not changed. Ask whoever looks after the remote, or name another branch.',
    data: { ref, reason },
  });
}

const shortName = (ref: string): string => ref.replace(/^refs\/heads\//, '');
