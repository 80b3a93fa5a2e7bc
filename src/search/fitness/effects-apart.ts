/** Owns the effects of rows on the likelihood of each of several answers. */
import type { Engine, Sequence } from '../../engine/engine.js';
import { sum } from './terms.js';

/**
 * Computes, by tensor, the first-order effects of inverting each row alone on slope · log p of each sequence's predicted
 * tokens, at the present weights: (sequences, rows). `slope` is asked with that log p.
 */
export function effectsApart(
  engine: Engine,
  sequences: readonly Sequence[],
  slope: (logProbability: number, index: number) => number,
): ReadonlyMap<string, Float32Array> {
  const batch = engine.prepare(sequences, { apart: true });
  try {
    batch.keep();
    const slopes = batch.logProbabilities().map((answer, index) => slope(sum(answer), index));
    return batch.answerEffects(slopes).byTensor;
  } finally {
    batch.dispose();
  }
}
