/** Owns finite differences: the outputs of random rows moved a little in a float64 model, against the engine's effects. */
import type { Engine, Sequence } from '../../src/engine/engine.js';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import type { Probe } from '../../src/search/probes.js';
import { seededRandom } from '../../src/search/random.js';
import { answerSequence } from '../../src/search/sequences.js';
import { createReferenceModel } from './reference-model.js';

/** The matrices of a layer whose rows can be flipped. */
export const PROJECTIONS = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];

/** A row, its effect as the engine computed it, and the slope that it has. */
export interface SlopeError {
  readonly tensor: string;
  readonly row: number;
  readonly effect: number;
  readonly slope: number;
  /** |effect − slope| in parts of what is allowed: 1 % of the slope, and 10⁻⁵ of the tensor's largest effect for float32. */
  readonly error: number;
}

/** The largest |effect| of a tensor's rows: what float32 can get wrong is a small part of that, however small the row's own. */
export function sizeOf(effects: Float32Array): number {
  let most = 0;
  for (const value of effects) most = Math.max(most, Math.abs(value));
  return most;
}

export interface SlopeRequest {
  readonly engine: Engine;
  /** The file that the engine opened. */
  readonly model: Uint8Array;
  readonly probes: readonly Probe[];
  readonly count: number;
  readonly seed: number;
}

/**
 * Moves the output of `count` random rows, of all layers and kinds in turn, by 10⁻⁵ of what flipping the row does, and compares
 * the slope of an answer's log-probability with the effect that the engine computed.
 */
export function compareSlopes({ engine, model, probes, count, seed }: SlopeRequest): SlopeError[] {
  // The float64 model is slow: four short problems.
  const sequences: Sequence[] = probes
    .map(({ prompt, correct }) => answerSequence(engine.tokenizer, prompt, correct))
    .filter(({ tokens }) => tokens.length <= 7)
    .slice(0, 4);
  const reference = createReferenceModel(readGguf(bytesSource(model)), model);
  const batch = engine.prepare(sequences);
  const { byTensor } = batch.answerEffects(sequences.map(() => 1));
  batch.dispose();
  const streams = sequences.map((sequence) => reference.streams(sequence));
  const before = sequences.map((sequence, s) =>
    reference.logProbability(sequence, streams[s][reference.layers], reference.layers),
  );
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const layer = i % reference.layers;
    const tensor = `blk.${layer}.${PROJECTIONS[Math.floor(i / reference.layers) % PROJECTIONS.length]}.weight`;
    const effects = byTensor.get(tensor) as Float32Array;
    const rows = effects.length / sequences.length;
    const row = random.nextInt(rows);
    const s = random.nextInt(sequences.length);
    // Float64 leaves room for a step so small that one side of it is enough.
    const step = 1e-5;
    const moved = reference.logProbability(sequences[s], streams[s][layer], layer, { tensor, row, step });
    const slope = (moved - before[s]) / step;
    const own = effects.subarray(s * rows, (s + 1) * rows);
    const error = Math.abs(own[row] - slope) / (0.01 * Math.abs(slope) + 1e-5 * sizeOf(own));
    return { tensor, row, effect: own[row], slope, error };
  });
}
