/** Owns the plain backend's gradients of attention: through softmax over paths, and back into the projections. */
import type { Memory } from './kernels.js';
import { padded, tiled, type Args } from './layout.js';

/** Kernel `attentionBackward` of the interface. */
export function attentionBackward(memory: Memory, args: Args<'attentionBackward'>): void {
  const { tokenCount, rowCount, heads, kvHeads, headDim } = args;
  const offsets = memory.i32(args.pathOffsets, tokenCount + 1);
  const queries = memory.f32(args.queries, tokenCount * heads * headDim);
  const keys = memory.f32(args.keys, rowCount * kvHeads * headDim);
  const values = memory.f32(args.values, rowCount * kvHeads * headDim);
  const dOut = memory.f32(args.dOut, padded(tokenCount) * heads * headDim);
  const dQueries = new Float64Array(queries.length);
  const dKeys = new Float64Array(keys.length);
  const dValues = new Float64Array(values.length);

  for (let token = 0; token < tokenCount; token++) {
    const path = memory.i32(args.path + offsets[token] * 4, offsets[token + 1] - offsets[token]);
    for (let h = 0; h < heads; h++) {
      const query = (token * heads + h) * headDim;
      const gradient = Float64Array.from({ length: headDim }, (_, d) => {
        return dOut[tiled(token, h * headDim + d, heads * headDim)];
      });
      const rows = Array.from(path, (key) => (key * kvHeads + Math.floor((h * kvHeads) / heads)) * headDim);
      const sumOver = (product: (d: number) => number): number => {
        let sum = 0;
        for (let d = 0; d < headDim; d++) sum += product(d);
        return sum;
      };

      const scores = rows.map((row) => sumOver((d) => queries[query + d] * keys[row + d]));
      const highest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - highest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const probabilities = weights.map((weight) => weight / total);
      const dProbabilities = rows.map((row) => sumOver((d) => gradient[d] * values[row + d]));
      const mean = probabilities.reduce((sum, probability, i) => sum + probability * dProbabilities[i], 0);

      rows.forEach((row, i) => {
        const dScore = probabilities[i] * (dProbabilities[i] - mean);
        for (let d = 0; d < headDim; d++) {
          dQueries[query + d] += dScore * keys[row + d];
          dKeys[row + d] += dScore * queries[query + d];
          dValues[row + d] += probabilities[i] * gradient[d];
        }
      });
    }
  }
  memory.f32(args.dQueries, dQueries.length).set(dQueries);
  memory.f32(args.dKeys, dKeys.length).set(dKeys);
  memory.f32(args.dValues, dValues.length).set(dValues);
}

/** Kernel `splitHeadsBackward` of the interface. */
export function splitHeadsBackward(memory: Memory, args: Args<'splitHeadsBackward'>): void {
  const { tokenCount, heads, kvHeads, headDim, epsilon, firstRow } = args;
  const features = (heads + 2 * kvHeads) * headDim;
  const projected = memory.f32(args.projected, padded(tokenCount) * features);
  const queryNorm = memory.f32(args.queryNorm, headDim);
  const keyNorm = memory.f32(args.keyNorm, headDim);
  const positions = memory.i32(args.positions, tokenCount);
  const dQueries = memory.f32(args.dQueries, tokenCount * heads * headDim);
  const dKeys = memory.f32(args.dKeys, (firstRow + tokenCount) * kvHeads * headDim);
  const dValues = memory.f32(args.dValues, (firstRow + tokenCount) * kvHeads * headDim);
  const dProjected = memory.f32(args.dProjected, padded(tokenCount) * features);

  const place = (token: number, index: number, gradient: ArrayLike<number>): void => {
    for (let d = 0; d < headDim; d++) dProjected[tiled(token, index * headDim + d, features)] = gradient[d];
  };
  for (let token = 0; token < tokenCount; token++) {
    const cosines = memory.f32(args.cosines + positions[token] * headDim * 2, headDim / 2);
    const sines = memory.f32(args.sines + positions[token] * headDim * 2, headDim / 2);
    const head = (index: number): Float64Array =>
      Float64Array.from({ length: headDim }, (_, d) => projected[tiled(token, index * headDim + d, features)]);
    const row = firstRow + token;
    for (let h = 0; h < heads; h++) {
      const dQuery = Float64Array.from(dQueries.subarray((token * heads + h) * headDim).subarray(0, headDim));
      const dScaled = dQuery.map((value) => value / Math.sqrt(headDim));
      place(token, h, normalizeBackward(head(h), queryNorm, epsilon, rotateTransposed(dScaled, cosines, sines)));
    }
    for (let h = 0; h < kvHeads; h++) {
      const dKey = Float64Array.from(dKeys.subarray((row * kvHeads + h) * headDim).subarray(0, headDim));
      const gradient = normalizeBackward(head(heads + h), keyNorm, epsilon, rotateTransposed(dKey, cosines, sines));
      place(token, heads + h, gradient);
      place(token, heads + kvHeads + h, dValues.subarray((row * kvHeads + h) * headDim).subarray(0, headDim));
    }
  }
  for (let token = tokenCount; token < padded(tokenCount); token++) {
    for (let f = 0; f < features; f++) dProjected[tiled(token, f, features)] = 0;
  }
}

/** The rotary embedding's transpose: its inverse where cosine² + sine² = 1. */
function rotateTransposed(head: Float64Array, cosines: Float32Array, sines: Float32Array): Float64Array {
  const half = head.length / 2;
  return head.map((value, d) =>
    d < half
      ? value * cosines[d] + head[d + half] * sines[d]
      : value * cosines[d - half] - head[d - half] * sines[d - half],
  );
}

/** Through the RMSNorm of one head. */
function normalizeBackward(
  head: Float64Array,
  weight: Float32Array,
  epsilon: number,
  gradient: Float64Array,
): Float64Array {
  const inverse = 1 / Math.sqrt(head.reduce((sum, value) => sum + value * value, 0) / head.length + epsilon);
  const product = head.reduce((sum, value, d) => sum + gradient[d] * weight[d] * value, 0);
  const share = (product * inverse ** 2) / head.length;
  return head.map((value, d) => inverse * (gradient[d] * weight[d] - value * share));
}
