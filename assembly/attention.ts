/** Softmax attention of each token over an explicit path of key rows. */
import { Exponential } from './exponential';
import { TILE_FEATURE } from './layout';

const LANES: i32 = 8;

/**
 * Items: pairs (tile, key head), the heads of one tile side by side. Scratch: two heads' scores of the path, f32, each
 * with room for a vector more. headDim is a multiple of 16.
 *
 * A key head's queries are taken two at a time, so that a key or value read serves both; the last of an odd number takes
 * both places.
 */
export function attention(
  scratch: usize,
  first: i32,
  last: i32,
  queries: usize,
  keys: usize,
  values: usize,
  pathOffsets: usize,
  path: usize,
  longestPath: usize,
  tokenCount: i32,
  heads: usize,
  kvHeads: usize,
  headDim: usize,
  out: usize,
): void {
  const group = heads / kvHeads;
  const headBytes = headDim * 4;
  const rowBytes = kvHeads * headBytes;
  const tileBytes = heads * headDim * TILE_FEATURE;
  const scores0 = scratch;
  const scores1 = scratch + (longestPath + 4) * 4;
  for (let item = first; item < last; item++) {
    const tile = item / <i32>kvHeads;
    const kvHead = <usize>(item % <i32>kvHeads);
    const head = kvHead * group;
    const live = min(tokenCount - tile * LANES, LANES);
    const target = out + <usize>tile * tileBytes + head * headDim * TILE_FEATURE;
    if (live < LANES) memory.fill(target, 0, group * headDim * TILE_FEATURE);

    for (let lane = 0; lane < live; lane++) {
      const token = <usize>(tile * LANES + lane);
      const begin = path + ((<usize>load<u32>(pathOffsets + token * 4)) << 2);
      const end = path + ((<usize>load<u32>(pathOffsets + token * 4, 4)) << 2);
      for (let member: usize = 0; member < group; member += 2) {
        const other = min(member + 1, group - 1);
        const query0 = queries + (token * heads + head + member) * headBytes;
        const query1 = queries + (token * heads + head + other) * headBytes;
        score(query0, query1, keys + kvHead * headBytes, rowBytes, headBytes, begin, end, scores0, scores1);
        const total0 = softmax(scores0, scores0 + (end - begin));
        const total1 = softmax(scores1, scores1 + (end - begin));
        const out0 = target + member * headDim * TILE_FEATURE + ((<usize>lane) << 2);
        const out1 = target + other * headDim * TILE_FEATURE + ((<usize>lane) << 2);
        const from = values + kvHead * headBytes;
        mix(from, rowBytes, headBytes, begin, end, scores0, scores1, 1 / total0, 1 / total1, out0, out1);
      }
    }
  }
}

/** scores[i] = query · keys[path[i]] of two queries, four keys at a time; what fills the last vector up is −∞. */
export function score(
  query0: usize,
  query1: usize,
  keys: usize,
  rowBytes: usize,
  headBytes: usize,
  begin: usize,
  end: usize,
  scores0: usize,
  scores1: usize,
): void {
  const final = end - 4;
  let to: usize = 0;
  for (let at = begin; at < end; at += 16) {
    const k0 = keys + <usize>load<u32>(at) * rowBytes;
    const k1 = keys + <usize>load<u32>(min(at + 4, final)) * rowBytes;
    const k2 = keys + <usize>load<u32>(min(at + 8, final)) * rowBytes;
    const k3 = keys + <usize>load<u32>(min(at + 12, final)) * rowBytes;
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let b2 = f32x4.splat(0);
    let b3 = f32x4.splat(0);
    for (let d: usize = 0; d < headBytes; d += 16) {
      const q0 = v128.load(query0 + d);
      const q1 = v128.load(query1 + d);
      let key = v128.load(k0 + d);
      a0 = f32x4.add(a0, f32x4.mul(q0, key));
      b0 = f32x4.add(b0, f32x4.mul(q1, key));
      key = v128.load(k1 + d);
      a1 = f32x4.add(a1, f32x4.mul(q0, key));
      b1 = f32x4.add(b1, f32x4.mul(q1, key));
      key = v128.load(k2 + d);
      a2 = f32x4.add(a2, f32x4.mul(q0, key));
      b2 = f32x4.add(b2, f32x4.mul(q1, key));
      key = v128.load(k3 + d);
      a3 = f32x4.add(a3, f32x4.mul(q0, key));
      b3 = f32x4.add(b3, f32x4.mul(q1, key));
    }
    v128.store(scores0 + to, Lanes.sumEach(a0, a1, a2, a3));
    v128.store(scores1 + to, Lanes.sumEach(b0, b1, b2, b3));
    to += 16;
  }
  for (let pad = end - begin; pad < to; pad += 4) {
    store<f32>(scores0 + pad, -Infinity);
    store<f32>(scores1 + pad, -Infinity);
  }
}

