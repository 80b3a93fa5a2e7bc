/** Attribution: products of activations with gradients, value by value and summed per owner. */
import { TILE_FEATURE } from './layout';

/** Features of which products are summed side by side. */
const FEATURES: usize = 4;
const LANES: usize = 8;

/** Items: groups of 8 values. */
export function multiply(scratch: usize, first: i32, last: i32, a: usize, b: usize, out: usize): void {
  const end = (<usize>last) << 5;
  for (let at = (<usize>first) << 5; at < end; at += 32) {
    const low = f32x4.mul(v128.load(a + at), v128.load(b + at));
    const high = f32x4.mul(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(out + at, low);
    v128.store(out + at, high, 16);
  }
}

/** Items: groups of 4 features. Scratch: the products of a tile, token-major. */
export function rowEffects(
  scratch: usize,
  first: i32,
  last: i32,
  gradient: usize,
  value: usize,
  factor: f32,
  tokenCount: usize,
  owners: usize,
  out: usize,
  features: usize,
): void {
  const tileBytes = features * TILE_FEATURE;
  for (let item = <usize>first; item < <usize>last; item++) {
    const feature = item * FEATURES;
    const live = min(FEATURES, features - feature);
    let from = feature * TILE_FEATURE;
    let owner = -1;
    let sum = f32x4.splat(0);
    for (let token: usize = 0; token < tokenCount; token += LANES) {
      multiplyTile(gradient + from, value + from, live, scratch);
      const count = min(LANES, tokenCount - token);
      for (let lane: usize = 0; lane < count; lane++) {
        const next = load<i32>(owners + (token + lane) * 4);
        if (next != owner) {
          if (owner >= 0) addEffects(sum, factor, out + (<usize>owner * features + feature) * 4, live);
          owner = next;
          sum = f32x4.splat(0);
        }
        sum = f32x4.add(sum, v128.load(scratch + lane * 16));
      }
      from += tileBytes;
    }
    if (owner >= 0) addEffects(sum, factor, out + (<usize>owner * features + feature) * 4, live);
  }
}

/** The products of up to 4 features of a tile, as 8 vectors: one token, 4 features. */
function multiplyTile(a: usize, b: usize, live: usize, to: usize): void {
  for (let f: usize = 0; f < live; f++) {
    const low = f32x4.mul(v128.load(a), v128.load(b));
    const high = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
    v128.store_lane<f32>(to, low, 0);
    v128.store_lane<f32>(to, low, 1, 16);
    v128.store_lane<f32>(to, low, 2, 32);
    v128.store_lane<f32>(to, low, 3, 48);
    v128.store_lane<f32>(to, high, 0, 64);
    v128.store_lane<f32>(to, high, 1, 80);
    v128.store_lane<f32>(to, high, 2, 96);
    v128.store_lane<f32>(to, high, 3, 112);
    a += TILE_FEATURE;
    b += TILE_FEATURE;
    to += 4;
  }
}

function addEffects(sum: v128, factor: f32, out: usize, live: usize): void {
  const effects = f32x4.mul(f32x4.splat(factor), sum);
  if (live == FEATURES) {
    v128.store(out, f32x4.add(v128.load(out), effects));
    return;
  }
  store<f32>(out, load<f32>(out) + f32x4.extract_lane(effects, 0));
  if (live > 1) store<f32>(out, load<f32>(out, 4) + f32x4.extract_lane(effects, 1), 4);
  if (live > 2) store<f32>(out, load<f32>(out, 8) + f32x4.extract_lane(effects, 2), 8);
}
