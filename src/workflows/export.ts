/** Owns `bankai export`: a stack as a GGUF of its own, for llama.cpp. */
import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { applyEdits } from '../checkout/edit.js';
import { planCheckout } from '../checkout/plan.js';
import { assertUnchanged } from '../checkout/verify.js';
import { RepositoryError } from '../errors.js';
import { derivedMetadata } from '../gguf/derived.js';
import { openFile } from '../gguf/source.js';
import { writeGguf } from '../gguf/write.js';
import { countFlips } from '../patch/mask.js';
import { assertPatchFits } from '../patch/validate.js';
import { readDescriptor } from '../repo/descriptor.js';
import type { CommitId } from '../repo/ids.js';
import type { Actor } from './actor.js';
import { passGate } from './gate.js';
import { loadStack } from './stack.js';
import { appliedMask, openWorkspace, shapesOf, withModel } from './workspace.js';

export interface ExportRequest {
  readonly stack: string;
  /** Absolute path of the file to write. */
  readonly path: string;
  readonly overwrite: boolean;
  readonly version: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes the base under a stack's mask as a GGUF that names its base and its patches. The working model stays as it is.
 * What the actor's policy refuses is not written. Throws what `passGate` throws, BASE_MISMATCH, FILE_EXISTS, MODEL_CHANGED (the whole file is verified first), UNKNOWN_REVISION, IO.
 */
export async function exportModel(directory: string, request: ExportRequest, actor: Pick<Actor, 'keyDirectory'> = {}) {
  const workspace = await openWorkspace(directory);
  const { repository, state } = workspace;
  const stack = await loadStack(repository, request.stack);
  const now = await appliedMask(workspace);
  const { base } = await readDescriptor(repository, state.root);
  if (await isSameFile(request.path, workspace.model)) {
    throw new RepositoryError('FILE_EXISTS', `${request.path} is the working model itself`, {
      hint: 'Choose another name; "bankai checkout" changes the working model.',
    });
  }
  let warnings: readonly string[] = [];
  await withModel(workspace.model, async ({ source, gguf }) => {
    assertUnchanged(source, gguf, now, base.tensors);
    for (const patch of stack.loaded.values()) assertPatchFits(patch, state.weightsId, shapesOf(gguf));
    warnings = (
      await passGate(repository, actor.keyDirectory, {
        patches: stack.loaded,
        commitOf: (id) => stack.commitOf.get(id) as CommitId,
        shapeOf: shapesOf(gguf),
      })
    ).warnings;
    const { edits } = planCheckout(gguf, now, stack.mask);
    await writeGguf(source, gguf, request.path, {
      metadata: derivedMetadata(gguf.metadata, {
        baseWeightsId: state.weightsId,
        patchIds: stack.patches,
        stack: stack.expression,
        version: request.version,
      }),
      overwrite: request.overwrite,
      transform: (bytes, byteOffset) => applyEdits(edits, bytes, byteOffset),
      ...(request.onProgress && { onProgress: request.onProgress }),
    });
  });
  const { byteLength, sha256 } = digestFile(request.path);
  return {
    stack: stack.expression,
    path: request.path,
    byteLength,
    patches: stack.patches.length,
    flips: countFlips(stack.mask),
    sha256,
    warnings,
  };
}

/** Whether two paths lead to one file, though they may differ: through a symlinked directory, or in their case. */
async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((path) => lstat(path, { bigint: true }).catch(() => undefined)));
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

function digestFile(path: string): { byteLength: number; sha256: string } {
  const source = openFile(path);
  try {
    const hash = createHash('sha256');
    const chunk = new Uint8Array(Math.min(4 << 20, source.size));
    for (let at = 0; at < source.size; at += chunk.length) {
      const bytes = chunk.subarray(0, Math.min(chunk.length, source.size - at));
      source.readInto(bytes, at);
      hash.update(bytes);
    }
    return { byteLength: source.size, sha256: hash.digest('hex') };
  } finally {
    source.close();
  }
}
