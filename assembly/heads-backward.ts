/** The way back from heads to their projections: token-major rows → tiles, through rotary embedding and norms. */
import { Quad, QUAD, TILE_FEATURE } from './layout';

/**
 * Items: quads of tokens, up to the end of the last tile. headDim is even.
 * Scratch: for 4 tokens side by side a head's gradient (headDim), and their cosines and sines (headDim / 2 each); lanes
 * without a token are 0 in all of them.
 */
export function splitHeadsBackward(
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
  firstRow: usize,
  dQueries: usize,
  dKeys: usize,
  dValues: usize,
  dProjected: usize,
): void {
  const features = (heads + 2 * kvHeads) * headDim;
  const headBytes = headDim * 4;
  const angleBytes = headBytes / 2;
  const turned = scratch + headDim * QUAD;
  const queryScale = <f32>(1.0 / Math.sqrt(<f64>headDim));
  for (let quad = first; quad < last; quad++) {
    const token = <usize>quad * 4;
    const live = <usize>max(min(tokenCount - quad * 4, 4), 0);
    memory.fill(scratch, 0, 2 * headDim * QUAD);
    for (let lane: usize = 0; lane < live; lane++) {
      const angles = <usize>load<u32>(positions + (token + lane) * 4) * angleBytes;
      spread(cosines + angles, angleBytes, turned + lane * 4);
      spread(sines + angles, angleBytes, turned + angleBytes * 4 + lane * 4);
    }
    let source = Quad.address(projected, quad, features);
    let target = Quad.address(dProjected, quad, features);
    for (let head: usize = 0; head < heads + 2 * kvHeads; head++) {
      const isQuery = head < heads;
      const isValue = head >= heads + kvHeads;
      const width = isQuery ? heads * headBytes : kvHeads * headBytes;
      const from = isQuery
        ? dQueries + token * width + head * headBytes
        : isValue
          ? dValues + (firstRow + token) * width + (head - heads - kvHeads) * headBytes
          : dKeys + (firstRow + token) * width + (head - heads) * headBytes;
      for (let lane: usize = 0; lane < live; lane++) spread(from + lane * width, headBytes, scratch + lane * 4);
      if (isValue) {
        for (let d: usize = 0; d < headDim; d++) v128.store(target + d * TILE_FEATURE, v128.load(scratch + d * QUAD));
      } else {
        turnBack(scratch, turned, headDim, isQuery ? queryScale : 1);
        normalizeBack(source, scratch, isQuery ? queryNorm : keyNorm, target, headDim, epsilon);
      }
      source += headDim * TILE_FEATURE;
      target += headDim * TILE_FEATURE;
    }
  }
}

/** Copies f32 values that lie side by side to one lane of quads. */
function spread(from: usize, bytes: usize, to: usize): void {
  for (const end = from + bytes; from < end; from += 4) {
    store<f32>(to, load<f32>(from));
    to += QUAD;
  }
}

/** Applies the rotation's transpose and a factor to a head of 4 tokens, in place. */
function turnBack(head: usize, angles: usize, headDim: usize, scale: f32): void {
  const half = (headDim / 2) * QUAD;
  const scales = f32x4.splat(scale);
  for (let at: usize = 0; at < half; at += QUAD) {
    const low = f32x4.mul(v128.load(head + at), scales);
    const high = f32x4.mul(v128.load(head + half + at), scales);
    const cosine = v128.load(angles + at);
    const sine = v128.load(angles + half + at);
    v128.store(head + at, f32x4.add(f32x4.mul(low, cosine), f32x4.mul(high, sine)));
    v128.store(head + half + at, f32x4.sub(f32x4.mul(high, cosine), f32x4.mul(low, sine)));
  }
}

/** Through the RMSNorm of a head x of 4 tokens, in tiles; its gradient lies in quads side by side. */
function normalizeBack(x: usize, dOut: usize, weight: usize, out: usize, headDim: usize, epsilon: f32): void {
  const count = f32x4.splat(<f32>headDim);
  let squares = f32x4.splat(0);
  let products = f32x4.splat(0);
  for (let d: usize = 0; d < headDim; d++) {
    const value = v128.load(x + d * TILE_FEATURE);
    const weighted = f32x4.mul(v128.load(dOut + d * QUAD), v128.load32_splat(weight + d * 4));
    v128.store(dOut + d * QUAD, weighted);
    squares = f32x4.add(squares, f32x4.mul(value, value));
    products = f32x4.add(products, f32x4.mul(value, weighted));
  }
  const mean = f32x4.add(f32x4.div(squares, count), f32x4.splat(epsilon));
  const inverse = f32x4.div(f32x4.splat(1), f32x4.sqrt(mean));
  const share = f32x4.div(f32x4.div(products, count), mean);
  for (let d: usize = 0; d < headDim; d++) {
    const change = f32x4.sub(v128.load(dOut + d * QUAD), f32x4.mul(v128.load(x + d * TILE_FEATURE), share));
    v128.store(out + d * TILE_FEATURE, f32x4.mul(inverse, change));
  }
}
