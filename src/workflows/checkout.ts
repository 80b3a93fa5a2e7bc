/** Owns `bankai checkout`: the working model, HEAD and the worktree become what a stack says. */
import { executeCheckout } from '../checkout/execute.js';
import { openModelFile } from '../checkout/model-file.js';
import { planCheckout } from '../checkout/plan.js';
import { assertUnchanged } from '../checkout/verify.js';
import { composeMask } from '../patch/mask.js';
import type { PatchId } from '../patch/ids.js';
import type { Patch } from '../patch/patch.js';
import { cancellations } from '../patch/overlap.js';
import { assertPatchFits } from '../patch/validate.js';
import { type Head, listBranches, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { readDescriptor } from '../repo/descriptor.js';
import { withIndexLock } from '../repo/git-lock.js';
import type { CommitId } from '../repo/ids.js';
import { assertMovable, type HeadMove, type MoveNote } from '../repo/move-head.js';
import { readCommit } from '../repo/object.js';
import type { RefNote } from '../repo/reflog.js';
import type { Repository } from '../repo/repository.js';
import { resolveStack } from '../repo/resolve.js';
import { previousPlace } from '../repo/revision.js';
import { lossOf } from '../repo/loss.js';
import type { Overwritten } from '../repo/saved-files.js';
import { readPatches, readState, restatedPatches } from '../repo/state.js';
import { placeStaged } from '../repo/staging.js';
import type { HeadPlace } from '../repo/undo-record.js';
import { resolveRef } from '../repo/refs.js';
import { readModelCommit } from '../repo/model-ref.js';
import type { RefChange } from '../repo/change-refs.js';
import { type Actor, noteOf, someone } from './actor.js';
import { changeWithoutModel } from './change-refs.js';
import { passGate } from './gate.js';
import { undoable } from './undoable.js';
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
  /** What policies that only warn have against patches that came in. */
  readonly warnings: readonly string[];
  readonly recovered?: string;
}

/** Where to go. */
export interface Destination {
  readonly commit: CommitId;
  /** The branch that HEAD is on afterwards; it is made or moved. Without one HEAD is detached. */
  readonly branch?: string;
  /** What the reflogs are to say; nothing without it. */
  readonly note?: RefNote;
  /** How the operation is called when it is undone: by default as in the reflogs. What has no name cannot be undone. */
  readonly operation?: string;
  /** The commit that the model is to stand for, if not this one; `stays`: it stays as it is. */
  readonly model?: CommitId | 'stays';
  /** What index and worktree do, if they do not follow. */
  readonly files?: HeadMove['files'];
  /** Further refs that change. */
  readonly refs?: readonly RefChange[];
  /** Changes of the repository's git configuration, and of files of ours, that go with it. */
  readonly config?: AfterModel['config'];
  readonly writes?: AfterModel['writes'];
  /** Files that were written for it already, with what was in them. */
  readonly overwritten?: readonly Overwritten[];
  /** What is put back of an operation that is undone. */
  readonly putBack?: string;
  /** Patches that were just made here: no policy judges them. */
  readonly fresh?: ReadonlySet<PatchId>;
}

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
    const destination = await destinationOf(workspace, wanted, async () =>
      composeCommit(repository, stack ?? (await resolveStack(repository, wanted))),
    );
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
  compose: () => Promise<CommitId>,
): Promise<Destination> {
  const head = await readHead(repository);
  const stays = name === 'HEAD' || name === '@';
  if (stays) return { commit: head.commit, ...(head.branch !== undefined && { branch: head.branch }) };
  const branch = (await listBranches(repository)).find((known) => known.name === name);
  return branch ? { commit: branch.commit, branch: name } : { commit: await compose() };
}

