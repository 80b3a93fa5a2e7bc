/** Owns `bankai merge`: what another stack has comes to HEAD too, as git's own merge would bring it. */
import { RepositoryError } from '../errors.js';
import { type Head, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { descendsFrom } from '../repo/history.js';
import type { CommitId } from '../repo/ids.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { mergeCommits } from '../repo/merge-trees.js';
import { readCommit } from '../repo/object.js';
import { resolveStack } from '../repo/resolve.js';
import { noteOf } from './actor.js';
import { type ChangeOutcome, changeTo, nothingChanged } from './change.js';
import { commitTree } from './commit-tree.js';
import { refName } from './ref-phrase.js';
import type { Recorder } from './record.js';
import { changeWorkspace, type Workspace } from './workspace.js';

export interface MergeRequest {
  readonly stack: string;
  /** Whether to move HEAD without a commit where its history is part of the other one: by default where it can. */
  readonly fastForward?: 'only' | 'never';
  /** By default as git's. */
  readonly message?: string;
}

export interface MergeOutcome extends ChangeOutcome {
  readonly stack: string;
  readonly result: 'merged' | 'fast-forward' | 'up-to-date';
  /** Of the merge commit. */
  readonly message?: string;
}

/**
 * Merges a stack into HEAD: the patches that it gained since the two histories parted come in, those that it lost go.
 * Throws STACK_SYNTAX, UNKNOWN_REVISION, NOT_FAST_FORWARD, MERGE_CONFLICT (never over patches), OPERATION_IN_PROGRESS,
 * WORKTREE_DIRTY, and what a checkout throws: always before anything is changed.
 */
export const merge = (directory: string, request: MergeRequest, recorder: Recorder): Promise<MergeOutcome> =>
  changeWorkspace(directory, (workspace) => mergeInto(workspace, request, recorder));

/** Merges a stack into HEAD of an opened workspace: see `merge`. */
export async function mergeInto(
  workspace: Workspace,
  request: MergeRequest,
  recorder: Recorder,
): Promise<MergeOutcome> {
  const { repository } = workspace;
  assertNothingInProgress(repository);
  const stack = await resolveStack(repository, request.stack);
  const head = await readHead(repository);
  const theirs = await composeCommit(repository, stack);
  const told = { stack: stack.expression };
  if (theirs === head.commit || (await descendsFrom(repository, head.commit, theirs))) {
    return { ...(await nothingChanged(workspace, head)), ...told, result: 'up-to-date' as const };
  }
  const ahead = await descendsFrom(repository, theirs, head.commit);
  if (ahead && request.fastForward !== 'never') {
    const note = await noteOf(repository, recorder, `merge ${stack.expression}: Fast-forward`);
    return { ...(await changeTo(workspace, head, theirs, note, recorder)), ...told, result: 'fast-forward' as const };
  }
  if (request.fastForward === 'only') throw diverged(head, stack.expression);
  const message = request.message ?? (await mergeMessage(workspace, head, request.stack.trim(), theirs));
  const commit = await mergeCommit(workspace, { head, theirs, ahead, message }, recorder);
  const note = await noteOf(repository, recorder, `merge ${stack.expression}: Merge made by union.`);
  const moved = await changeTo(workspace, head, commit, note, recorder);
  return { ...moved, ...told, result: 'merged' as const, message };
}

interface Joined {
  readonly head: Head;
  readonly theirs: CommitId;
  /** HEAD is an ancestor of `theirs`. */
  readonly ahead: boolean;
  readonly message: string;
}

async function mergeCommit({ repository }: Workspace, joined: Joined, recorder: Recorder): Promise<CommitId> {
  const { head, theirs, ahead, message } = joined;
  const tree = ahead
    ? (await readCommit(repository, theirs)).tree
    : await mergeCommits(repository, head.commit, theirs);
  return commitTree(repository, { tree, parents: [head.commit, theirs], message }, recorder);
}

/** git's own words; a stack of several is called that. */
async function mergeMessage({ repository }: Workspace, head: Head, stack: string, theirs: CommitId): Promise<string> {
  const what = stack.includes('+') ? `stack '${stack}'` : refName(repository, stack, theirs);
  const into = head.branch === 'main' || head.branch === 'master' ? '' : ` into ${head.branch ?? 'HEAD'}`;
  return `Merge ${what}${into}`;
}

function diverged(head: Head, stack: string): RepositoryError {
  return new RepositoryError('NOT_FAST_FORWARD', `Cannot fast-forward ${head.branch ?? 'HEAD'} to ${stack}`, {
    hint: 'Each has commits that the other lacks: merge without --ff-only.',
    data: { stack },
  });
}
