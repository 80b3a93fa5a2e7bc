/** Owns the opening of a repository with its working model, and the finishing of what an earlier process left undone. */
import { join } from 'node:path';
import { recoverCheckout } from '../checkout/execute.js';
import { journalFile } from '../checkout/journal-file.js';
import { type ModelFile, openModelFile } from '../checkout/model-file.js';
import { type FileSource, openFile } from '../gguf/source.js';
import { type Gguf, readGguf } from '../gguf/read.js';
import { assertOneBit } from '../gguf/one-bit.js';
import { groupCount, rowCount } from '../gguf/q1-0.js';
import { composeMask, type Mask } from '../patch/mask.js';
import type { Patch } from '../patch/patch.js';
import type { PatchId } from '../patch/ids.js';
import type { ShapeOf } from '../patch/validate.js';
import type { RefChange } from '../repo/change-refs.js';
import { dropDeadLocks } from '../repo/git-lock.js';
import type { CommitId, ObjectId } from '../repo/ids.js';
import { changeLocally, type LocalChange, renameLog } from '../repo/local-change.js';
import { type LocalState, modelPath, readFileStamp, readLocalState, writeLocalState } from '../repo/local-state.js';
import { withLock } from '../repo/lock.js';
import { type HeadMove, moveHead } from '../repo/move-head.js';
import { MODEL_REF, pointModelRef, readModelCommit } from '../repo/model-ref.js';
import { restoreFiles, type Restoration } from '../repo/restore-files.js';
import { forgetSaved, putFilesBack, sealFiles } from '../repo/saved-files.js';
import { localDirectory, openRepository, type Repository } from '../repo/repository.js';
import { staged } from '../repo/staging.js';
import { readPatches } from '../repo/state.js';
import { pointUndo, UNDO_REF } from '../repo/undo-record.js';

/** An opened repository and what its working model is said to be. */
export interface Workspace {
  readonly repository: Repository;
  readonly state: LocalState;
  /** Absolute path of the working model. */
  readonly model: string;
  /** What an interrupted checkout left and opening put right, as a sentence. */
  readonly recovered?: string;
  /** Refs that the operation under way has moved already. */
  readonly earlier?: readonly RefChange[];
}

/** Where the journal of a repository lies. */
export const journalOf = (repository: Repository) => journalFile(join(localDirectory(repository), 'journal.bin'));

/** What an operation does once the model's bytes are written; it goes through the journal as JSON. */
export interface AfterModel extends LocalChange {
  readonly move?: HeadMove;
  /** Files that become what a commit says. */
  readonly restore?: Restoration;
  /** The commit that the model then stands for, where it is not the one that HEAD moves to. */
  readonly model?: CommitId;
  /** Its patches; without them the model stays as it is. */
  readonly patches?: readonly PatchId[];
  /** What an earlier operation saved, by name: it is put back. */
  readonly putBack?: string;
  /** What was saved of the files that this one overwrites, by name. */
  readonly saved?: string;
  /** The record by which all this can be undone. */
  readonly undo?: ObjectId;
}

/** The refs that an operation writes, ours among them. */
export const refsOf = ({ move, refs = [], patches, undo }: AfterModel): string[] => [
  ...(move ? ['HEAD'] : []),
  ...(move?.branch === undefined ? [] : [`refs/heads/${move.branch}`]),
  ...refs.map(({ name }) => name),
  ...(patches ? [MODEL_REF] : []),
  ...(undo === undefined ? [] : [UNDO_REF]),
];

/**
 * Opens the workspace around a directory for reading. An interrupted checkout is finished first.
 * Throws NOT_A_REPOSITORY, REPOSITORY_UNSUPPORTED, REPOSITORY_LOCKED (only when there is something to finish).
 */
export async function openWorkspace(directory: string): Promise<Workspace> {
  const repository = await openRepository(directory);
  dropDeadLocks(repository);
  const interrupted = (await journalOf(repository).read()) !== undefined;
  return interrupted ? withLock(repository, () => recoverWorkspace(repository)) : readWorkspace(repository);
}

