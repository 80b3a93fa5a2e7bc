/** Owns `bankai switch`: HEAD goes to a branch, there already or made for it; the working model follows. */
import type { RepositoryError } from '../errors.js';
import { UsageError } from '../errors.js';
import { assertNewBranch, type Branch, listBranches, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { listRefs } from '../repo/refs.js';
import { followingSettings } from '../repo/remotes.js';
import type { Repository } from '../repo/repository.js';
import { resolveStack } from '../repo/resolve.js';
import { previousPlace } from '../repo/revision.js';
import { type Actor, noteOf, someone } from './actor.js';
import { type CheckoutOutcome, moveTo } from './move-to.js';
import { changeWorkspace } from './workspace.js';

export interface SwitchRequest {
  /** A branch; `-` or `@{-1}` for the one before. With `detach` a stack. */
  readonly name: string;
  /** Makes the branch first, at this stack. */
  readonly start?: string;
  readonly detach?: boolean;
}

/**
 * Moves HEAD to a branch. One that only a single remote has is made from there, and follows it. Throws UNKNOWN_REVISION,
 * BRANCH_EXISTS, NAME_INVALID, USAGE for what is no branch, and what a checkout throws.
 */
export async function switchTo(
  directory: string,
  { name, start, detach }: SwitchRequest,
  actor: Actor = someone(),
): Promise<CheckoutOutcome & { stack: string }> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const head = await readHead(repository);
    const wanted = branchMeant(repository, name);
    const branch = (await listBranches(repository)).find((known) => known.name === wanted);
    const isBranch = branch !== undefined;
    const remote = isBranch || start !== undefined || detach === true ? undefined : followed(repository, wanted);
    if (start !== undefined || remote) await assertNewBranch(repository, wanted);
    else if (!isBranch && detach !== true) throw await noBranch(repository, wanted);
    // A branch that plain git made may have a name that no stack can have.
    const stack =
      branch && start === undefined ? undefined : await resolveStack(repository, start ?? remote?.ref ?? wanted);
    const commit = stack ? await composeCommit(repository, stack) : (branch as Branch).commit;
    const note = await noteOf(repository, actor, `checkout: moving from ${head.branch ?? head.commit} to ${wanted}`);
    const config = remote && followingSettings(wanted, { remote: remote.name, ref: `refs/heads/${wanted}` });
    const to = { commit, ...(detach !== true && { branch: wanted }), note, ...(config && { config }) };
    const outcome = await moveTo(workspace, to, actor);
    return { ...outcome, stack: (start === undefined ? undefined : stack?.expression) ?? wanted };
  });
}

/** The branch that `-` and `@{-2}` name. */
function branchMeant(repository: Repository, name: string): string {
  const number = name === '-' ? '1' : /^@\{-(\d+)\}$/.exec(name)?.[1];
  return (number === undefined ? undefined : previousPlace(repository, Number(number))) ?? name;
}

/** The remote-tracking branch of that name, if there is one only. */
function followed(repository: Repository, name: string): { name: string; ref: string } | undefined {
  const refs = [...listRefs(repository, 'refs/remotes/').keys()].filter(
    (ref) => ref.split('/').slice(3).join('/') === name,
  );
  return refs.length === 1 ? { name: refs[0].split('/')[2], ref: refs[0] } : undefined;
}

async function noBranch(repository: Repository, name: string): Promise<RepositoryError | UsageError> {
  // What is nothing at all says so, with the nearest names.
  if (name !== '-') await resolveStack(repository, name);
  return new UsageError('USAGE', name === '-' ? 'HEAD was on no branch before' : `"${name}" is no branch`, {
    hint: 'Use "bankai switch --detach STACK" or "bankai checkout STACK" to go there without a branch, or -c to make one.',
    data: { name },
  });
}
