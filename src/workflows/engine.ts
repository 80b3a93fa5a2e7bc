/** Owns the way from a workspace to an engine that holds a given stack. */
import { assertUnchanged } from '../checkout/verify.js';
import type { Engine } from '../engine/engine.js';
import { openEngine } from '../engine/open.js';
import { emptyMask, type Mask, maskFlips, xorMasks } from '../patch/mask.js';
import { readDescriptor } from '../repo/descriptor.js';
import { appliedMask, withModel, type Workspace } from './workspace.js';

/** An engine, and the means to give it any mask. */
export interface LoadedEngine {
  readonly engine: Engine;
  /** Makes the weights in memory the base under this mask. */
  hold(mask: Mask): void;
}

/**
 * Loads the working model into an engine that holds the base, runs an action, and frees the memory. The file is verified
 * first, so that what is measured is what the patches say. Throws MODEL_CHANGED and the codes of `openEngine`.
 */
export async function withEngine<T>(
  workspace: Workspace,
  threads: number,
  action: (loaded: LoadedEngine) => Promise<T>,
): Promise<T> {
  const applied = await appliedMask(workspace);
  const { base } = await readDescriptor(workspace.repository, workspace.state.root);
  const engine = await withModel(workspace.model, async ({ source, gguf }) => {
    assertUnchanged(source, gguf, applied, base.tensors);
    return openEngine(source, { threads });
  });
  try {
    let held = applied;
    const hold = (mask: Mask): void => {
      engine.toggle(maskFlips(xorMasks(held, mask)));
      held = mask;
    };
    hold(emptyMask);
    return await action({ engine, hold });
  } finally {
    await engine.dispose();
  }
}