/**
 * Opens the workspace around a directory for changing it: no other process can meanwhile. New objects wait until the journal
 * is about to lead to them, so that a change which is refused leaves none. Throws REPOSITORY_LOCKED.
 */
export async function changeWorkspace<T>(directory: string, action: (workspace: Workspace) => Promise<T>): Promise<T> {
  const repository = await openRepository(directory);
  return withLock(repository, async () => {
    const workspace = await recoverWorkspace(repository);
    return action({ ...workspace, repository: staged(workspace.repository) });
  });
}

async function readWorkspace(repository: Repository): Promise<Workspace> {
  const state = await readLocalState(repository);
  return { repository, state, model: modelPath(repository, state) };
}

async function recoverWorkspace(repository: Repository): Promise<Workspace> {
  dropDeadLocks(repository);
  const before = await readWorkspace(repository);
  const recovery = await recoverCheckout(
    journalOf(repository),
    () => openModelFile(before.model),
    (after) => finishCheckout(before, after as AfterModel),
  );
  if (!recovery) return before;
  return { ...(await readWorkspace(repository)), recovered: 'Finished a checkout that had been interrupted.' };
}

/** Moves HEAD, worktree and refs and records what the model holds now. May be repeated. */
export async function finishCheckout({ repository, state, model }: Workspace, after: AfterModel): Promise<void> {
  const { move, restore, patches, putBack, saved, undo } = after;
  await renameLog(repository, after);
  if (move) await moveHead(repository, move);
  await changeLocally(repository, after);
  if (restore) await restoreFiles(repository, restore);
  const holds = after.model ?? move?.to;
  if (patches && holds !== undefined) {
    await pointModelRef(repository, holds);
    await writeLocalState(repository, { ...state, patches, file: await readFileStamp(model) });
  }
  if (putBack !== undefined) await putFilesBack(repository, putBack);
  if (saved !== undefined) await sealFiles(repository, saved);
  if (undo === undefined) return;
  await pointUndo(repository, undo);
  // What is put back is needed until the journal is gone.
  forgetSaved(repository, [saved, putBack]);
}

/** The working model, open for reading. */
export interface OpenModel {
  readonly source: FileSource;
  readonly gguf: Gguf;
}

/** Runs an action on the working model, opened for reading. Throws what `readGguf` and `assertOneBit` throw. */
export async function withModel<T>(path: string, action: (model: OpenModel) => Promise<T> | T): Promise<T> {
  const source = openFile(path);
  try {
    return await action({ source, gguf: readOneBit(source) });
  } finally {
    source.close();
  }
}

/** Reads the header of a model and asserts that it is a true 1-bit one. */
export function readOneBit(source: FileSource | ModelFile): Gguf {
  const gguf = readGguf(source);
  assertOneBit(gguf);
  return gguf;
}

/** The shapes by which patches are judged. */
export function shapesOf(gguf: Gguf): ShapeOf {
  const tensors = new Map(gguf.tensors.map((tensor) => [tensor.name, tensor]));
  return (name) => {
    const tensor = tensors.get(name);
    if (!tensor) return undefined;
    if (tensor.type !== 'Q1_0') return { type: tensor.type, rows: 0, groups: 0 };
    return { type: tensor.type, rows: rowCount(tensor), groups: groupCount(tensor) };
  };
}

/** Reads the patches that the working model holds now. */
export async function appliedPatches({ repository, state }: Workspace): Promise<Map<PatchId, Patch>> {
  if (state.patches.length === 0) return new Map();
  return readPatches(repository, await readModelCommit(repository), state.patches);
}

/** Composes the mask that the working model holds now. */
export async function appliedMask(workspace: Workspace): Promise<Mask> {
  return composeMask((await appliedPatches(workspace)).values());
}
