/** Owns the plain backend's attention: projections split into heads, and softmax over explicit paths of keys. */
import type { Memory } from './kernels.js';
import { padded, tiled, type Args } from './layout.js';

/** Kernel `splitHeads` of the interface. */
export function splitHeads(memory: Memory, args: Args<'splitHeads'>): void {
  const { tokenCount, heads, kvHeads, headDim, epsilon } = args;
  const features = (heads + 2 * kvHeads) * headDim;
  const projected = memory.f32(args.projected, padded(tokenCount) * features);
  const queryNorm = memory.f32(args.queryNorm, headDim);
  const keyNorm = memory.f32(args.keyNorm, headDim);
  const positions = memory.i32(args.positions, tokenCount);
  const rows = args.firstRow + tokenCount;
  const queries = memory.f32(args.queries, tokenCount * heads * headDim);
  const keys = memory.f32(args.keys, rows * kvHeads * headDim);
  const values = memory.f32(args.values, rows * kvHeads * headDim);

  for (let token = 0; token < tokenCount; token++) {
    const cosines = memory.f32(args.cosines + positions[token] * headDim * 2, headDim / 2);
    const sines = memory.f32(args.sines + positions[token] * headDim * 2, headDim / 2);
    const head = (index: number): Float64Array =>
      Float64Array.from({ length: headDim }, (_, d) => projected[tiled(token, index * headDim + d, features)]);
    const row = args.firstRow + token;
    for (let h = 0; h < heads; h++) {
      const query = rotate(normalize(head(h), queryNorm, epsilon), cosines, sines);
      queries.set(
        query.map((value) => value / Math.sqrt(headDim)),
        (token * heads + h) * headDim,
      );
    }
    for (let h = 0; h < kvHeads; h++) {
      const key = rotate(normalize(head(heads + h), keyNorm, epsilon), cosines, sines);
      keys.set(key, (row * kvHeads + h) * headDim);
      values.set(head(heads + kvHeads + h), (row * kvHeads + h) * headDim);
    }
  }
}

/** RMSNorm of one head. */
function normalize(head: Float64Array, weight: Float32Array, epsilon: number): Float64Array {
  const inverse = 1 / Math.sqrt(head.reduce((sum, value) => sum + value * value, 0) / head.length + epsilon);
  return head.map((value, d) => value * inverse * weight[d]);
}

/** Rotary embedding, half-split: feature d turns with feature d + headDim/2. */
function rotate(head: Float64Array, cosines: Float32Array, sines: Float32Array): Float64Array {
  const half = head.length / 2;
  return head.map((value, d) =>
    d < half
      ? value * cosines[d] - head[d + half] * sines[d]
      : value * cosines[d - half] + head[d - half] * sines[d - half],
  );
}

/** Kernel `attention` of the interface. */
export function attention(memory: Memory, args: Args<'attention'>): void {
  const { tokenCount, heads, kvHeads, headDim } = args;
  const offsets = memory.i32(args.pathOffsets, tokenCount + 1);
  const queries = memory.f32(args.queries, tokenCount * heads * headDim);
  const out = memory.f32(args.out, padded(tokenCount) * heads * headDim);
  out.fill(0);
  for (let token = 0; token < tokenCount; token++) {
    const path = memory.i32(args.path + offsets[token] * 4, offsets[token + 1] - offsets[token]);
    for (let h = 0; h < heads; h++) {
      const query = queries.subarray((token * heads + h) * headDim, (token * heads + h + 1) * headDim);
      const kvHead = Math.floor((h * kvHeads) / heads);
      const row = (base: number, key: number): Float32Array =>
        memory.f32(base + (key * kvHeads + kvHead) * headDim * 4, headDim);

      const scores = Array.from(path, (key) => dot(query, row(args.keys, key)));
      const highest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - highest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const mixed = new Float64Array(headDim);
      for (let i = 0; i < path.length; i++) {
        const value = row(args.values, path[i]);
        for (let d = 0; d < headDim; d++) mixed[d] += (weights[i] / total) * value[d];
      }
      for (let d = 0; d < headDim; d++) {
        out[tiled(token, h * headDim + d, heads * headDim)] = mixed[d];
      }
    }
  }
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, d) => sum + value * b[d], 0);
