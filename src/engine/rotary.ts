/** Owns the angles of the rotary embedding, plain or stretched to a longer context. */
import type { ModelConfig } from './config.js';

/** Turns between which YaRN goes over from stretching a frequency to keeping it (Peng et al. 2023, section 3.2). */
const KEPT_ABOVE_TURNS = 32;
const STRETCHED_BELOW_TURNS = 1;

export interface RotaryAngles {
  /** Radians a position: (headDim / 2). */
  readonly frequencies: Float64Array;
  /** Factor of every cosine and sine: above 1 where YaRN sharpens attention. */
  readonly magnitude: number;
}

/** Says by which angles the pairs of features of a head turn from one position to the next, as llama.cpp does. */
export function rotaryAngles({ headDim, ropeBase, ropeScaling }: ModelConfig): RotaryAngles {
  const half = headDim / 2;
  const frequencies = Float64Array.from({ length: half }, (_, i) => ropeBase ** (-i / half));
  if (!ropeScaling) return { frequencies, magnitude: 1 };
  const { factor, originalContextLength } = ropeScaling;
  /** Index of the pair that turns so often within the original context. */
  const pairOfTurns = (turns: number) =>
    (half * Math.log(originalContextLength / (turns * 2 * Math.PI))) / Math.log(ropeBase);
  const first = Math.max(0, Math.floor(pairOfTurns(KEPT_ABOVE_TURNS)));
  const last = Math.min(headDim - 1, Math.ceil(pairOfTurns(STRETCHED_BELOW_TURNS)));
  const stretched = frequencies.map((frequency, i) => {
    const share = Math.min(1, Math.max(0, (i - first) / Math.max(0.001, last - first)));
    return frequency * (1 - share + share / factor);
  });
  return { frequencies: stretched, magnitude: 1 + 0.1 * Math.log(factor) };
}

/** Cosines and sines by position: (positions, headDim / 2) each. */
export interface RotaryTables {
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/** Makes the tables for positions 0 … length − 1, computing only those that no earlier call has. */
export function rotaryTables(config: ModelConfig): (length: number) => RotaryTables {
  const { frequencies, magnitude } = rotaryAngles(config);
  const half = frequencies.length;
  let known: RotaryTables = { cosines: new Float32Array(0), sines: new Float32Array(0) };
  const extend = (size: number): RotaryTables => {
    const wider = { cosines: new Float32Array(size), sines: new Float32Array(size) };
    wider.cosines.set(known.cosines);
    wider.sines.set(known.sines);
    for (let at = known.cosines.length; at < size; at++) {
      const angle = Math.floor(at / half) * frequencies[at % half];
      wider.cosines[at] = magnitude * Math.cos(angle);
      wider.sines[at] = magnitude * Math.sin(angle);
    }
    return wider;
  };
  return (length) => {
    const size = length * half;
    if (size > known.cosines.length) known = extend(Math.max(size, 2 * known.cosines.length));
    return { cosines: known.cosines.subarray(0, size), sines: known.sines.subarray(0, size) };
  };
}
