/** RMSNorm over the features of each token, and the way back through it. */
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

/** Items: quads. With r the inverse root mean square: dx += r · (dOut·weight − x · r²·mean(dOut·weight·x)). */
export function rmsNormBackward(
  scratch: usize,
  first: i32,
  last: i32,
  x: usize,
  weight: usize,
  dOut: usize,
  dx: usize,
  features: usize,
  epsilon: f32,
): void {
  const count = f32x4.splat(<f32>features);
  for (let quad = first; quad < last; quad++) {
    const source = Quad.address(x, quad, features);
    const gradient = Quad.address(dOut, quad, features);
    const target = Quad.address(dx, quad, features);
    const mean = f32x4.add(f32x4.div(sumOfSquares(source, features), count), f32x4.splat(epsilon));
    const inverse = f32x4.div(f32x4.splat(1), f32x4.sqrt(mean));
    const share = f32x4.div(f32x4.div(sumOfProducts(source, gradient, weight, features), count), mean);
    for (let f: usize = 0; f < features; f++) {
      const at = f * TILE_FEATURE;
      const weighted = f32x4.mul(v128.load(gradient + at), v128.load32_splat(weight + f * 4));
      const change = f32x4.sub(weighted, f32x4.mul(v128.load(source + at), share));
      v128.store(target + at, f32x4.add(v128.load(target + at), f32x4.mul(inverse, change)));
    }
  }
}

/** Σ dOut · weight · x */
function sumOfProducts(x: usize, dOut: usize, weight: usize, features: usize): v128 {
  const end = x + features * TILE_FEATURE;
  let total = f32x4.splat(0);
  for (let from = x; from < end; from += PARTIAL) {
    const stop = min(from + PARTIAL, end);
    let partial = f32x4.splat(0);
    for (let at = from; at < stop; at += TILE_FEATURE) {
      const weighted = f32x4.mul(v128.load(dOut), v128.load32_splat(weight));
      partial = f32x4.add(partial, f32x4.mul(weighted, v128.load(at)));
      dOut += TILE_FEATURE;
      weight += 4;
    }
    total = f32x4.add(total, partial);
  }
  return total;
}
