/** Attribution: sums and differences of activations, and their products with gradients summed per owner. */
import { QUAD, TILE_FEATURE } from './layout';

/** Features of which products are summed side by side. */
const FEATURES: usize = 8;
const LANES: usize = 8;

/** Bytes of a token's products of these features. */
const TOKEN: usize = FEATURES * 4;

/** Items: groups of 8 values. */
export function subtract(scratch: usize, first: i32, last: i32, a: usize, b: usize, out: usize): void {
  const end = (<usize>last) << 5;
  for (let at = (<usize>first) << 5; at < end; at += 32) {
    const low = f32x4.sub(v128.load(a + at), v128.load(b + at));
    const high = f32x4.sub(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(out + at, low);
    v128.store(out + at, high, 16);
  }
}

/** Items: groups of 8 values. */
export function add(scratch: usize, first: i32, last: i32, a: usize, b: usize, out: usize): void {
  const end = (<usize>last) << 5;
  for (let at = (<usize>first) << 5; at < end; at += 32) {
    const low = f32x4.add(v128.load(a + at), v128.load(b + at));
    const high = f32x4.add(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(out + at, low);
    v128.store(out + at, high, 16);
  }
}

/** Items: pairs (group, 8 features), those of a group side by side. Scratch: the products of a tile, token-major. */
export function rowEffects(
  scratch: usize,
  first: i32,
  last: i32,
  gradient: usize,
  value: usize,
  factor: f32,
  tokenCount: usize,
  owners: usize,
  ownerCount: usize,
  out: usize,
  features: usize,
): void {
  const tileBytes = features * TILE_FEATURE;
  const itemsOfGroup = (features + FEATURES - 1) / FEATURES;
  const tiles = (tokenCount + LANES - 1) / LANES;
  for (let item = <usize>first; item < <usize>last; item++) {
    const group = item / itemsOfGroup;
    const feature = (item % itemsOfGroup) * FEATURES;
    const live = min(FEATURES, features - feature);
    const values = value + group * tiles * tileBytes;
    const effects = out + (group * ownerCount * features + feature) * 4;
    let from = feature * TILE_FEATURE;
    let owner = -1;
    let low = f32x4.splat(0);
    let high = f32x4.splat(0);
    for (let token: usize = 0; token < tokenCount; token += LANES) {
      if (live == FEATURES) multiplyTile(gradient + from, values + from, scratch);
      else multiplyFeatures(gradient + from, values + from, live, scratch);
      const end = scratch + min(LANES, tokenCount - token) * TOKEN;
      let ownerAt = owners + token * 4;
      for (let at = scratch; at < end; at += TOKEN) {
        const next = load<i32>(ownerAt);
        ownerAt += 4;
        if (next != owner) {
          if (owner >= 0) addEffects(low, high, factor, effects + <usize>owner * features * 4, live);
          owner = next;
          low = f32x4.splat(0);
          high = f32x4.splat(0);
        }
        low = f32x4.add(low, v128.load(at));
        high = f32x4.add(high, v128.load(at, 16));
      }
      from += tileBytes;
    }
    if (owner >= 0) addEffects(low, high, factor, effects + <usize>owner * features * 4, live);
  }
}

/** The products of 8 features of a tile, as 8 tokens of 8 features. */
function multiplyTile(a: usize, b: usize, to: usize): void {
  for (let quad: usize = 0; quad < TILE_FEATURE; quad += QUAD) {
    Quarter.multiply(a + quad, b + quad, to);
    Quarter.multiply(a + quad + 4 * TILE_FEATURE, b + quad + 4 * TILE_FEATURE, to + 16);
    to += 4 * TOKEN;
  }
}

class Quarter {
  /** The products of 4 features of 4 tokens, transposed. */
  @inline
  static multiply(a: usize, b: usize, to: usize): void {
    const p0 = f32x4.mul(v128.load(a), v128.load(b));
    const p1 = f32x4.mul(v128.load(a, 32), v128.load(b, 32));
    const p2 = f32x4.mul(v128.load(a, 64), v128.load(b, 64));
    const p3 = f32x4.mul(v128.load(a, 96), v128.load(b, 96));
    const low01 = v128.shuffle<f32>(p0, p1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(p2, p3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(p0, p1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(p2, p3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), TOKEN);
    v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 2 * TOKEN);
    v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 3 * TOKEN);
  }
}

/** The same of the fewer features that a matrix ends with. */
function multiplyFeatures(a: usize, b: usize, live: usize, to: usize): void {
  for (let feature: usize = 0; feature < live; feature++) {
    for (let lane: usize = 0; lane < LANES; lane++) {
      const at = feature * TILE_FEATURE + lane * 4;
      store<f32>(to + lane * TOKEN + feature * 4, load<f32>(a + at) * load<f32>(b + at));
    }
  }
}

function addEffects(low: v128, high: v128, factor: f32, out: usize, live: usize): void {
  const factors = f32x4.splat(factor);
  low = f32x4.mul(factors, low);
  high = f32x4.mul(factors, high);
  if (live == FEATURES) {
    v128.store(out, f32x4.add(v128.load(out), low));
    v128.store(out, f32x4.add(v128.load(out, 16), high), 16);
    return;
  }
  for (let feature: usize = 0; feature < live; feature++) {
    store<f32>(out, load<f32>(out) + f32x4.extract_lane(low, 0));
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4);
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 0);
    out += 4;
  }
}
