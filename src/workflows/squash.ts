/** Owns `bankai squash` and `bankai rm`: several patches become one, or none. */
import { maskFlips, composeMask } from '../patch/mask.js';
import { createPatch } from '../patch/patch.js';
import { type DeriveRequest, groundOf, nothing, recordDerived } from './derive.js';
import type { Recorder } from './record.js';
import { changeWorkspace } from './workspace.js';

/**
 * Makes one patch of those of a stack, with the same mask. The working model stays as it is, bit for bit. Throws
 * NOTHING_TO_COMMIT (one patch, or flips that all cancel), USAGE, UNKNOWN_REVISION, BRANCH_EXISTS, WORKTREE_DIRTY.
 */
export async function squash(directory: string, request: DeriveRequest, recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const ground = await groundOf(workspace, request);
    const count = ground.parents.size;
    if (count < 2) throw nothing(`${ground.name} has ${count === 0 ? 'no patch' : 'one patch only'}`);
    const flips = maskFlips(composeMask(ground.parents.values()));
    if (flips.length === 0) throw nothing(`the flips of ${ground.name} cancel each other`);
    const patch = createPatch(workspace.state.weightsId, flips);
    const derived = { patch, derivation: { operation: 'squash' as const, settings: {}, probes: [] }, files: [] };
    return recordDerived(workspace, ground, [derived], request.message ?? `Squash ${ground.name}`, recorder);
  });
}

/** Removes patches from the state of HEAD. Throws NOTHING_TO_COMMIT, USAGE, UNKNOWN_REVISION, WORKTREE_DIRTY. */
export async function remove(directory: string, request: Omit<DeriveRequest, 'branch'>, recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const ground = await groundOf(workspace, request);
    if (ground.parents.size === 0) throw nothing(`${ground.name} has no patch`);
    return recordDerived(workspace, ground, [], request.message ?? `Remove ${ground.name}`, recorder);
  });
}