class Lanes {
  /** The sums of four vectors' lanes, as one vector. */
  @inline
  static sumEach(a: v128, b: v128, c: v128, d: v128): v128 {
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  }
}

/** Replaces scores by exp(score − highest) and returns their sum. */
export function softmax(scores: usize, end: usize): f32 {
  let highest = v128.load(scores);
  for (let at = scores + 16; at < end; at += 16) highest = f32x4.pmax(highest, v128.load(at));
  highest = f32x4.pmax(highest, v128.shuffle<f32>(highest, highest, 2, 3, 0, 1));
  highest = f32x4.pmax(highest, v128.shuffle<f32>(highest, highest, 1, 0, 3, 2));
  let sum = f32x4.splat(0);
  for (let at = scores; at < end; at += 16) {
    const weight = Exponential.of4(f32x4.sub(v128.load(at), highest));
    v128.store(at, weight);
    sum = f32x4.add(sum, weight);
  }
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.add(sum, v128.shuffle<f32>(sum, sum, 1, 0, 3, 2)), 0);
}

/** out[d] = share · Σ weights[i] · values[path[i]][d] of two heads, one lane of a tile; 16 features at a time. */
function mix(
  values: usize,
  rowBytes: usize,
  headBytes: usize,
  begin: usize,
  end: usize,
  weights0: usize,
  weights1: usize,
  share0: f32,
  share1: f32,
  out0: usize,
  out1: usize,
): void {
  for (let d: usize = 0; d < headBytes; d += 64) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let b2 = f32x4.splat(0);
    let b3 = f32x4.splat(0);
    let weight: usize = 0;
    for (let at = begin; at < end; at += 4) {
      const from = values + d + <usize>load<u32>(at) * rowBytes;
      const factor0 = v128.load32_splat(weights0 + weight);
      const factor1 = v128.load32_splat(weights1 + weight);
      let value = v128.load(from);
      a0 = f32x4.add(a0, f32x4.mul(factor0, value));
      b0 = f32x4.add(b0, f32x4.mul(factor1, value));
      value = v128.load(from, 16);
      a1 = f32x4.add(a1, f32x4.mul(factor0, value));
      b1 = f32x4.add(b1, f32x4.mul(factor1, value));
      value = v128.load(from, 32);
      a2 = f32x4.add(a2, f32x4.mul(factor0, value));
      b2 = f32x4.add(b2, f32x4.mul(factor1, value));
      value = v128.load(from, 48);
      a3 = f32x4.add(a3, f32x4.mul(factor0, value));
      b3 = f32x4.add(b3, f32x4.mul(factor1, value));
      weight += 4;
    }
    Column.store(out0, a0, a1, a2, a3, share0);
    Column.store(out1, b0, b1, b2, b3, share1);
    out0 += 16 * TILE_FEATURE;
    out1 += 16 * TILE_FEATURE;
  }
}

class Column {
  /** Stores four vectors' lanes, times a factor, as 16 features of one token. */
  @inline
  static store(to: usize, a: v128, b: v128, c: v128, d: v128, factor: f32): void {
    const factors = f32x4.splat(factor);
    Column.storeFour(to, f32x4.mul(a, factors));
    Column.storeFour(to + 4 * TILE_FEATURE, f32x4.mul(b, factors));
    Column.storeFour(to + 8 * TILE_FEATURE, f32x4.mul(c, factors));
    Column.storeFour(to + 12 * TILE_FEATURE, f32x4.mul(d, factors));
  }

  @inline
  static storeFour(to: usize, x: v128): void {
    v128.store_lane<f32>(to, x, 0);
    v128.store_lane<f32>(to, x, 1, 32);
    v128.store_lane<f32>(to, x, 2, 64);
    v128.store_lane<f32>(to, x, 3, 96);
  }
}
