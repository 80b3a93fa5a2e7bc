/** Owns `bankai reset`: HEAD and its branch move to a stack, and as much with them as is asked for. */
import { type Head, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { readModelCommit } from '../repo/model-ref.js';
import { readCommit } from '../repo/object.js';
import { resolveStack } from '../repo/resolve.js';
import { type Actor, noteOf, someone } from './actor.js';
import { type ChangeOutcome, changeWith } from './change.js';
import type { Destination } from './destination.js';
import { changeWorkspace } from './workspace.js';

/**
 * What moves beside HEAD and its branch. `keep`: index, worktree and model, unless that would overwrite a change. `hard`:
 * the same, and changes are dropped. `mixed`: the index. `soft`: nothing.
 */
export type ResetMode = 'keep' | 'hard' | 'mixed' | 'soft';

export interface ResetOutcome extends ChangeOutcome {
  readonly stack: string;
  readonly mode: ResetMode;
  /** Of the commit where HEAD is now. */
  readonly message: string;
  /** Whether the model stayed behind and stands for another commit than HEAD. */
  readonly behind: boolean;
}

/**
 * Moves HEAD and its branch to a stack. Throws STACK_SYNTAX, UNKNOWN_REVISION; WORKTREE_DIRTY where `keep` would overwrite a
 * change; OPERATION_IN_PROGRESS (`keep`, `soft`); and what a checkout throws: always before anything is changed.
 */
export async function reset(
  directory: string,
  expression: string,
  mode: ResetMode = 'keep',
  actor: Actor = someone(),
): Promise<ResetOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    if (mode === 'keep' || mode === 'soft') assertNothingInProgress(repository);
    const stack = await resolveStack(repository, expression);
    const head = await readHead(repository);
    const commit = await composeCommit(repository, stack);
    const note = await noteOf(repository, actor, `reset: moving to ${stack.expression}`);
    const outcome = await changeWith(workspace, head, { ...placeOn(head), commit, note, ...extentOf(mode) }, actor);
    const { message } = await readCommit(repository, commit);
    const behind = (await readModelCommit(repository)) !== commit;
    return { ...outcome, stack: stack.expression, mode, message: message.trim(), behind };
  });
}

const placeOn = ({ branch }: Head): Pick<Destination, 'branch'> => (branch === undefined ? {} : { branch });

function extentOf(mode: ResetMode): Pick<Destination, 'files' | 'model'> {
  if (mode === 'hard') return { files: 'force' };
  if (mode === 'keep') return {};
  return { files: mode === 'mixed' ? 'index' : 'none', model: 'stays' };
}
