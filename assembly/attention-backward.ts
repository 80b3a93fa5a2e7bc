/** The way back through softmax attention over explicit paths, probabilities computed again. */
import { score, softmax } from './attention';
import { TILE_FEATURE } from './layout';

/**
 * Items: key heads, so that one thread adds up a head's gradients, token after token.
 * Scratch, for two heads: a path's weights and the gradients of its probabilities, f32, each with room for a vector more,
 * and the gradients of the heads' outputs. headDim is a multiple of 16.
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
  const pathBytes = (longestPath + 4) * 4;
  const weights = scratch;
  const dProbabilities = weights + 2 * pathBytes;
  const gradients = dProbabilities + 2 * pathBytes;
  for (let kvHead = <usize>first; kvHead < <usize>last; kvHead++) {
    const offset = kvHead * headBytes;
    for (let row: usize = 0; row < rowCount; row++) {
      memory.fill(dKeys + row * rowBytes + offset, 0, headBytes);
      memory.fill(dValues + row * rowBytes + offset, 0, headBytes);
    }
    for (let token: usize = 0; token < tokenCount; token++) {
      const begin = path + ((<usize>load<u32>(pathOffsets + token * 4)) << 2);
      const end = path + ((<usize>load<u32>(pathOffsets + token * 4, 4)) << 2);
      for (let member: usize = 0; member < group; member += 2) {
        const head = kvHead * group + member;
        const count = min(2, group - member);
        const other = (count - 1) * headBytes;
        const at = (token * heads + head) * headBytes;
        const query = queries + at;
        collect(dOut, token, head * headDim, heads * headDim, count * headDim, gradients);
        score(query, query + other, keys + offset, rowBytes, headBytes, begin, end, weights, weights + pathBytes);
        const second = dProbabilities + pathBytes;
        score(gradients, gradients + other, values + offset, rowBytes, headBytes, begin, end, dProbabilities, second);
        for (let h: usize = 0; h < count; h++) {
          const probabilities = weights + h * pathBytes;
          const dScores = dProbabilities + h * pathBytes;
          toScores(probabilities, dScores, end - begin);
          const from = h * headBytes;
          for (let d: usize = 0; d < headBytes; d += 32) {
            const q0 = v128.load(query + from + d);
            const q1 = v128.load(query + from + d, 16);
            const g0 = v128.load(gradients + from + d);
            const g1 = v128.load(gradients + from + d, 16);
            let dq0 = f32x4.splat(0);
            let dq1 = f32x4.splat(0);
            for (let i: usize = 0; i < end - begin; i += 4) {
              const row = <usize>load<u32>(begin + i) * rowBytes + offset + d;
              const dScore = v128.load32_splat(dScores + i);
              dq0 = f32x4.add(dq0, f32x4.mul(dScore, v128.load(keys + row)));
              dq1 = f32x4.add(dq1, f32x4.mul(dScore, v128.load(keys + row, 16)));
              Pair.add(dKeys + row, dScore, q0, q1);
              Pair.add(dValues + row, v128.load32_splat(probabilities + i), g0, g1);
            }
            v128.store(dQueries + at + from + d, dq0);
            v128.store(dQueries + at + from + d, dq1, 16);
          }
        }
      }
    }
  }
}

/** Turns scores into probabilities, and the gradients of these into those of the scores; over `bytes` of f32. */
function toScores(scores: usize, gradients: usize, bytes: usize): void {
  const share = <f32>1 / softmax(scores, scores + bytes);
  const mean = f32x4.splat(weightedSum(scores, gradients, bytes) * share);
  for (let at: usize = 0; at < bytes; at += 16) {
    const probability = f32x4.mul(v128.load(scores + at), f32x4.splat(share));
    v128.store(scores + at, probability);
    v128.store(gradients + at, f32x4.mul(probability, f32x4.sub(v128.load(gradients + at), mean)));
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
