/**
 * The fast kernels, one export each. Every one does the items `first ≤ item < last` of its work, so that threads can
 * share it, with `scratch` as the calling thread's own memory; what an item is stands above each kernel. Arguments are
 * those of `src/engine/kernels/kernels.ts` and `backward.ts`; the former draws the memory layouts.
 */
export { regroup } from './regroup';
export { embed, gather, scatter } from './rows';
export { rmsNorm, rmsNormBackward } from './norm';
export { matmul } from './matmul';
export { matmulQuantized } from './matmul-quantized';
export { matvecQuantized } from './matvec-quantized';
export { matmulTransposed } from './matmul-transposed';
export { splitHeads } from './heads';
export { splitHeadsBackward } from './heads-backward';
export { attention } from './attention';
export { attentionBackward } from './attention-backward';
export { swiglu, swigluBackward } from './swiglu';
export { summarizeLogits, divergence, answerGradient, divergenceGradient } from './distribution';
export { add, subtract, rowEffects } from './effects';
export { sumUpGains } from './gains';
