/** Owns the question whether a model is a true 1-bit model. */
import { CompatibilityError } from '../errors.js';
import type { Gguf } from './read.js';
import { tensorTypeOf } from './tensor-type.js';

/**
 * Asserts that a model's quantised tensors all have type Q1_0, and that there are any; norms and the like may be
 * unquantised. Throws TYPE_UNSUPPORTED, naming the first other tensor and its type, and TYPE_NOT_ONE_BIT.
 */
export function assertOneBit(gguf: Gguf): void {
  const hint = 'Use a true 1-bit model, whose matrices have type Q1_0, such as Bonsai 1.7B, 4B or 8B.';
  const foreign = gguf.tensors.find(({ type, typeId }) => type !== 'Q1_0' && tensorTypeOf(typeId)?.blockWeights !== 1);
  if (foreign) {
    const message = `Tensor "${foreign.name}" has type ${foreign.type}, which spends several bits on a weight`;
    throw new CompatibilityError('TYPE_UNSUPPORTED', message, {
      hint,
      data: { tensor: foreign.name, type: foreign.type },
    });
  }
  if (gguf.tensors.some(({ type }) => type === 'Q1_0')) return;
  const types = [...new Set(gguf.tensors.map(({ type }) => type))].join(', ');
  throw new CompatibilityError('TYPE_NOT_ONE_BIT', `The model has no Q1_0 tensor; its types: ${types || 'none'}`, {
    hint,
    data: { types },
  });
}
