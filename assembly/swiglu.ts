/** The gated activation between the two halves of the MLP, and the way back through it. */
import { Exponential } from './exponential';
import { QUAD, TILE_FEATURE } from './layout';

/** Items: tiles. */
export function swiglu(scratch: usize, first: i32, last: i32, gateUp: usize, out: usize, features: usize): void {
  const bytes = features * TILE_FEATURE;
  for (let tile = <usize>first; tile < <usize>last; tile++) {
    const gates = gateUp + tile * 2 * bytes;
    const target = out + tile * bytes;
    // Both quads of a feature in one turn, so that the constants of exp are made once for the two.
    for (let at: usize = 0; at < bytes; at += TILE_FEATURE) {
      const low = Silu.of4(v128.load(gates + at));
      const high = Silu.of4(v128.load(gates + at, 16));
      v128.store(target + at, f32x4.mul(low, v128.load(gates + bytes + at)));
      v128.store(target + at, f32x4.mul(high, v128.load(gates + bytes + at, 16)), 16);
    }
  }
}

class Silu {
  /** g / (1 + exp(−g)) */
  @inline
  static of4(gate: v128): v128 {
    return f32x4.div(gate, f32x4.add(f32x4.splat(1), Exponential.of4(f32x4.neg(gate))));
  }
}

/** Items: tiles. d silu(g) = σ(g) · (1 + g·(1 − σ(g))). What forward gave is computed as there, to the same bits. */
export function swigluBackward(
  scratch: usize,
  first: i32,
  last: i32,
  gateUp: usize,
  dHidden: usize,
  dGateUp: usize,
  hidden: usize,
  product: usize,
  features: usize,
): void {
  const bytes = features * TILE_FEATURE;
  const one = f32x4.splat(1);
  for (let tile = <usize>first; tile < <usize>last; tile++) {
    const gates = gateUp + tile * 2 * bytes;
    const target = dGateUp + tile * 2 * bytes;
    const single = tile * bytes;
    for (let at: usize = 0; at < bytes; at += QUAD) {
      const gate = v128.load(gates + at);
      const up = v128.load(gates + bytes + at);
      const gradient = v128.load(dHidden + single + at);
      const denominator = f32x4.add(one, Exponential.of4(f32x4.neg(gate)));
      const sigmoid = f32x4.div(one, denominator);
      const slope = f32x4.mul(sigmoid, f32x4.add(one, f32x4.mul(gate, f32x4.sub(one, sigmoid))));
      v128.store(target + at, f32x4.mul(f32x4.mul(gradient, up), slope));
      v128.store(target + bytes + at, f32x4.mul(gradient, f32x4.mul(gate, sigmoid)));
      v128.store(hidden + single + at, f32x4.mul(f32x4.div(gate, denominator), up));
      v128.store(product + single + at, f32x4.mul(gate, up));
    }
  }
}
