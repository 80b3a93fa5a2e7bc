/** The gated activation between the two halves of the MLP. */
import { Exponential } from './exponential';
import { TILE_FEATURE } from './layout';

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
