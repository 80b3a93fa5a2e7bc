/**
 * The fast kernels, one export each. Every one does the items `first ≤ item < last` of its work, so that threads can
 * share it, with `scratch` as the calling thread's own memory; what an item is stands above each kernel. Arguments are
 * those of `src/engine/kernels/kernels.ts`, where the memory layouts are drawn.
 */
export { regroup } from './regroup';
export { embed, gather } from './rows';
export { rmsNorm } from './norm';
export { matmul } from './matmul';
export { splitHeads } from './heads';
export { attention } from './attention';
export { swiglu } from './swiglu';
export { summarizeLogits, divergence } from './distribution';
