/** Projections into heads: tiles → token-major rows, with the norm of each head and rotary embedding on the way. */
import { Quad, TILE_FEATURE } from './layout';

const QUERY: i32 = 0;
const KEY: i32 = 1;

/** Items: quads of tokens. headDim is a multiple of 16. */
export function splitHeads(
  scratch: usize,
  first: i32,
  last: i32,
  projected: usize,
  tokenCount: i32,
  heads: usize,
  kvHeads: usize,
  headDim: usize,
  queryNorm: usize,
  keyNorm: usize,
  epsilon: f32,
  positions: usize,
  cosines: usize,
  sines: usize,
  queries: usize,
  keys: usize,
  values: usize,
  firstRow: usize,
): void {
  const features = (heads + 2 * kvHeads) * headDim;
  const headBytes = headDim * 4;
  const queryScale = <f32>(1.0 / Math.sqrt(<f64>headDim));
  for (let quad = first; quad < last; quad++) {
    const token = <usize>quad * 4;
    const live = <usize>min(tokenCount - quad * 4, 4);
    const source = Quad.address(projected, quad, features);
    for (let head: usize = 0; head < heads + 2 * kvHeads; head++) {
      const kind = head < heads ? QUERY : head < heads + kvHeads ? KEY : KEY + 1;
      const width = kind == QUERY ? heads * headBytes : kvHeads * headBytes;
      const target =
        kind == QUERY
          ? queries + token * width + head * headBytes
          : kind == KEY
            ? keys + (firstRow + token) * width + (head - heads) * headBytes
            : values + (firstRow + token) * width + (head - heads - kvHeads) * headBytes;

      const squares = transpose(source + head * headDim * TILE_FEATURE, target, width, headDim, live);
      if (kind > KEY) continue;

      const mean = f32x4.add(f32x4.div(squares, f32x4.splat(<f32>headDim)), f32x4.splat(epsilon));
      const scale = f32x4.splat(kind == QUERY ? queryScale : 1);
      v128.store(scratch, f32x4.div(scale, f32x4.sqrt(mean)));
      for (let lane: usize = 0; lane < live; lane++) {
        const angles = <usize>load<u32>(positions + (token + lane) * 4) * (headBytes / 2);
        const weight = kind == QUERY ? queryNorm : keyNorm;
        rotate(
          target + lane * width,
          load<f32>(scratch + lane * 4),
          weight,
          cosines + angles,
          sines + angles,
          headBytes,
        );
      }
    }
  }
}

/** Copies one head of 4 tokens, `live` of them wanted, into rows `width` bytes apart. Returns each token's Σ x². */
function transpose(source: usize, target: usize, width: usize, headDim: usize, live: usize): v128 {
  let squares0 = f32x4.splat(0);
  let squares1 = f32x4.splat(0);
  for (let d: usize = 0; d < headDim; d += 4) {
    const from = source + d * TILE_FEATURE;
    const a = v128.load(from);
    const b = v128.load(from, 32);
    const c = v128.load(from, 64);
    const e = v128.load(from, 96);
    squares0 = f32x4.add(squares0, f32x4.add(f32x4.mul(a, a), f32x4.mul(c, c)));
    squares1 = f32x4.add(squares1, f32x4.add(f32x4.mul(b, b), f32x4.mul(e, e)));

    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
    const to = target + d * 4;
    v128.store(to, v128.shuffle<f32>(ab, ce, 0, 1, 4, 5));
    if (live > 1) v128.store(to + width, v128.shuffle<f32>(ab, ce, 2, 3, 6, 7));
    if (live > 2) {
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const ceHigh = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
      v128.store(to + 2 * width, v128.shuffle<f32>(abHigh, ceHigh, 0, 1, 4, 5));
      if (live > 3) v128.store(to + 3 * width, v128.shuffle<f32>(abHigh, ceHigh, 2, 3, 6, 7));
    }
  }
  return f32x4.add(squares0, squares1);
}

/** Normalises one head in place and turns features d and d + headDim/2 by the angles given. */
function rotate(head: usize, scale: f32, weight: usize, cosines: usize, sines: usize, headBytes: usize): void {
  const half = headBytes / 2;
  const scales = f32x4.splat(scale);
  for (let at: usize = 0; at < half; at += 16) {
    const low = f32x4.mul(f32x4.mul(v128.load(head + at), scales), v128.load(weight + at));
    const high = f32x4.mul(f32x4.mul(v128.load(head + half + at), scales), v128.load(weight + half + at));
    const cosine = v128.load(cosines + at);
    const sine = v128.load(sines + at);
    v128.store(head + at, f32x4.sub(f32x4.mul(low, cosine), f32x4.mul(high, sine)));
    v128.store(head + half + at, f32x4.add(f32x4.mul(high, cosine), f32x4.mul(low, sine)));
  }
}
