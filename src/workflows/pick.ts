/** Owns `bankai revert` and `bankai cherry-pick`: what one commit did, undone or done again at HEAD. */
import { SearchError, UsageError } from '../errors.js';
import { readHead } from '../repo/branch.js';
import type { CommitId } from '../repo/ids.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { mergeTrees } from '../repo/merge-trees.js';
import { type Commit, readCommit } from '../repo/object.js';
import type { Repository } from '../repo/repository.js';
import { resolveStack } from '../repo/resolve.js';
import { cutHistory } from '../repo/shallow.js';
import { noteOf } from './actor.js';
import { type ChangeOutcome, changeTo } from './change.js';
import { commitTree } from './commit-tree.js';
import type { Recorder } from './record.js';
import { changeWorkspace } from './workspace.js';

export interface PickRequest {
  readonly commit: string;
  /** Of a merge: the parent, counted from 1, against which its change is taken. */
  readonly mainline?: number;
  /** By default git's own words. */
  readonly message?: string;
}

export interface PickOutcome extends ChangeOutcome {
  readonly message: string;
  /** The commit that was undone or done again. */
  readonly source: CommitId;
}

/**
 * Undoes what a commit did, with a new commit: patches that it added go, those that it removed come back. Throws
 * NOTHING_TO_COMMIT (HEAD has it undone already), USAGE (a merge without a mainline, the base), MERGE_CONFLICT (never
 * over patches), OPERATION_IN_PROGRESS, UNKNOWN_REVISION, WORKTREE_DIRTY, and what a checkout throws.
 */
export const revert = (directory: string, request: PickRequest, recorder: Recorder): Promise<PickOutcome> =>
  pick('revert', directory, request, recorder);

/** Does what a commit did again at HEAD, with its message and author. Throws as `revert`. */
export const cherryPick = (directory: string, request: PickRequest, recorder: Recorder): Promise<PickOutcome> =>
  pick('cherry-pick', directory, request, recorder);

async function pick(verb: 'revert' | 'cherry-pick', directory: string, request: PickRequest, recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    assertNothingInProgress(repository);
    const head = await readHead(repository);
    const source = await readCommit(repository, await oneCommit(repository, verb, request.commit));
    if (repository.cut.has(source.id)) throw cutHistory(repository, `${verb} ${source.id.slice(0, 10)}`);
    const parent = await readCommit(repository, mainlineOf(verb, source, request.mainline));
    const ours = (await readCommit(repository, head.commit)).tree;
    const tree =
      verb === 'revert'
        ? await mergeTrees(repository, source.tree, ours, parent.tree)
        : await mergeTrees(repository, parent.tree, ours, source.tree);
    if (tree === ours) throw empty(verb, source);
    const message = request.message ?? (verb === 'revert' ? revertMessage(source, parent) : source.message);
    const author = verb === 'cherry-pick' ? { author: source.author } : {};
    const commit = await commitTree(repository, { tree, parents: [head.commit], message, ...author }, recorder);
    const note = await noteOf(repository, recorder, `${verb}: ${subjectOf(message)}`);
    return { ...(await changeTo(workspace, head, commit, note, recorder)), message: message.trim(), source: source.id };
  });
}

async function oneCommit(repository: Repository, verb: string, text: string): Promise<CommitId> {
  const { parts } = await resolveStack(repository, text);
  if (parts.length === 1) return parts[0].commit;
  throw new UsageError('USAGE', `bankai ${verb} takes one commit, not the stack ${text}`, {
    hint: `Run it once for each.`,
  });
}

/** The commit against which a change is taken: the only parent, or that of a merge which the caller names. */
function mainlineOf(verb: string, source: Commit, mainline: number | undefined): CommitId {
  const { id, parents } = source;
  const short = id.slice(0, 10);
  if (parents.length === 0) {
    throw new UsageError('USAGE', `Cannot ${verb} ${short}: it is the base model, which has no patches`, {
      hint: 'Use "bankai log" to see the commits.',
    });
  }
  if (mainline === undefined && parents.length > 1) {
    throw new UsageError('USAGE', `Commit ${short} is a merge, but no -m was given`, {
      hint: `Say with -m 1 to -m ${parents.length} which parent its change is to be taken against.`,
    });
  }
  if ((mainline ?? 1) > parents.length) {
    throw new UsageError('USAGE', `Commit ${short} does not have parent ${mainline}`, {
      hint: `It has ${parents.length}.`,
    });
  }
  return parents[(mainline ?? 1) - 1];
}

const subjectOf = (message: string): string => message.trimStart().split('\n')[0];

/** As git words it. */
function revertMessage(source: Commit, parent: Commit): string {
  const merge = source.parents.length > 1 ? `, reversing\nchanges made to ${parent.id}` : '';
  return `Revert "${subjectOf(source.message)}"\n\nThis reverts commit ${source.id}${merge}.\n`;
}

function empty(verb: string, { id }: Commit): SearchError {
  const fact = verb === 'revert' ? 'nothing of it is left at HEAD' : 'HEAD has all of it already';
  return new SearchError('NOTHING_TO_COMMIT', `Nothing to commit for the ${verb} of ${id.slice(0, 10)}: ${fact}`, {
    hint: 'Use "bankai status" to see the patches of HEAD.',
    data: { commit: id },
  });
}
