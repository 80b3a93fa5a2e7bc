/**
 * One-bit matrix products on the method of the four Russians.
 *
 * Eight signs name one of 256 signed sums of eight columns. These are computed once for a tile of 8 tokens, so that
 * then each *byte* of each row costs one look-up and one addition of a vector:
 *
 *     x tile      column 0 │ t0 t1 t2 t3 t4 t5 t6 t7     f32
 *                 …        │                             ─┐ sums of ±column 0 … ±column 3: 16 entries (`halves`)
 *                 column 7 │                             ─┘ sums of ±column 4 … ±column 7: 16 entries
 *
 *     table       entry b  │ Σ (bit k of b ? +1 : −1) · column k, for 8 tokens: 32 bytes; 256 entries: 8 KiB
 *
 * A block of 128 columns, 16 bytes of every row, is taken in 4 groups of 4 bytes: the 4 tables of a group, 32 KiB, stay
 * in the first-level cache while all rows pass by.
 *
 *     bits[block][row]   b0 b1 b2 b3 │ b4 b5 b6 b7 │ b8 … b11 │ b12 … b15
 *     group                   0      │      1      │     2    │     3
 *     sums[row]              =       │     +=      │    +=    │   out[row] += scale · (sums[row] + …)
 *
 * An output is therefore always added up in the same order: 4 bytes of a group, 4 groups of a block, the blocks. Every
 * step is odd in x and in the signs, so inverting a row's bits negates its output exactly.
 */
import { BLOCK_BYTES, BLOCK_COLUMNS, QUAD, TILE_FEATURE } from './layout';

/** Bytes of a row's signs in a group. */
const GROUP_BYTES: usize = 4;

/** Bytes of the 16 sums over 4 columns, and of the 256 over 8. */
const HALF_TABLE: usize = 16 * TILE_FEATURE;
const TABLE: usize = 256 * TILE_FEATURE;

/** Bytes of a block of a tile. */
const BLOCK: usize = BLOCK_COLUMNS * TILE_FEATURE;

/** What a group does with its sums. */
const FIRST: i32 = 0;
const MIDDLE: i32 = 1;
const LAST: i32 = 2;

/**
 * Items: pairs (tile, part), the rows being cut into `parts` even parts.
 * Scratch: two half tables, four tables, then 32 bytes for each row of a part.
 * Of the matrix `blocks` blocks are taken, from `firstBlock` on. What each makes is added to the output `stride` bytes after that
 * of the one before; 0: to the same.
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
  firstBlock: usize,
  blocks: usize,
  stride: usize,
): void {
  for (let item = first; item < last; item++) {
    const tile = <usize>(item / parts);
    const part = <u64>(item % parts);
    const from = <usize>((<u64>rows * part) / <u64>parts);
    const count = <usize>((<u64>rows * (part + 1)) / <u64>parts) - from;
    const source = x + tile * columns * TILE_FEATURE;
    let target = out + (tile * rows + from) * TILE_FEATURE;
    for (let block = firstBlock; block < firstBlock + blocks; block++) {
      if (!accumulate && (stride > 0 || block == firstBlock)) memory.fill(target, 0, count * TILE_FEATURE);
      const at = block * rows + from;
      addBlock(source + block * BLOCK, bits + at * BLOCK_BYTES, scales + at * 4, count, target, scratch);
      target += stride;
    }
  }
}

/** Adds to the outputs of `count` rows what a block of their columns makes of a tile. */
function addBlock(x: usize, signs: usize, scales: usize, count: usize, out: usize, scratch: usize): void {
  const tables = scratch + 2 * HALF_TABLE;
  const sums = tables + GROUP_BYTES * TABLE;
  for (let byte: usize = 0; byte < BLOCK_BYTES; byte += GROUP_BYTES) {
    for (let table = tables; table < sums; table += TABLE) {
      buildTable(x, table, scratch);
      x += 8 * TILE_FEATURE;
    }
    if (byte == 0) addFirst(signs, tables, sums, count);
    else if (byte < BLOCK_BYTES - GROUP_BYTES) addMiddle(signs + byte, tables, sums, count);
    else addLast(signs + byte, tables, sums, count, scales, out);
  }
}

/** The 256 signed sums of 8 columns, each the sum of two of 4 columns. */
function buildTable(x: usize, table: usize, halves: usize): void {
  for (let quad: usize = 0; quad < TILE_FEATURE; quad += QUAD) {
    sumFour(x + quad, halves + quad);
    sumFour(x + quad + 4 * TILE_FEATURE, halves + HALF_TABLE + quad);
  }
  // Four low sums at a time, each against all high ones: whole cache lines are written, one after the other.
  for (let low: usize = 0; low < HALF_TABLE; low += 4 * TILE_FEATURE) {
    const a0 = v128.load(halves + low);
    const a1 = v128.load(halves + low, 16);
    const b0 = v128.load(halves + low, 32);
    const b1 = v128.load(halves + low, 48);
    const c0 = v128.load(halves + low, 64);
    const c1 = v128.load(halves + low, 80);
    const d0 = v128.load(halves + low, 96);
    const d1 = v128.load(halves + low, 112);
    let to = table + low;
    for (let high = halves + HALF_TABLE; high < halves + 2 * HALF_TABLE; high += TILE_FEATURE) {
      const high0 = v128.load(high);
      const high1 = v128.load(high, 16);
      v128.store(to, f32x4.add(high0, a0));
      v128.store(to, f32x4.add(high1, a1), 16);
      v128.store(to, f32x4.add(high0, b0), 32);
      v128.store(to, f32x4.add(high1, b1), 48);
      v128.store(to, f32x4.add(high0, c0), 64);
      v128.store(to, f32x4.add(high1, c1), 80);
      v128.store(to, f32x4.add(high0, d0), 96);
      v128.store(to, f32x4.add(high1, d1), 112);
      to += HALF_TABLE;
    }
  }
}

