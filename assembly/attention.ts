/** Softmax attention of each token over an explicit path of key rows. */
import { Exponential } from './exponential';
import { TILE_FEATURE } from './layout';

const LANES: i32 = 8;

/**
 * Items: pairs (tile, key head), the heads of one tile side by side. Scratch: the path's scores, f32, rounded up to
 * whole vectors. headDim is a multiple of 16.
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
      for (let member: usize = 0; member < group; member++) {
        const query = queries + (token * heads + head + member) * headBytes;
        score(query, keys + kvHead * headBytes, rowBytes, headBytes, begin, end, scratch);
        const total = softmax(scratch, scratch + (end - begin));
        const to = target + member * headDim * TILE_FEATURE + ((<usize>lane) << 2);
        mix(values + kvHead * headBytes, rowBytes, headBytes, begin, end, scratch, total, to);
      }
    }
  }
}

/** scores[i] = query · keys[path[i]], four keys at a time; what fills the last vector up is −∞. */
export function score(
  query: usize,
  keys: usize,
  rowBytes: usize,
  headBytes: usize,
  begin: usize,
  end: usize,
  scores: usize,
): void {
  const final = end - 4;
  let to = scores;
  for (let at = begin; at < end; at += 16) {
    const k0 = keys + <usize>load<u32>(at) * rowBytes;
    const k1 = keys + <usize>load<u32>(min(at + 4, final)) * rowBytes;
    const k2 = keys + <usize>load<u32>(min(at + 8, final)) * rowBytes;
    const k3 = keys + <usize>load<u32>(min(at + 12, final)) * rowBytes;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let d: usize = 0; d < headBytes; d += 16) {
      const q = v128.load(query + d);
      s0 = f32x4.add(s0, f32x4.mul(q, v128.load(k0 + d)));
      s1 = f32x4.add(s1, f32x4.mul(q, v128.load(k1 + d)));
      s2 = f32x4.add(s2, f32x4.mul(q, v128.load(k2 + d)));
      s3 = f32x4.add(s3, f32x4.mul(q, v128.load(k3 + d)));
    }
    v128.store(to, Lanes.sumEach(s0, s1, s2, s3));
    to += 16;
  }
  const written = scores + (end - begin);
  for (let pad = written; pad < to; pad += 4) store<f32>(pad, -Infinity);
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

/** out[d] = Σ weights[i] · values[path[i]][d] / total, one lane of a tile; 16 features at a time. */
function mix(
  values: usize,
  rowBytes: usize,
  headBytes: usize,
  begin: usize,
  end: usize,
  weights: usize,
  total: f32,
  out: usize,
): void {
  const share = f32x4.splat(1 / total);
  let to = out;
  for (let d: usize = 0; d < headBytes; d += 64) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let e = f32x4.splat(0);
    let weight = weights;
    for (let at = begin; at < end; at += 4) {
      const value = values + d + <usize>load<u32>(at) * rowBytes;
      const factor = v128.load32_splat(weight);
      a = f32x4.add(a, f32x4.mul(factor, v128.load(value)));
      b = f32x4.add(b, f32x4.mul(factor, v128.load(value, 16)));
      c = f32x4.add(c, f32x4.mul(factor, v128.load(value, 32)));
      e = f32x4.add(e, f32x4.mul(factor, v128.load(value, 48)));
      weight += 4;
    }
    Column.store(to, f32x4.mul(a, share));
    Column.store(to + 4 * TILE_FEATURE, f32x4.mul(b, share));
    Column.store(to + 8 * TILE_FEATURE, f32x4.mul(c, share));
    Column.store(to + 12 * TILE_FEATURE, f32x4.mul(e, share));
    to += 16 * TILE_FEATURE;
  }
}

class Column {
  /** Stores a vector's lanes as four features of one token. */
  @inline
  static store(to: usize, x: v128): void {
    v128.store_lane<f32>(to, x, 0);
    v128.store_lane<f32>(to, x, 1, 32);
    v128.store_lane<f32>(to, x, 2, 64);
    v128.store_lane<f32>(to, x, 3, 96);
  }
}
