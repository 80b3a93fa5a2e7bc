/** What is read off logits: log Σ exp, the likeliest token, the divergence of two distributions, and gradients. */
import { Exponential, log } from './exponential';
import { QUAD, Quad, TILE_FEATURE } from './layout';

/** Entries summed in float32 before they join a float64 total: vocabularies are too long for float32 alone. */
const PARTIAL: usize = 64 * TILE_FEATURE;

/** Items: quads. */
export function summarizeLogits(
  scratch: usize,
  first: i32,
  last: i32,
  logits: usize,
  vocabulary: usize,
  logSumExp: usize,
  argmax: usize,
): void {
  for (let quad = first; quad < last; quad++) {
    const source = Quad.address(logits, quad, vocabulary);
    const end = source + vocabulary * TILE_FEATURE;

    let highest = v128.load(source);
    let winner = i32x4.splat(0);
    let id = i32x4.splat(0);
    for (let at = source; at < end; at += TILE_FEATURE) {
      const logit = v128.load(at);
      const better = f32x4.gt(logit, highest);
      highest = v128.bitselect(logit, highest, better);
      winner = v128.bitselect(id, winner, better);
      id = i32x4.add(id, i32x4.splat(1));
    }
    v128.store(argmax + ((<usize>quad) << 4), winner);

    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let from = source; from < end; from += PARTIAL) {
      const stop = min(from + PARTIAL, end);
      let partial = f32x4.splat(0);
      for (let at = from; at < stop; at += TILE_FEATURE) {
        partial = f32x4.add(partial, Exponential.of4(f32x4.sub(v128.load(at), highest)));
      }
      low = f64x2.add(low, f64x2.promote_low_f32x4(partial));
      high = f64x2.add(high, Lanes.promoteHigh(partial));
    }

    const target = logSumExp + ((<usize>quad) << 4);
    store<f32>(target, <f32>(<f64>f32x4.extract_lane(highest, 0) + log(f64x2.extract_lane(low, 0))), 0);
    store<f32>(target, <f32>(<f64>f32x4.extract_lane(highest, 1) + log(f64x2.extract_lane(low, 1))), 4);
    store<f32>(target, <f32>(<f64>f32x4.extract_lane(highest, 2) + log(f64x2.extract_lane(high, 0))), 8);
    store<f32>(target, <f32>(<f64>f32x4.extract_lane(highest, 3) + log(f64x2.extract_lane(high, 1))), 12);
  }
}

/** Items: quads. Σ p·(log p − log q), p the reference. */
export function divergence(
  scratch: usize,
  first: i32,
  last: i32,
  reference: usize,
  referenceLogSumExp: usize,
  logits: usize,
  logSumExp: usize,
  vocabulary: usize,
  out: usize,
): void {
  for (let quad = first; quad < last; quad++) {
    const before = Quad.address(reference, quad, vocabulary);
    const after = Quad.address(logits, quad, vocabulary);
    const bytes = vocabulary * TILE_FEATURE;
    const beforeSum = v128.load(referenceLogSumExp + ((<usize>quad) << 4));
    const afterSum = v128.load(logSumExp + ((<usize>quad) << 4));

    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let from: usize = 0; from < bytes; from += PARTIAL) {
      const stop = min(from + PARTIAL, bytes);
      let partial = f32x4.splat(0);
      for (let at = from; at < stop; at += TILE_FEATURE) {
        const logP = f32x4.sub(v128.load(before + at), beforeSum);
        const logQ = f32x4.sub(v128.load(after + at), afterSum);
        partial = f32x4.add(partial, f32x4.mul(Exponential.of4(logP), f32x4.sub(logP, logQ)));
      }
      low = f64x2.add(low, f64x2.promote_low_f32x4(partial));
      high = f64x2.add(high, Lanes.promoteHigh(partial));
    }
    const narrowLow = f32x4.demote_f64x2_zero(low);
    const narrowHigh = f32x4.demote_f64x2_zero(high);
    v128.store(out + ((<usize>quad) << 4), v128.shuffle<f32>(narrowLow, narrowHigh, 0, 1, 4, 5));
  }
}

/** Items: quads. weight · (onehot(target) − p). */
export function answerGradient(
  scratch: usize,
  first: i32,
  last: i32,
  logits: usize,
  logSumExp: usize,
  vocabulary: usize,
  targets: usize,
  weights: usize,
  out: usize,
): void {
  for (let quad = first; quad < last; quad++) {
    const source = Quad.address(logits, quad, vocabulary);
    const target = Quad.address(out, quad, vocabulary);
    const lanes = (<usize>quad) << 4;
    const sum = v128.load(logSumExp + lanes);
    const negated = f32x4.neg(v128.load(weights + lanes));
    for (let at: usize = 0; at < vocabulary * TILE_FEATURE; at += TILE_FEATURE) {
      v128.store(target + at, f32x4.mul(negated, Exponential.of4(f32x4.sub(v128.load(source + at), sum))));
    }
    for (let lane: usize = 0; lane < QUAD; lane += 4) {
      const id = load<i32>(targets + lanes + lane);
      if (id < 0) continue;
      const at = target + <usize>id * TILE_FEATURE + lane;
      store<f32>(at, load<f32>(weights + lanes + lane) + load<f32>(at));
    }
  }
}

/** Items: quads. weight · (p − q), p the reference. */
export function divergenceGradient(
  scratch: usize,
  first: i32,
  last: i32,
  reference: usize,
  referenceLogSumExp: usize,
  logits: usize,
  logSumExp: usize,
  vocabulary: usize,
  weights: usize,
  out: usize,
): void {
  for (let quad = first; quad < last; quad++) {
    const before = Quad.address(reference, quad, vocabulary);
    const after = Quad.address(logits, quad, vocabulary);
    const target = Quad.address(out, quad, vocabulary);
    const lanes = (<usize>quad) << 4;
    const beforeSum = v128.load(referenceLogSumExp + lanes);
    const afterSum = v128.load(logSumExp + lanes);
    const weight = v128.load(weights + lanes);
    for (let at: usize = 0; at < vocabulary * TILE_FEATURE; at += TILE_FEATURE) {
      const p = Exponential.of4(f32x4.sub(v128.load(before + at), beforeSum));
      const q = Exponential.of4(f32x4.sub(v128.load(after + at), afterSum));
      v128.store(target + at, f32x4.mul(weight, f32x4.sub(p, q)));
    }
  }
}

class Lanes {
  /** Lanes 2 and 3 in float64. */
  @inline
  static promoteHigh(x: v128): v128 {
    return f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
  }
}
