/** Owns the question which remote is meant where none is named, and what a branch follows. */
import { RemoteError } from '../errors.js';
import { readHead } from '../repo/branch.js';
import { findRemote, listRemotes, readUpstream, type Remote, type Upstream } from '../repo/remotes.js';
import type { Repository } from '../repo/repository.js';

/** The remote that is named, else that of the current branch's upstream, else `origin`, else the only one there is. */
export async function chooseRemote(repository: Repository, name: string | undefined): Promise<Remote> {
  if (name !== undefined) return findRemote(repository, name);
  const { branch } = await readHead(repository);
  const upstream = branch === undefined ? undefined : readUpstream(repository, branch);
  if (upstream) return findRemote(repository, upstream.remote);
  const remotes = await listRemotes(repository);
  const remote = remotes.find((known) => known.name === 'origin') ?? (remotes.length === 1 ? remotes[0] : undefined);
  return remote ?? findRemote(repository, 'origin');
}

/** What the current branch follows. Throws NO_UPSTREAM. */
export async function currentUpstream(repository: Repository): Promise<Upstream & { branch: string }> {
  const { branch } = await readHead(repository);
  const upstream = branch === undefined ? undefined : readUpstream(repository, branch);
  if (branch !== undefined && upstream) return { ...upstream, branch };
  throw new RemoteError(
    'NO_UPSTREAM',
    branch === undefined ? 'HEAD is on no branch' : `Branch "${branch}" follows no branch of a remote`,
    {
      hint:
        branch === undefined
          ? 'Check a branch out first, or name the remote and the branch: bankai pull origin main.'
          : `Name the remote and the branch: bankai pull origin ${branch}. "bankai push -u" makes it follow.`,
    },
  );
}
