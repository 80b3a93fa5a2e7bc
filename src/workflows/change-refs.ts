/** Owns operations that leave the model as it is: through the journal, so that none is half done. */
import { executeWithoutModel } from '../checkout/execute.js';
import { readHead } from '../repo/branch.js';
import type { LocalChange } from '../repo/local-change.js';
import { readModelCommit } from '../repo/model-ref.js';
import { assertRefsFree } from '../repo/ref-lock.js';
import { placeStaged } from '../repo/staging.js';
import { type Loss, undoable } from './undoable.js';
import { type AfterModel, finishCheckout, journalOf, refsOf, type Workspace } from './workspace.js';

/** Carries out what touches no byte of the model. Throws REPOSITORY_LOCKED, IO. */
export async function changeWithoutModel(workspace: Workspace, after: AfterModel): Promise<void> {
  await assertRefsFree(workspace.repository, refsOf(after));
  await placeStaged(workspace.repository);
  await executeWithoutModel(journalOf(workspace.repository), after, (entry) =>
    finishCheckout(workspace, entry as AfterModel),
  );
}

/**
 * Changes what is beside HEAD and model, all or nothing, in one operation that `undo` can take back under this name.
 * Throws REPOSITORY_LOCKED (git's configuration), IO.
 */
export async function changeOnly(
  workspace: Workspace,
  operation: string,
  change: Pick<AfterModel, keyof LocalChange | 'restore' | 'putBack'>,
  loss?: Loss,
): Promise<void> {
  const { repository } = workspace;
  const { commit, branch } = await readHead(repository);
  const place = { commit, ...(branch !== undefined && { branch }) };
  const holds = await readModelCommit(repository);
  const head = { before: place, after: place };
  const record = { operation, head, refs: change.refs ?? [], model: { before: holds, after: holds } };
  const undo = await undoable(workspace, record, change, loss);
  if (undo.undo !== undefined) await changeWithoutModel(workspace, { ...change, ...undo });
}

/** Records that something was sent to others: `undo` cannot take that back, and says so. Throws IO. */
export async function sentElsewhere(workspace: Workspace, operation: string): Promise<void> {
  const { commit, branch } = await readHead(workspace.repository);
  const place = { commit, ...(branch !== undefined && { branch }) };
  const holds = await readModelCommit(workspace.repository);
  const head = { before: place, after: place };
  const model = { before: holds, after: holds };
  const record = { operation, head, refs: [], model, elsewhere: true as const };
  await changeWithoutModel(workspace, await undoable(workspace, record, {}));
}
