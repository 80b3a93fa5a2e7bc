/** The way back through softmax attention over explicit paths, probabilities computed again. */
import { score, softmax } from './attention';
import { TILE_FEATURE } from './layout';

/**
 * Items: key heads, so that one thread adds up a head's gradients, token after token.
 * Scratch: a path's weights and the gradients of its probabilities, f32, each with room for a vector more, and the
 * gradient of one head's output. headDim is a multiple of 16.
 */
export function attentionBackward(
  scratch: usize,
  first: i32,
  last: i32,
  queries: usize,
  keys: usize,
  values: usize,
  pathOffsets: usize,
  path: usize,
  longestPath: usize,
  tokenCount: usize,
  rowCount: usize,
  heads: usize,
  kvHeads: usize,
  headDim: usize,
  dOut: usize,
  dQueries: usize,
  dKeys: usize,
  dValues: usize,
): void {
  const group = heads / kvHeads;
  const headBytes = headDim * 4;
  const rowBytes = kvHeads * headBytes;
  const weights = scratch;
  const dProbabilities = weights + (longestPath + 4) * 4;
  const gradient = dProbabilities + (longestPath + 4) * 4;
  for (let kvHead = <usize>first; kvHead < <usize>last; kvHead++) {
    const offset = kvHead * headBytes;
    for (let row: usize = 0; row < rowCount; row++) {
      memory.fill(dKeys + row * rowBytes + offset, 0, headBytes);
      memory.fill(dValues + row * rowBytes + offset, 0, headBytes);
    }
    for (let token: usize = 0; token < tokenCount; token++) {
      const begin = path + ((<usize>load<u32>(pathOffsets + token * 4)) << 2);
      const end = path + ((<usize>load<u32>(pathOffsets + token * 4, 4)) << 2);
      for (let head = kvHead * group; head < (kvHead + 1) * group; head++) {
        const query = queries + (token * heads + head) * headBytes;
        const dQuery = dQueries + (token * heads + head) * headBytes;
        collect(dOut, token, head * headDim, heads * headDim, headDim, gradient);
        score(query, keys + offset, rowBytes, headBytes, begin, end, weights);
        const share = <f32>1 / softmax(weights, weights + (end - begin));
        score(gradient, values + offset, rowBytes, headBytes, begin, end, dProbabilities);
        const mean = weightedSum(weights, dProbabilities, end - begin) * share;
        // From here on the weights are probabilities, and their gradients those of the scores.
        for (let at: usize = 0; at < end - begin; at += 16) {
          const probability = f32x4.mul(v128.load(weights + at), f32x4.splat(share));
          const distance = f32x4.sub(v128.load(dProbabilities + at), f32x4.splat(mean));
          v128.store(weights + at, probability);
          v128.store(dProbabilities + at, f32x4.mul(probability, distance));
        }
        for (let d: usize = 0; d < headBytes; d += 32) {
          const q0 = v128.load(query + d);
          const q1 = v128.load(query + d, 16);
          const g0 = v128.load(gradient + d);
          const g1 = v128.load(gradient + d, 16);
          let dq0 = f32x4.splat(0);
          let dq1 = f32x4.splat(0);
          for (let at: usize = 0; at < end - begin; at += 4) {
            const row = <usize>load<u32>(begin + at) * rowBytes + offset + d;
            const dScore = v128.load32_splat(dProbabilities + at);
            dq0 = f32x4.add(dq0, f32x4.mul(dScore, v128.load(keys + row)));
            dq1 = f32x4.add(dq1, f32x4.mul(dScore, v128.load(keys + row, 16)));
            Pair.add(dKeys + row, dScore, q0, q1);
            Pair.add(dValues + row, v128.load32_splat(weights + at), g0, g1);
          }
          v128.store(dQuery + d, dq0);
          v128.store(dQuery + d, dq1, 16);
        }
      }
    }
  }
}

/** Copies `count` features of one token out of tiles. */
function collect(tiles: usize, token: usize, feature: usize, features: usize, count: usize, to: usize): void {
  let from = tiles + ((token >> 3) * features + feature) * TILE_FEATURE + ((token & 7) << 2);
  for (const end = to + count * 4; to < end; to += 4) {
    store<f32>(to, load<f32>(from));
    from += TILE_FEATURE;
  }
}

/** Σ a·b over `bytes` of f32. */
function weightedSum(a: usize, b: usize, bytes: usize): f32 {
  let sum: f32 = 0;
  for (let at: usize = 0; at < bytes; at += 4) sum += load<f32>(a + at) * load<f32>(b + at);
  return sum;
}

class Pair {
  /** out += factors·x, 8 values. */
  @inline
  static add(out: usize, factors: v128, x0: v128, x1: v128): void {
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(factors, x0)));
    v128.store(out, f32x4.add(v128.load(out, 16), f32x4.mul(factors, x1)), 16);
  }
}
