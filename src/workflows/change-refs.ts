/** Owns operations that change refs and leave the model as it is: through the journal, so that none is half done. */
import { executeWithoutModel } from '../checkout/execute.js';
import { readHead } from '../repo/branch.js';
import type { RefChange } from '../repo/change-refs.js';
import { readModelCommit } from '../repo/model-ref.js';
import { writeUndo } from '../repo/undo-record.js';
import { type AfterModel, finishCheckout, journalOf, type Workspace } from './workspace.js';

/** Carries out what touches no byte of the model. Throws IO. */
export async function changeWithoutModel(workspace: Workspace, after: AfterModel): Promise<void> {
  await executeWithoutModel(journalOf(workspace.repository), after, (entry) =>
    finishCheckout(workspace, entry as AfterModel),
  );
}

/**
 * Changes refs other than HEAD: all of them or none, in one operation that `undo` can take back under this name. `rest` is
 * what their reflogs say, and what changes with them. Throws IO.
 */
export async function changeOnlyRefs(
  workspace: Workspace,
  operation: string,
  refs: readonly RefChange[],
  rest: Pick<AfterModel, 'note' | 'log' | 'config'> = {},
): Promise<void> {
  const { repository } = workspace;
  const { commit, branch } = await readHead(repository);
  const place = { commit, ...(branch !== undefined && { branch }) };
  const holds = await readModelCommit(repository);
  const head = { before: place, after: place };
  const undo = await writeUndo(repository, {
    ...{ operation, head, refs, model: { before: holds, after: holds } },
    ...(rest.log && { renamed: rest.log }),
  });
  if (undo !== undefined) await changeWithoutModel(workspace, { ...rest, refs, undo });
}
