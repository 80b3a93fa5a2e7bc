/** Owns the move of a whole workspace to a commit: model, HEAD, refs, worktree and local state, as one transaction. */
import { executeCheckout } from '../checkout/execute.js';
import { openModelFile } from '../checkout/model-file.js';
import { planCheckout } from '../checkout/plan.js';
import { assertUnchanged } from '../checkout/verify.js';
import type { PatchId } from '../patch/ids.js';
import { composeMask } from '../patch/mask.js';
import { cancellations } from '../patch/overlap.js';
import type { Patch } from '../patch/patch.js';
import { assertPatchFits, type ShapeOf } from '../patch/validate.js';
import { type Head, readHead } from '../repo/branch.js';
import { readDescriptor } from '../repo/descriptor.js';
import { withIndexLock } from '../repo/git-lock.js';
import type { CommitId } from '../repo/ids.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { readModelCommit } from '../repo/model-ref.js';
import { assertMovable } from '../repo/move-head.js';
import { assertRefsFree } from '../repo/ref-lock.js';
import { placeStaged } from '../repo/staging.js';
import { readPatches, readState, restatedPatches } from '../repo/state.js';
import type { Actor } from './actor.js';
import { changeWithoutModel } from './change-refs.js';
import { changesOf, type Destination, type MoveChanges, recordMove } from './destination.js';
import { type Passed, passGate } from './gate.js';
import {
  type AfterModel,
  appliedMask,
  finishCheckout,
  journalOf,
  readOneBit,
  refsOf,
  shapesOf,
  type Workspace,
} from './workspace.js';

/** What a checkout did. */
export interface CheckoutOutcome {
  readonly commit: CommitId;
  readonly branch?: string;
  readonly patches: number;
  readonly tensorsTouched: number;
  readonly bytesChanged: number;
  readonly cancelledFlips: number;
  readonly elapsedMs: number;
  /** Patches that nobody signed. */
  readonly unsigned: readonly string[];
  /** What policies that only warn have against patches that came in. */
  readonly warnings: readonly string[];
  readonly recovered?: string;
}

/**
 * Moves a workspace to a commit, as one transaction over model, refs, worktree and local state, if the actor's policy has
 * nothing against the patches that come in. Throws as `checkout`; REPOSITORY_LOCKED while git writes its index,
 * OPERATION_IN_PROGRESS while git merges, picks, reverts or rebases, unless that is dropped.
 */
export const moveTo = (
  workspace: Workspace,
  destination: Destination,
  actor: Pick<Actor, 'keyDirectory'>,
): Promise<CheckoutOutcome> => withIndexLock(workspace.repository, () => moveAlone(workspace, destination, actor));

async function moveAlone(
  workspace: Workspace,
  destination: Destination,
  { keyDirectory }: Pick<Actor, 'keyDirectory'>,
): Promise<CheckoutOutcome> {
  const { repository, recovered } = workspace;
  const { commit, branch } = destination;
  const start = performance.now();
  const head = await readHead(repository);
  if (isOnward(head, destination)) assertNothingInProgress(repository);
  const changes = await changesOf(repository, head, destination);
  const record = () => recordMove(workspace, head, destination, changes);
  const report =
    destination.model === 'stays'
      ? await moveWithoutModel(workspace, changes, record)
      : await moveWithModel(workspace, changes, record, { ...destination, keyDirectory, model: destination.model });
  return {
    commit,
    ...(branch !== undefined && { branch }),
    ...(recovered !== undefined && { recovered }),
    ...report,
    elapsedMs: Math.round(performance.now() - start),
  };
}

/** Whether HEAD goes elsewhere, and takes index and worktree along, as git would have to finish or drop what it is about first. */
const isOnward = ({ commit, branch }: Head, to: Destination): boolean =>
  (to.commit !== commit || to.branch !== branch) && to.files === undefined && to.putBack === undefined;

/** What the move says of model and patches. */
type ModelReport = Pick<
  CheckoutOutcome,
  'patches' | 'tensorsTouched' | 'bytesChanged' | 'cancelledFlips' | 'unsigned' | 'warnings'
>;

/** Writes the record by which a move can be undone, once nothing speaks against it any more. */
type Recording = () => ReturnType<typeof recordMove>;

async function moveWithoutModel(workspace: Workspace, changes: MoveChanges, record: Recording): Promise<ModelReport> {
  const { repository } = workspace;
  await assertMovable(repository, changes.move);
  await changeWithoutModel(workspace, { ...changes, ...(await record()) });
  const patches = (await readState(repository, changes.move.to)).length;
  return { patches, tensorsTouched: 0, bytesChanged: 0, cancelledFlips: 0, unsigned: [], warnings: [] };
}

async function moveWithModel(
  workspace: Workspace,
  changes: MoveChanges,
  record: Recording,
  who: Pick<Destination, 'fresh'> & Pick<Actor, 'keyDirectory'> & { readonly model: CommitId | undefined },
): Promise<ModelReport> {
  const { repository } = workspace;
  const { to } = changes.move;
  const holds = who.model ?? to;
  const ids = await readState(repository, holds);
  const patches = await readPatches(repository, holds, ids);
  const { base } = await readDescriptor(repository, holds);
  const model = openModelFile(workspace.model);
  try {
    const gguf = readOneBit(model);
    const passed = await admit(workspace, holds, patches, shapesOf(gguf), who);
    const now = await appliedMask(workspace);
    const plan = planCheckout(gguf, now, composeMask(patches.values()));
    assertUnchanged(model, gguf, now, base.tensors, plan.tensors);
    await assertMovable(repository, changes.move);
    const after: AfterModel = {
      ...changes,
      ...(holds !== to && { model: holds }),
      patches: ids,
      ...(await record()),
    };
    await assertRefsFree(repository, refsOf(after));
    await placeStaged(repository);
    await executeCheckout({ model, journal: journalOf(repository) }, plan.edits, after, (entry) =>
      finishCheckout(workspace, entry as AfterModel),
    );
    return {
      patches: ids.length,
      tensorsTouched: plan.tensors.length,
      bytesChanged: plan.byteCount,
      cancelledFlips: cancellations(patches.values()).filter(({ cancelled }) => cancelled !== 'none').length,
      ...passed,
    };
  } finally {
    model.close();
  }
}

/** Lets the patches of a commit into the model, or throws what `assertPatchFits` and `passGate` do. */
async function admit(
  { repository, state }: Workspace,
  holds: CommitId,
  patches: ReadonlyMap<PatchId, Patch>,
  shapeOf: ShapeOf,
  { fresh, keyDirectory }: Pick<Destination, 'fresh'> & Pick<Actor, 'keyDirectory'>,
): Promise<Passed> {
  for (const patch of patches.values()) assertPatchFits(patch, state.weightsId, shapeOf);
  const present = new Set(state.patches);
  const staying = [...patches.keys()].filter((id) => present.has(id));
  // What is said of those may have changed: somebody may have taken one back.
  const restated =
    staying.length === 0 ? [] : restatedPatches(repository, [await readModelCommit(repository), holds], staying);
  const judged = [...[...patches.keys()].filter((id) => !present.has(id)), ...restated];
  return passGate(repository, keyDirectory, {
    patches: new Map(judged.map((id) => [id, patches.get(id) as Patch])),
    commitOf: () => holds,
    shapeOf,
    staying: new Set(restated),
    ...(fresh && { fresh }),
  });
}
