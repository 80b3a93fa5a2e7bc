/** Owns the writing of the commit that adds a patch. Moves no ref: see `move-head.ts`. */
import { encodePatch, type Patch, patchId } from '../patch/patch.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { readCommit, type Signature } from './object.js';
import type { Repository } from './repository.js';
import { type EvidenceFile, evidencePath, patchPath } from './state.js';
import { changeTree, fileEntry, type TreeEntry } from './tree.js';
import { writeCommit, writeObject } from './write-object.js';

/** A patch to be recorded on top of a commit. */
export interface PatchCommit {
  readonly parent: CommitId;
  readonly patch: Patch;
  readonly evidence: readonly EvidenceFile[];
  readonly message: string;
  readonly author: Signature;
}

/**
 * Writes the objects of the commit that adds a patch and its evidence to its parent's state, durably. Throws IO,
 * REPOSITORY_CORRUPT.
 */
export async function commitPatch(repository: Repository, addition: PatchCommit): Promise<CommitId> {
  const id = patchId(addition.patch);
  return reporting(`record patch ${id}`, async () => {
    const changes = new Map<string, TreeEntry>();
    const add = async (path: string, bytes: Uint8Array) =>
      changes.set(path, fileEntry(await writeObject(repository, 'blob', bytes)));
    await add(patchPath(id), encodePatch(addition.patch));
    for (const file of addition.evidence) await add(evidencePath(id, file), file.bytes);
    const parent = await readCommit(repository, addition.parent);
    const tree = await changeTree(repository, parent.tree, changes);
    const { author, message } = addition;
    return writeCommit(repository, { tree, parents: [addition.parent], author, committer: author, message });
  });
}
