/** Owns what a checkout has to do to the model file: pure, from the mask it has and the mask it shall have. */
import type { Gguf } from '../gguf/read.js';
import { type Mask, xorMasks } from '../patch/mask.js';
import { type Edit, maskEdits } from './edit.js';

/** The way from one mask to another. */
export interface CheckoutPlan {
  /** Ascending, without overlap. */
  readonly edits: readonly Edit[];
  /** Names of the tensors that the edits lie in: those to verify first. */
  readonly tensors: readonly string[];
  /** Bytes that will differ. */
  readonly byteCount: number;
}

/** Plans the edits that lead from the model under `now` to the model under `wanted`: only rows that differ. */
export function planCheckout(gguf: Gguf, now: Mask, wanted: Mask): CheckoutPlan {
  const difference = xorMasks(now, wanted);
  const edits = maskEdits(gguf, difference);
  return { edits, tensors: [...difference.keys()].sort(), byteCount: countChangedBytes(edits) };
}

function countChangedBytes(edits: readonly Edit[]): number {
  let count = 0;
  for (const { pattern } of edits) for (const byte of pattern) if (byte !== 0) count++;
  return count;
}
