/** Owns the writing of the commit that adds patches or removes them. Moves no ref: see `move-head.ts`. */
import type { PatchId } from '../patch/ids.js';
import { encodePatch, type Patch, patchId } from '../patch/patch.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { readCommit, type Signature } from './object.js';
import type { Repository } from './repository.js';
import { type EvidenceFile, evidencePath, patchPath, removal } from './state.js';
import { changeTree, fileEntry } from './tree.js';
import { type CommitSigner, writeCommit, writeObject } from './write-object.js';

/** A patch to be recorded on top of a commit. */
export interface PatchCommit extends PatchAddition {
  readonly parent: CommitId;
  readonly message: string;
  readonly author: Signature;
  /** By default the author. */
  readonly committer?: Signature;
  readonly sign?: CommitSigner;
}

/** A patch that comes in, with what it rests on. */
export interface PatchAddition {
  readonly patch: Patch;
  readonly evidence: readonly EvidenceFile[];
}

/** A change of a state: patches that come in and patches that go. */
export interface StateChange {
  readonly parent: CommitId;
  readonly added: readonly PatchAddition[];
  /** They go with their evidence. */
  readonly removed: readonly PatchId[];
  readonly message: string;
  readonly author: Signature;
  /** By default the author. */
  readonly committer?: Signature;
  readonly sign?: CommitSigner;
}

/**
 * Writes the objects of the commit that adds a patch and its evidence to its parent's state, durably. Throws IO,
 * REPOSITORY_CORRUPT.
 */
export async function commitPatch(repository: Repository, addition: PatchCommit): Promise<CommitId> {
  const { patch, evidence, ...rest } = addition;
  return commitChange(repository, { ...rest, added: [{ patch, evidence }], removed: [] });
}

/** Writes the objects of the commit that changes its parent's state, durably. Throws IO, REPOSITORY_CORRUPT. */
export async function commitChange(repository: Repository, change: StateChange): Promise<CommitId> {
  return reporting(`record a change of ${change.parent}`, async () => {
    const changes = removal(change.removed);
    for (const { patch, evidence } of change.added) {
      const id = patchId(patch);
      const add = async (path: string, bytes: Uint8Array) =>
        changes.set(path, fileEntry(await writeObject(repository, 'blob', bytes)));
      await add(patchPath(id), encodePatch(patch));
      for (const file of evidence) await add(evidencePath(id, file), file.bytes);
    }
    const parent = await readCommit(repository, change.parent);
    const tree = await changeTree(repository, parent.tree, changes);
    const { author, committer = author, message, sign } = change;
    const commit = { tree, parents: [change.parent], author, committer, message };
    return writeCommit(repository, commit, sign);
  });
}
