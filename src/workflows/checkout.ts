/** Owns `bankai checkout`: the working model, HEAD and the worktree become what a stack says. */
import { executeCheckout } from '../checkout/execute.js';
import { openModelFile } from '../checkout/model-file.js';
import { planCheckout } from '../checkout/plan.js';
import { assertUnchanged } from '../checkout/verify.js';
import { composeMask } from '../patch/mask.js';
import { cancellations } from '../patch/overlap.js';
import { assertPatchFits } from '../patch/validate.js';
import { listBranches, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { readDescriptor } from '../repo/descriptor.js';
import type { CommitId } from '../repo/ids.js';
import { assertMovable } from '../repo/move-head.js';
import { resolveStack } from '../repo/resolve.js';
import { readPatches, readState } from '../repo/state.js';
import { assertNotForged } from './evidence.js';
import {
  type AfterModel,
  appliedMask,
  changeWorkspace,
  finishCheckout,
  journalOf,
  readOneBit,
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
  readonly recovered?: string;
}

/** Where to go. */
export interface Destination {
  readonly commit: CommitId;
  /** The branch that HEAD is on afterwards; it is made or moved. Without one HEAD is detached. */
  readonly branch?: string;
}

/**
 * Checks a stack out. Throws STACK_SYNTAX, UNKNOWN_REVISION, BASE_MISMATCH, MODEL_CHANGED, MODEL_LINKED, WORKTREE_DIRTY,
 * SIGNATURE_INVALID, IO: always before anything is changed.
 */
export async function checkout(directory: string, expression: string): Promise<CheckoutOutcome & { stack: string }> {
  return changeWorkspace(directory, async (workspace) => {
    const stack = await resolveStack(workspace.repository, expression);
    const destination = await destinationOf(workspace, expression.trim(), () =>
      composeCommit(workspace.repository, stack),
    );
    return { ...(await moveTo(workspace, destination)), stack: stack.expression };
  });
}

/** A single branch name keeps HEAD on that branch; everything else, as in git, detaches it. */
async function destinationOf(
  { repository }: Workspace,
  name: string,
  compose: () => Promise<CommitId>,
): Promise<Destination> {
  const head = await readHead(repository);
  if (name === 'HEAD') return { commit: head.commit, ...(head.branch !== undefined && { branch: head.branch }) };
  const branch = (await listBranches(repository)).find((known) => known.name === name);
  return branch ? { commit: branch.commit, branch: name } : { commit: await compose() };
}

/** Moves a workspace to a commit, as one transaction over model, refs, worktree and local state. Throws as `checkout`. */
export async function moveTo(workspace: Workspace, { commit, branch }: Destination): Promise<CheckoutOutcome> {
  const { repository, state } = workspace;
  const start = performance.now();
  const head = await readHead(repository);
  const ids = await readState(repository, commit);
  const patches = await readPatches(repository, commit, ids);
  const { base } = await readDescriptor(repository, commit);
  const model = openModelFile(workspace.model);
  try {
    const gguf = readOneBit(model);
    const shapeOf = shapesOf(gguf);
    for (const patch of patches.values()) assertPatchFits(patch, state.weightsId, shapeOf);
    const present = new Set(state.patches);
    const added = ids.filter((id) => !present.has(id));
    const unsigned = await assertNotForged(repository, commit, added);
    const now = await appliedMask(workspace);
    const plan = planCheckout(gguf, now, composeMask(patches.values()));
    assertUnchanged(model, gguf, now, base.tensors, plan.tensors);
    const after: AfterModel = { move: { from: head.commit, to: commit, branch }, patches: ids };
    await assertMovable(repository, after.move);
    const files = { model, journal: journalOf(repository) };
    await executeCheckout(files, plan.edits, after, (entry) => finishCheckout(workspace, entry as AfterModel));
    return {
      commit,
      ...(branch !== undefined && { branch }),
      patches: ids.length,
      tensorsTouched: plan.tensors.length,
      bytesChanged: plan.byteCount,
      cancelledFlips: cancellations(patches.values()).filter(({ cancelled }) => cancelled !== 'none').length,
      elapsedMs: Math.round(performance.now() - start),
      unsigned,
      ...(workspace.recovered !== undefined && { recovered: workspace.recovered }),
    };
  } finally {
    model.close();
  }
}
