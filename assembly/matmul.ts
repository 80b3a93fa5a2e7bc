/** One-bit matrix products on the method of the four Russians. */
import { BLOCK_BYTES, BLOCK_COLUMNS, QUAD, TILE_FEATURE } from './layout';

/** Bytes of the 16 sums over 4 columns, and of the 256 over 8. */
const HALF_TABLE: usize = 16 * TILE_FEATURE;
const TABLE: usize = 256 * TILE_FEATURE;

/**
 * Items: pairs (tile, part), rows being cut into `parts` even parts. Scratch: SCRATCH bytes.
 */
export function matmul(
  scratch: usize,
  first: i32,
  last: i32,
  x: usize,
  bits: usize,
  scales: usize,
  rows: usize,
  columns: usize,
  out: usize,
  accumulate: bool,
  parts: i32,
): void {
  const tables = scratch + 2 * HALF_TABLE;
  for (let item = first; item < last; item++) {
    const tile = <usize>(item / parts);
    const part = <usize>(item % parts);
    const from = (rows * part) / <usize>parts;
    const to = (rows * (part + 1)) / <usize>parts;
    const target = out + (tile * rows + from) * TILE_FEATURE;
    const end = out + (tile * rows + to) * TILE_FEATURE;
    if (!accumulate) memory.fill(target, 0, end - target);
    for (let block: usize = 0; block < columns / BLOCK_COLUMNS; block++) {
      const source = x + (tile * columns + block * BLOCK_COLUMNS) * TILE_FEATURE;
      for (let byte: usize = 0; byte < BLOCK_BYTES; byte++) {
        buildTable(source + byte * 8 * TILE_FEATURE, tables + byte * TABLE, scratch);
      }
      const at = block * rows + from;
      addBlock(bits + at * BLOCK_BYTES, scales + at * 4, tables, target, end);
    }
  }
}

/** The 256 signed sums of 8 columns, each the sum of two of 4 columns. */
function buildTable(x: usize, table: usize, halves: usize): void {
  for (let quad: usize = 0; quad < TILE_FEATURE; quad += QUAD) {
    sumFour(x + quad, halves + quad);
    sumFour(x + quad + 4 * TILE_FEATURE, halves + HALF_TABLE + quad);
  }
  for (let quad: usize = 0; quad < HALF_TABLE; quad += HALF_TABLE / 2) {
    for (let lane: usize = 0; lane < TILE_FEATURE; lane += QUAD) {
      const low = halves + quad + lane;
      const l0 = v128.load(low);
      const l1 = v128.load(low, 32);
      const l2 = v128.load(low, 64);
      const l3 = v128.load(low, 96);
      const l4 = v128.load(low, 128);
      const l5 = v128.load(low, 160);
      const l6 = v128.load(low, 192);
      const l7 = v128.load(low, 224);
      let to = table + quad + lane;
      let from = halves + HALF_TABLE + lane;
      const end = from + HALF_TABLE;
      for (; from < end; from += TILE_FEATURE) {
        const high = v128.load(from);
        v128.store(to, f32x4.add(high, l0));
        v128.store(to, f32x4.add(high, l1), 32);
        v128.store(to, f32x4.add(high, l2), 64);
        v128.store(to, f32x4.add(high, l3), 96);
        v128.store(to, f32x4.add(high, l4), 128);
        v128.store(to, f32x4.add(high, l5), 160);
        v128.store(to, f32x4.add(high, l6), 192);
        v128.store(to, f32x4.add(high, l7), 224);
        to += HALF_TABLE;
      }
    }
  }
}

/** The 16 signed sums ±a ±b ±c ±d of 4 columns of a quad; bit k of an entry's index is the sign of column k. */
function sumFour(x: usize, sums: usize): void {
  const a = v128.load(x);
  const b = v128.load(x, 32);
  const c = v128.load(x, 64);
  const d = v128.load(x, 96);
  const ab3 = f32x4.add(a, b);
  const ab1 = f32x4.sub(a, b);
  const ab2 = f32x4.sub(b, a);
  const ab0 = f32x4.neg(ab3);
  let cd = f32x4.add(c, d);
  storeFour(sums, 12, cd, ab0, ab1, ab2, ab3);
  storeFour(sums, 0, f32x4.neg(cd), ab0, ab1, ab2, ab3);
  cd = f32x4.sub(c, d);
  storeFour(sums, 4, cd, ab0, ab1, ab2, ab3);
  storeFour(sums, 8, f32x4.neg(cd), ab0, ab1, ab2, ab3);
}

// @ts-ignore: decorator
@inline
function storeFour(sums: usize, index: usize, cd: v128, ab0: v128, ab1: v128, ab2: v128, ab3: v128): void {
  const to = sums + index * TILE_FEATURE;
  v128.store(to, f32x4.add(ab0, cd));
  v128.store(to, f32x4.add(ab1, cd), 32);
  v128.store(to, f32x4.add(ab2, cd), 64);
  v128.store(to, f32x4.add(ab3, cd), 96);
}

/** out += scale · (sum of the 16 table entries that the row's bytes name), for rows until `end`. */
function addBlock(bits: usize, scales: usize, tables: usize, out: usize, end: usize): void {
  while (out < end) {
    let low = f32x4.splat(0);
    let high = f32x4.splat(0);
    let table = tables;
    const stop = bits + BLOCK_BYTES;
    for (; bits < stop; bits += 4) {
      const word = load<u32>(bits);
      let entry = table + ((word << 5) & 0x1fe0);
      low = f32x4.add(low, v128.load(entry));
      high = f32x4.add(high, v128.load(entry, 16));
      entry = table + ((word >> 3) & 0x1fe0);
      low = f32x4.add(low, v128.load(entry, 8192));
      high = f32x4.add(high, v128.load(entry, 8208));
      entry = table + ((word >> 11) & 0x1fe0);
      low = f32x4.add(low, v128.load(entry, 16384));
      high = f32x4.add(high, v128.load(entry, 16400));
      entry = table + ((word >> 19) & 0x1fe0);
      low = f32x4.add(low, v128.load(entry, 24576));
      high = f32x4.add(high, v128.load(entry, 24592));
      table += 4 * TABLE;
    }
    const scale = v128.load32_splat(scales);
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(scale, low)));
    v128.store(out, f32x4.add(v128.load(out, 16), f32x4.mul(scale, high)), 16);
    scales += 4;
    out += TILE_FEATURE;
  }
}
