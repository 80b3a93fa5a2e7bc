/** The public API: models, patches, engines and searches for programs that do without the command line. */
export * from './errors.js';

export { openFile, bytesSource, type ByteSource, type FileSource } from './gguf/source.js';
export { readGguf, type Gguf, type GgufTensor } from './gguf/read.js';
export { assertOneBit } from './gguf/one-bit.js';
export { writeGguf, type WriteOptions } from './gguf/write.js';
export { describeTensors, weightsId, type TensorDigest } from './gguf/identity.js';

export type { Flip, GroupFlip, RowFlip, ScaleBitFlip } from './patch/flip.js';
export type { PatchId, WeightsId } from './patch/ids.js';
export { createPatch, decodePatch, encodePatch, type Patch, patchFlips, patchId } from './patch/patch.js';
export { composeMask, emptyMask, type Mask, maskFlips, xorMasks } from './patch/mask.js';
export { cancellations, overlap, type Overlap } from './patch/overlap.js';
export { compactSize, decodeCompact, encodeCompact } from './patch/compact.js';
export { importPatch, type ImportedPatch } from './patch/interchange.js';

export { openModelFile, type ModelFile } from './checkout/model-file.js';
export { type CheckoutPlan, planCheckout } from './checkout/plan.js';
export { swapEdits } from './checkout/swap.js';

export type { Engine, PreparedBatch, Sequence } from './engine/engine.js';
export { type EngineOptions, openEngine } from './engine/open.js';

export { auditProbes, type AuditFinding } from './search/audit.js';
export { matchesAnswer } from './search/answers.js';
export { answerProbes, compareAnswers, type AnswerComparison } from './search/evaluate.js';
export { joinProbes, parseProbes, type Probe, type ProbeSet } from './search/probes.js';
export { measureText, parseText, type TextComparison, type TextSet } from './search/texts.js';
export { answerFitness } from './search/fitness/answer.js';
export { gapFitness } from './search/fitness/gap.js';
export { scaleWeightedRows } from './search/candidates.js';
export { greedy } from './search/strategies/greedy.js';
export { guided } from './search/strategies/guided.js';
export { recommendedFitness, guidedFor } from './search/recommended.js';
export type { SearchProblem, SearchResult, Strategy } from './search/strategy.js';
