/** The gated activation between the two halves of the MLP. */
import { exp4 } from './exponential';
import { TILE_FEATURE } from './layout';

/** Items: tiles. silu(g) = g / (1 + exp(−g)). */
export function swiglu(scratch: usize, first: i32, last: i32, gateUp: usize, out: usize, features: usize): void {
  const bytes = features * TILE_FEATURE;
  for (let tile = <usize>first; tile < <usize>last; tile++) {
    const gates = gateUp + tile * 2 * bytes;
    const target = out + tile * bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const gate = v128.load(gates + at);
      const silu = f32x4.div(gate, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(gate))));
      v128.store(target + at, f32x4.mul(silu, v128.load(gates + bytes + at)));
    }
  }
}
