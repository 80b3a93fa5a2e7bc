/** RMSNorm over the features of each token. */
import { Quad, TILE_FEATURE } from './layout';

/** Features whose squares are summed on their own first, so that the error does not grow with the width. */
const PARTIAL: usize = 32 * TILE_FEATURE;

/** Items: quads. */
export function rmsNorm(
  scratch: usize,
  first: i32,
  last: i32,
  x: usize,
  weight: usize,
  out: usize,
  features: usize,
  epsilon: f32,
): void {
  for (let quad = first; quad < last; quad++) {
    const source = Quad.address(x, quad, features);
    const target = Quad.address(out, quad, features);
    const mean = f32x4.div(sumOfSquares(source, features), f32x4.splat(<f32>features));
    const inverse = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(mean, f32x4.splat(epsilon))));
    for (let f: usize = 0; f < features; f++) {
      const value = f32x4.mul(v128.load(source + f * TILE_FEATURE), inverse);
      v128.store(target + f * TILE_FEATURE, f32x4.mul(value, v128.load32_splat(weight + f * 4)));
    }
  }
}

function sumOfSquares(source: usize, features: usize): v128 {
  const end = source + features * TILE_FEATURE;
  let total = f32x4.splat(0);
  for (let from = source; from < end; from += PARTIAL) {
    const stop = min(from + PARTIAL, end);
    let partial = f32x4.splat(0);
    for (let at = from; at < stop; at += TILE_FEATURE) {
      const value = v128.load(at);
      partial = f32x4.add(partial, f32x4.mul(value, value));
    }
    total = f32x4.add(total, partial);
  }
  return total;
}
