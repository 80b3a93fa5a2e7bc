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
  for (let tile = <usize>first; tile < <usize>last; tile++) {
    const gates = gateUp + tile * 2 * bytes;
    const target = dGateUp + tile * 2 * bytes;
    const single = tile * bytes;
    // Both quads of a feature in one turn, as above.
    for (let at: usize = 0; at < bytes; at += TILE_FEATURE) {
      Back.of4(gates + at, bytes, dHidden + single + at, target + at, hidden + single + at, product + single + at);
      const next = at + QUAD;
      Back.of4(
        gates + next,
        bytes,
        dHidden + single + next,
        target + next,
        hidden + single + next,
        product + single + next,
      );
    }
  }
}

class Back {
  /** 4 tokens of a feature; its up and dUp are `bytes` after its gate and dGate. */
  @inline
  static of4(gates: usize, bytes: usize, dHidden: usize, target: usize, hidden: usize, product: usize): void {
    const one = f32x4.splat(1);
    const gate = v128.load(gates);
    const up = v128.load(gates + bytes);
    const gradient = v128.load(dHidden);
    const denominator = f32x4.add(one, Exponential.of4(f32x4.neg(gate)));
    const sigmoid = f32x4.div(one, denominator);
    const slope = f32x4.mul(sigmoid, f32x4.add(one, f32x4.mul(gate, f32x4.sub(one, sigmoid))));
    v128.store(target, f32x4.mul(f32x4.mul(gradient, up), slope));
    v128.store(target + bytes, f32x4.mul(gradient, f32x4.mul(gate, sigmoid)));
    v128.store(hidden, f32x4.mul(f32x4.div(gate, denominator), up));
    v128.store(product, f32x4.mul(gate, up));
  }
}