/** The 16 signed sums ±a ±b ±c ±d of 4 columns of a quad; bit k of an entry's index is the sign of column k. */
export function sumFour(x: usize, sums: usize): void {
  const a = v128.load(x);
  const b = v128.load(x, 32);
  const c = v128.load(x, 64);
  const d = v128.load(x, 96);
  const ab3 = f32x4.add(a, b);
  const ab1 = f32x4.sub(a, b);
  const ab2 = f32x4.sub(b, a);
  const ab0 = f32x4.neg(ab3);
  let cd = f32x4.add(c, d);
  Four.store(sums, 12, cd, ab0, ab1, ab2, ab3);
  Four.store(sums, 0, f32x4.neg(cd), ab0, ab1, ab2, ab3);
  cd = f32x4.sub(c, d);
  Four.store(sums, 4, cd, ab0, ab1, ab2, ab3);
  Four.store(sums, 8, f32x4.neg(cd), ab0, ab1, ab2, ab3);
}

class Four {
  @inline
  static store(sums: usize, index: usize, cd: v128, ab0: v128, ab1: v128, ab2: v128, ab3: v128): void {
    const to = sums + index * TILE_FEATURE;
    v128.store(to, f32x4.add(ab0, cd));
    v128.store(to, f32x4.add(ab1, cd), 32);
    v128.store(to, f32x4.add(ab2, cd), 64);
    v128.store(to, f32x4.add(ab3, cd), 96);
  }
}

function addFirst(bits: usize, tables: usize, sums: usize, rows: usize): void {
  const end = sums + rows * TILE_FEATURE;
  while (sums + TILE_FEATURE < end) {
    Row.add(FIRST, 0, bits, tables, sums, 0, 0);
    Row.add(FIRST, 1, bits, tables, sums, 0, 0);
    bits += 2 * BLOCK_BYTES;
    sums += 2 * TILE_FEATURE;
  }
  if (sums < end) Row.add(FIRST, 0, bits, tables, sums, 0, 0);
}

function addMiddle(bits: usize, tables: usize, sums: usize, rows: usize): void {
  const end = sums + rows * TILE_FEATURE;
  while (sums + TILE_FEATURE < end) {
    Row.add(MIDDLE, 0, bits, tables, sums, 0, 0);
    Row.add(MIDDLE, 1, bits, tables, sums, 0, 0);
    bits += 2 * BLOCK_BYTES;
    sums += 2 * TILE_FEATURE;
  }
  if (sums < end) Row.add(MIDDLE, 0, bits, tables, sums, 0, 0);
}

function addLast(bits: usize, tables: usize, sums: usize, rows: usize, scales: usize, out: usize): void {
  const end = sums + rows * TILE_FEATURE;
  while (sums + TILE_FEATURE < end) {
    Row.add(LAST, 0, bits, tables, sums, scales, out);
    Row.add(LAST, 1, bits, tables, sums, scales, out);
    bits += 2 * BLOCK_BYTES;
    sums += 2 * TILE_FEATURE;
    scales += 2 * 4;
    out += 2 * TILE_FEATURE;
  }
  if (sums < end) Row.add(LAST, 0, bits, tables, sums, scales, out);
}

class Row {
  /**
   * Adds a group's four table entries for row `row` (0 or 1) from where the addresses point. Two rows a turn, and no
   * more look-ups between two stores than these: the compiler hoists loads up to the last store, and with more of them
   * than registers it spills.
   */
  @inline
  static add(stage: i32, row: usize, bits: usize, tables: usize, sums: usize, scales: usize, out: usize): void {
    const e0 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES)) << 5);
    const e1 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 1)) << 5);
    const e2 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 2)) << 5);
    const e3 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 3)) << 5);
    let low = f32x4.add(v128.load(e0), v128.load(e1, 8192));
    let high = f32x4.add(v128.load(e0, 16), v128.load(e1, 8192 + 16));
    low = f32x4.add(low, v128.load(e2, 2 * 8192));
    high = f32x4.add(high, v128.load(e2, 2 * 8192 + 16));
    low = f32x4.add(low, v128.load(e3, 3 * 8192));
    high = f32x4.add(high, v128.load(e3, 3 * 8192 + 16));
    const sum = sums + row * TILE_FEATURE;
    if (stage != FIRST) {
      low = f32x4.add(low, v128.load(sum));
      high = f32x4.add(high, v128.load(sum, 16));
    }
    if (stage != LAST) {
      v128.store(sum, low);
      v128.store(sum, high, 16);
      return;
    }
    const scale = v128.load32_splat(scales + row * 4);
    const target = out + row * TILE_FEATURE;
    v128.store(target, f32x4.add(v128.load(target), f32x4.mul(scale, low)));
    v128.store(target, f32x4.add(v128.load(target, 16), f32x4.mul(scale, high)), 16);
  }
}
