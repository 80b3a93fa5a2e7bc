/**
 * One-bit matrix products of quantized activations for a single token, which would leave 7 of 8 lanes of a tile idle.
 *
 * Here the lanes are rows. Four signs name one of 16 signed sums of four columns, and one instruction looks up 16 rows' sums
 * at once, of 8 bits. So a sum, −2044 … 2044, is kept in two planes:
 *
 *     tables[four columns]   16 bytes: sum & 63, 0 … 63     16 bytes: sum >> 6, −32 … 31
 *
 *     bits        row 0  │ b0 b1 … b15     transposed     byte 0  │ row 0 row 1 … row 15     low halves:  columns 0 … 3
 *                 …      │                     →          …       │                          high halves: columns 4 … 7
 *                 row 15 │ b0 b1 … b15                    byte 15 │ row 0 row 1 … row 15
 *
 * Four looked-up numbers fit a byte when they are added (252; −128), those of a block 16 bits. The sums of integers are exact and
 * the floats are made of them as in `matmulQuantized`, so a token has the same bits on either way.
 */
import { BLOCK_BYTES, BLOCK_COLUMNS, TILE_FEATURE } from './layout';
import { LARGEST, SMALLEST } from './matmul-quantized';
import { ROWS, SIGNS, transpose } from './transpose';

/** Bits of the lower plane, and those of a sum that are its own. */
const LOW_BITS: i32 = 6;
const LOW_MASK: i16 = 63;

/** Bytes of a table's two planes, and of a block's tables. */
const TABLE: usize = 32;
const TABLES: usize = (BLOCK_COLUMNS / 4) * TABLE;

/** Rows of an item, which share the tables. */
const ITEM_ROWS: usize = 512;

/**
 * Items: runs of 512 rows. Scratch: a block's tables, its quantized columns, the signs of 16 rows twice, the scales of as many,
 * and the results of the item's rows.
 * Computes lane 0 only. The other lanes of out become 0, or stay as they are when accumulating.
 */
export function matvecQuantized(
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
): void {
  const quantized = scratch + TABLES;
  const signs = quantized + BLOCK_COLUMNS * 2;
  const lastScales = signs + 2 * SIGNS;
  const results = lastScales + ROWS * 4;
  for (let item = <usize>first; item < <usize>last; item++) {
    const from = item * ITEM_ROWS;
    const count = min(ITEM_ROWS, rows - from);
    const target = out + from * TILE_FEATURE;
    if (!accumulate) memory.fill(target, 0, count * TILE_FEATURE);
    for (let row: usize = 0; row < count; row++) store<f32>(results + row * 4, load<f32>(target + row * TILE_FEATURE));
    for (let block: usize = 0; block < columns / BLOCK_COLUMNS; block++) {
      const step = quantize(x + block * BLOCK_COLUMNS * TILE_FEATURE, quantized);
      buildTables(quantized, scratch);
      const at = block * rows + from;
      for (let row: usize = 0; row < count; row += ROWS) {
        const live = min(ROWS, count - row);
        transpose(bits + (at + row) * BLOCK_BYTES, live, signs);
        let factors = scales + (at + row) * 4;
        if (live < ROWS) {
          memory.copy(lastScales, factors, live * 4);
          factors = lastScales;
        }
        addRows(signs, scratch, step, factors, results + row * 4);
      }
    }
    for (let row: usize = 0; row < count; row++) store<f32>(target + row * TILE_FEATURE, load<f32>(results + row * 4));
  }
}

/** Rounds lane 0 of a tile's block to 128 i16 and returns its step. */
function quantize(x: usize, to: usize): f32 {
  const end = x + BLOCK_COLUMNS * TILE_FEATURE;
  let largest = SMALLEST;
  for (let from = x; from < end; from += TILE_FEATURE) largest = max(largest, abs(load<f32>(from)));
  const inverse = LARGEST / largest;
  for (let from = x; from < end; from += TILE_FEATURE) {
    store<i16>(to, <i16>nearest(load<f32>(from) * inverse));
    to += 2;
  }
  return largest / LARGEST;
}