/**
 * Moves a workspace to a commit, as one transaction over model, refs, worktree and local state, if the actor's policy has
 * nothing against the patches that come in. Throws as `checkout`; REPOSITORY_LOCKED while git writes its index.
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
  const { commit, branch, files, refs, config, writes, overwritten, putBack } = destination;
  const { repository, state } = workspace;
  const start = performance.now();
  const head = await readHead(repository);
  const note = destination.note && (await moveNote(repository, head, destination, destination.note));
  const over = putBack === undefined ? undefined : overwritten?.map(({ path }) => path);
  const move: HeadMove = { from: head.commit, to: commit, branch, note, files, over };
  const after: AfterModel = {
    move,
    ...(refs && { refs }),
    ...(config && { config }),
    ...(writes && { writes }),
    ...(putBack !== undefined && { putBack }),
    ...(destination.note && refs && { note: destination.note }),
  };
  const told = {
    commit,
    ...(branch !== undefined && { branch }),
    ...(workspace.recovered !== undefined && { recovered: workspace.recovered }),
  };
  if (destination.model === 'stays') {
    await assertMovable(repository, move);
    await changeWithoutModel(workspace, { ...after, ...(await undoOf(workspace, head, destination, after)) });
    const patches = (await readState(repository, commit)).length;
    const elapsedMs = Math.round(performance.now() - start);
    return {
      ...told,
      patches,
      tensorsTouched: 0,
      bytesChanged: 0,
      cancelledFlips: 0,
      elapsedMs,
      unsigned: [],
      warnings: [],
    };
  }
  const holds = destination.model ?? commit;
  const ids = await readState(repository, holds);
  const patches = await readPatches(repository, holds, ids);
  const { base } = await readDescriptor(repository, holds);
  const model = openModelFile(workspace.model);
  try {
    const gguf = readOneBit(model);
    const shapeOf = shapesOf(gguf);
    for (const patch of patches.values()) assertPatchFits(patch, state.weightsId, shapeOf);
    const present = new Set(state.patches);
    const staying = ids.filter((id) => present.has(id));
    // What is said of those may have changed: somebody may have taken one back.
    const restated =
      staying.length === 0 ? [] : restatedPatches(repository, [await readModelCommit(repository), holds], staying);
    const judged = [...ids.filter((id) => !present.has(id)), ...restated];
    const { unsigned, warnings } = await passGate(repository, keyDirectory, {
      patches: new Map(judged.map((id) => [id, patches.get(id) as Patch])),
      commitOf: () => holds,
      shapeOf,
      staying: new Set(restated),
      ...(destination.fresh && { fresh: destination.fresh }),
    });
    const now = await appliedMask(workspace);
    const plan = planCheckout(gguf, now, composeMask(patches.values()));
    assertUnchanged(model, gguf, now, base.tensors, plan.tensors);
    await assertMovable(repository, move);
    const undo = await undoOf(workspace, head, destination, after);
    const all: AfterModel = { ...after, ...(holds !== commit && { model: holds }), patches: ids, ...undo };
    const parts = { model, journal: journalOf(repository) };
    await placeStaged(repository);
    await executeCheckout(parts, plan.edits, all, (entry) => finishCheckout(workspace, entry as AfterModel));
    return {
      ...told,
      patches: ids.length,
      tensorsTouched: plan.tensors.length,
      bytesChanged: plan.byteCount,
      cancelledFlips: cancellations(patches.values()).filter(({ cancelled }) => cancelled !== 'none').length,
      elapsedMs: Math.round(performance.now() - start),
      unsigned,
      warnings,
    };
  } finally {
    model.close();
  }
}

/** Records what a move is about to change, so that it can be undone. */
async function undoOf(
  workspace: Workspace,
  head: Head,
  { commit, branch, note, operation, model, files, refs = [], overwritten = [] }: Destination,
  after: AfterModel,
): Promise<Pick<AfterModel, 'undo' | 'saved'>> {
  const name = operation ?? note?.message;
  if (name === undefined) return {};
  const { repository } = workspace;
  const holds = await readModelCommit(repository);
  const ref = branch === undefined ? undefined : `refs/heads/${branch}`;
  const before = ref === undefined ? undefined : resolveRef(repository, ref);
  const moved = ref === undefined || before === commit ? [] : [{ name: ref, ...(before && { before }), after: commit }];
  const record = {
    operation: name,
    head: { before: placeOf(head), after: placeOf({ commit, branch }) },
    refs: [...moved, ...refs],
    model: { before: holds, after: model === 'stays' ? holds : (model ?? commit) },
    ...((files === 'index' || files === 'none') && { files }),
  };
  const drops = files === 'force' || files === 'index';
  const loss = drops ? await lossOf(repository, head.commit, commit, files) : { files: [] };
  return undoable(workspace, record, after, { ...loss, files: [...loss.files, ...overwritten] });
}

const placeOf = ({ commit, branch }: { commit: CommitId; branch?: string | undefined }): HeadPlace => ({
  commit,
  ...(branch !== undefined && { branch }),
});

/** A commit on another branch than HEAD's is a checkout before it is a commit. */
async function moveNote(
  repository: Repository,
  head: Head,
  { commit, branch }: Destination,
  note: RefNote,
): Promise<MoveNote> {
  if (head.branch === branch || note.message.startsWith('checkout: ')) return note;
  const [start = commit] = (await readCommit(repository, commit)).parents;
  return { ...note, leaving: { place: head.branch ?? head.commit, for: start } };
}
