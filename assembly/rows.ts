/** Kernels that move whole tokens: rows of the embedding matrix into tiles, and tokens out of tiles and back. */
import { BLOCK_BYTES, BLOCK_COLUMNS, TILE_FEATURE } from './layout';

const LANES: i32 = 8;

/** Items: tiles of `out`. Lanes past the last token become 0. */
export function embed(
  scratch: usize,
  first: i32,
  last: i32,
  tokens: usize,
  tokenCount: i32,
  bits: usize,
  scales: usize,
  rows: usize,
  columns: usize,
  out: usize,
): void {
  const blocks = columns / BLOCK_COLUMNS;
  for (let tile = first; tile < last; tile++) {
    const target = out + <usize>tile * columns * TILE_FEATURE;
    const live = min(tokenCount - tile * LANES, LANES);
    if (live < LANES) memory.fill(target, 0, columns * TILE_FEATURE);
    for (let lane = 0; lane < live; lane++) {
      const row = <usize>load<u32>(tokens + ((<usize>(tile * LANES + lane)) << 2));
      let to = target + ((<usize>lane) << 2);
      for (let block: usize = 0; block < blocks; block++) {
        const at = block * rows + row;
        const scale = load<f32>(scales + at * 4);
        for (let word: usize = 0; word < BLOCK_BYTES; word += 4) {
          // An inverted bit moved to the sign's place makes scale or −scale.
          let signs = ~load<u32>(bits + at * BLOCK_BYTES + word);
          for (let bit = 0; bit < 32; bit++) {
            store<u32>(to, reinterpret<u32>(scale) ^ (signs << 31));
            signs >>= 1;
            to += TILE_FEATURE;
          }
        }
      }
    }
  }
}

/** Items: tiles of `out`. Lanes past the last row become 0. */
export function gather(
  scratch: usize,
  first: i32,
  last: i32,
  x: usize,
  rows: usize,
  rowCount: i32,
  out: usize,
  features: usize,
): void {
  const tileBytes = features * TILE_FEATURE;
  for (let tile = first; tile < last; tile++) {
    const target = out + <usize>tile * tileBytes;
    const live = min(rowCount - tile * LANES, LANES);
    if (live < LANES) memory.fill(target, 0, tileBytes);
    for (let lane = 0; lane < live; lane++) {
      const token = load<u32>(rows + ((<usize>(tile * LANES + lane)) << 2));
      const from = x + <usize>(token >> 3) * tileBytes + <usize>((token & 7) << 2);
      const to = target + ((<usize>lane) << 2);
      for (let f: usize = 0; f < tileBytes; f += TILE_FEATURE) store<u32>(to + f, load<u32>(from + f));
    }
  }
}

/** Items: tiles of `x`. */
export function scatter(
  scratch: usize,
  first: i32,
  last: i32,
  x: usize,
  rows: usize,
  rowCount: i32,
  out: usize,
  features: usize,
): void {
  const tileBytes = features * TILE_FEATURE;
  for (let tile = first; tile < last; tile++) {
    const live = min(rowCount - tile * LANES, LANES);
    for (let lane = 0; lane < live; lane++) {
      const token = load<u32>(rows + ((<usize>(tile * LANES + lane)) << 2));
      const from = x + <usize>tile * tileBytes + ((<usize>lane) << 2);
      const to = out + <usize>(token >> 3) * tileBytes + <usize>((token & 7) << 2);
      for (let f: usize = 0; f < tileBytes; f += TILE_FEATURE) store<u32>(to + f, load<u32>(from + f));
    }
  }
}