/** The tables of a block's columns. Bit k of an entry's index is the sign of column k. */
function buildTables(columns: usize, tables: usize): void {
  for (const end = tables + TABLES; tables < end; tables += TABLE) {
    const a = i16x8.mul(v128.load16_splat(columns), i16x8(-1, 1, -1, 1, -1, 1, -1, 1));
    const b = i16x8.mul(v128.load16_splat(columns + 2), i16x8(-1, -1, 1, 1, -1, -1, 1, 1));
    const c = i16x8.mul(v128.load16_splat(columns + 4), i16x8(-1, -1, -1, -1, 1, 1, 1, 1));
    const d = v128.load16_splat(columns + 6);
    const abc = i16x8.add(a, i16x8.add(b, c));
    const minus = i16x8.sub(abc, d);
    const plus = i16x8.add(abc, d);
    const mask = i16x8.splat(LOW_MASK);
    v128.store(tables, i8x16.narrow_i16x8_u(v128.and(minus, mask), v128.and(plus, mask)));
    v128.store(tables, i8x16.narrow_i16x8_s(i16x8.shr_s(minus, LOW_BITS), i16x8.shr_s(plus, LOW_BITS)), 16);
    columns += 8;
  }
}

/** results[row] += scale · (step · the block's sum), for 16 rows whose signs are transposed. */
function addRows(signs: usize, tables: usize, step: f32, scales: usize, results: usize): void {
  let low0 = i16x8.splat(0);
  let low1 = low0;
  let high0 = low0;
  let high1 = low0;
  const half = i8x16.splat(15);
  for (const end = signs + SIGNS; signs < end; signs += 32) {
    const bytes0 = v128.load(signs);
    const bytes1 = v128.load(signs, 16);
    const i0 = v128.and(bytes0, half);
    const i1 = v128.and(i16x8.shr_u(bytes0, 4), half);
    const i2 = v128.and(bytes1, half);
    const i3 = v128.and(i16x8.shr_u(bytes1, 4), half);
    let low = i8x16.add(i8x16.swizzle(v128.load(tables), i0), i8x16.swizzle(v128.load(tables, 32), i1));
    let high = i8x16.add(i8x16.swizzle(v128.load(tables, 16), i0), i8x16.swizzle(v128.load(tables, 48), i1));
    low = i8x16.add(low, i8x16.swizzle(v128.load(tables, 64), i2));
    high = i8x16.add(high, i8x16.swizzle(v128.load(tables, 80), i2));
    low = i8x16.add(low, i8x16.swizzle(v128.load(tables, 96), i3));
    high = i8x16.add(high, i8x16.swizzle(v128.load(tables, 112), i3));
    low0 = i16x8.add(low0, i16x8.extend_low_i8x16_u(low));
    low1 = i16x8.add(low1, i16x8.extend_high_i8x16_u(low));
    high0 = i16x8.add(high0, i16x8.extend_low_i8x16_s(high));
    high1 = i16x8.add(high1, i16x8.extend_high_i8x16_s(high));
    tables += 4 * TABLE;
  }
  Quarter.add(i32x4.extend_low_i16x8_s(low0), i32x4.extend_low_i16x8_s(high0), step, scales, results);
  Quarter.add(i32x4.extend_high_i16x8_s(low0), i32x4.extend_high_i16x8_s(high0), step, scales + 16, results + 16);
  Quarter.add(i32x4.extend_low_i16x8_s(low1), i32x4.extend_low_i16x8_s(high1), step, scales + 32, results + 32);
  Quarter.add(i32x4.extend_high_i16x8_s(low1), i32x4.extend_high_i16x8_s(high1), step, scales + 48, results + 48);
}

class Quarter {
  /** Four of the sixteen rows, their sums put together from both planes. */
  @inline
  static add(low: v128, high: v128, step: f32, scales: usize, results: usize): void {
    const sum = f32x4.convert_i32x4_s(i32x4.add(i32x4.shl(high, LOW_BITS), low));
    const product = f32x4.mul(v128.load(scales), f32x4.mul(f32x4.splat(step), sum));
    v128.store(results, f32x4.add(v128.load(results), product));
  }
}
