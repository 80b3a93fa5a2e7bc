/** Owns `bankai checkout`: the working model, HEAD and the worktree become what a stack says. */
import { listBranches, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { resolveRef } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';
import { type ResolvedStack, resolveStack } from '../repo/resolve.js';
import { previousPlace } from '../repo/revision.js';
import { type Actor, noteOf, someone } from './actor.js';
import type { Destination } from './destination.js';
import { type CheckoutOutcome, moveTo } from './move-to.js';
import { changeWorkspace, type Workspace } from './workspace.js';

/**
 * Checks a stack out. Throws STACK_SYNTAX, UNKNOWN_REVISION, BASE_MISMATCH, MODEL_CHANGED, MODEL_LINKED, WORKTREE_DIRTY,
 * SIGNATURE_INVALID and what else `passGate` throws, IO: always before anything is changed.
 */
export async function checkout(
  directory: string,
  expression: string,
  actor: Actor = someone(),
): Promise<CheckoutOutcome & { stack: string }> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const head = await readHead(repository);
    const wanted = placeBefore(repository, expression.trim());
    // A branch that plain git made may have a name that no stack can have: `-` goes back to it all the same.
    const isBack = wanted !== expression.trim() && resolveRef(repository, `refs/heads/${wanted}`) !== undefined;
    const stack = isBack ? undefined : await resolveStack(repository, wanted);
    const name = stack?.expression ?? wanted;
    const destination = await destinationOf(workspace, wanted, stack);
    // As in git, `checkout HEAD` goes nowhere.
    const message = `checkout: moving from ${head.branch ?? head.commit} to ${name}`;
    const note = /^(HEAD|@)$/.test(name) ? undefined : await noteOf(repository, actor, message);
    const operation = `checkout: ${name}`;
    const outcome = await moveTo(workspace, { ...destination, operation, ...(note && { note }) }, actor);
    return { ...outcome, stack: name };
  });
}

/** Turns `-`, which is `@{-1}`, and `@{-2}` into the branch that HEAD was on then: HEAD goes onto it again. */
function placeBefore(repository: Repository, expression: string): string {
  const number = expression === '-' ? '1' : /^@\{-(\d+)\}$/.exec(expression)?.[1];
  const place = number === undefined ? undefined : previousPlace(repository, Number(number));
  return place ?? (expression === '-' ? '@{-1}' : expression);
}

/** A single branch name keeps HEAD on that branch; everything else, as in git, detaches it. */
async function destinationOf(
  { repository }: Workspace,
  name: string,
  stack: ResolvedStack | undefined,
): Promise<Destination> {
  const head = await readHead(repository);
  const stays = name === 'HEAD' || name === '@';
  if (stays) return { commit: head.commit, ...(head.branch !== undefined && { branch: head.branch }) };
  // A branch that plain git called `calc+math` is not what is meant where there are both of these.
  const isOne = stack === undefined || stack.parts.length === 1;
  const branch = isOne && (await listBranches(repository)).find((known) => known.name === name);
  return branch
    ? { commit: branch.commit, branch: name }
    : { commit: await composeCommit(repository, stack ?? (await resolveStack(repository, name))) };
}
