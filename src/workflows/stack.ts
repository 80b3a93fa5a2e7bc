/** Owns the step from a stack expression to its patches, checked. */
import { composeMask, type Mask } from '../patch/mask.js';
import type { PatchId } from '../patch/ids.js';
import type { Patch } from '../patch/patch.js';
import type { CommitId } from '../repo/ids.js';
import { resolveStack, type ResolvedStack } from '../repo/resolve.js';
import { readPatches, readState } from '../repo/state.js';
import type { Repository } from '../repo/repository.js';

/** A stack with its patches. */
export interface LoadedStack extends ResolvedStack {
  readonly loaded: ReadonlyMap<PatchId, Patch>;
  readonly mask: Mask;
  /** A commit among the parts in whose tree each patch is. */
  readonly commitOf: ReadonlyMap<PatchId, CommitId>;
}

/** Resolves a stack expression and reads its patches. Throws what `resolveStack` and `readPatches` throw. */
export async function loadStack(repository: Repository, expression: string): Promise<LoadedStack> {
  const stack = await resolveStack(repository, expression);
  const loaded = new Map<PatchId, Patch>();
  const commitOf = new Map<PatchId, CommitId>();
  const wanted = new Set(stack.patches);
  for (const { commit } of stack.parts) {
    const missing = (await readState(repository, commit)).filter((id) => wanted.has(id) && !loaded.has(id));
    for (const [id, patch] of await readPatches(repository, commit, missing)) {
      loaded.set(id, patch);
      commitOf.set(id, commit);
    }
  }
  return { ...stack, loaded, commitOf, mask: composeMask(loaded.values()) };
}
