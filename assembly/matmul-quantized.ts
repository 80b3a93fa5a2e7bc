/**
 * One-bit matrix products of quantized activations: the method of `matmul` on 16-bit integers, twice as many to a vector.
 *
 * Each token's block of 128 columns is rounded to integers of at most 511 (10 bits with the sign) times the largest / 511:
 *
 *     x tile      column 0 │ t0 t1 t2 t3 t4 t5 t6 t7     f32
 *     quantized   column 0 │ q0 q1 q2 q3 q4 q5 q6 q7     i16, |q| ≤ 511; steps: 8 f32, largest of the block / 511
 *     table       entry b  │ Σ (bit k of b ? +1 : −1) · column k, for 8 tokens: 16 bytes; 256 entries: 4 KiB
 *
 * The 8 tables of half a block, 32 KiB, stay in the first-level cache while all rows pass by. Half a block is also as much
 * as 16 bits hold: 64 · 511 = 32704.
 *
 *     bits[block][row]   b0 … b7 │ b8 … b15
 *     half                   0   │     1
 *     sums[row]              =   │  out[row] += scale · (step · (sums[row] + …))
 *
 * Sums of integers are exact, so their order does not matter; the blocks are added up one after the other. Every step is
 * odd in x and in the signs, so inverting a row's bits negates its output exactly.
 */
import { BLOCK_BYTES, BLOCK_COLUMNS, TILE_FEATURE } from './layout';

/** The largest integer that an activation is rounded to. */
export const LARGEST: f32 = 511;

/** What the largest activation of a block counts as at least, 2⁻¹⁰⁰, so that its inverse is finite. */
export const SMALLEST: f32 = 7.888609052210118e-31;

/** Bytes of one column of a tile, and of one entry of a table: 8 tokens of i16. */
const ENTRY: usize = 16;

/** Bytes of a row's signs in half a block. */
const HALF_BYTES: usize = BLOCK_BYTES / 2;

/** Bytes of the 16 sums over 4 columns, and of the 256 over 8. */
const HALF_TABLE: usize = 16 * ENTRY;
const TABLE: usize = 256 * ENTRY;

/**
 * Items: pairs (tile, part), the rows being cut into `parts` even parts.
 * Scratch: the block's steps, its quantized columns, two half tables, eight tables, then 16 bytes for each row of a part.
 */
export function matmulQuantized(
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
  const quantized = scratch + TILE_FEATURE;
  const halves = quantized + BLOCK_COLUMNS * ENTRY;
  const tables = halves + 2 * HALF_TABLE;
  const sums = tables + HALF_BYTES * TABLE;
  for (let item = first; item < last; item++) {
    const tile = <usize>(item / parts);
    const part = <u64>(item % parts);
    const from = <usize>((<u64>rows * part) / <u64>parts);
    const count = <usize>((<u64>rows * (part + 1)) / <u64>parts) - from;
    const target = out + (tile * rows + from) * TILE_FEATURE;
    if (!accumulate) memory.fill(target, 0, count * TILE_FEATURE);
    const source = x + tile * columns * TILE_FEATURE;
    for (let block: usize = 0; block < columns / BLOCK_COLUMNS; block++) {
      quantize(source + block * BLOCK_COLUMNS * TILE_FEATURE, scratch, quantized);
      const at = block * rows + from;
      const signs = bits + at * BLOCK_BYTES;
      buildTables(quantized, tables, halves);
      addFirst(signs, tables, sums, count);
      buildTables(quantized + (BLOCK_COLUMNS / 2) * ENTRY, tables, halves);
      addLast(signs + HALF_BYTES, tables, sums, count, scales + at * 4, scratch, target);
    }
  }
}

/** Rounds a tile's block: 8 steps, and 128 columns of i16. */
function quantize(x: usize, steps: usize, to: usize): void {
  const end = x + BLOCK_COLUMNS * TILE_FEATURE;
  let largest0 = f32x4.splat(SMALLEST);
  let largest1 = largest0;
  for (let from = x; from < end; from += TILE_FEATURE) {
    largest0 = f32x4.max(largest0, f32x4.abs(v128.load(from)));
    largest1 = f32x4.max(largest1, f32x4.abs(v128.load(from, 16)));
  }
  const most = f32x4.splat(LARGEST);
  v128.store(steps, f32x4.div(largest0, most));
  v128.store(steps, f32x4.div(largest1, most), 16);
  const inverse0 = f32x4.div(most, largest0);
  const inverse1 = f32x4.div(most, largest1);
  for (let from = x; from < end; from += TILE_FEATURE) {
    const low = f32x4.nearest(f32x4.mul(v128.load(from), inverse0));
    const high = f32x4.nearest(f32x4.mul(v128.load(from, 16), inverse1));
    v128.store(to, i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(low), i32x4.trunc_sat_f32x4_s(high)));
    to += ENTRY;
  }
}

/** The tables of 64 columns. */
function buildTables(columns: usize, tables: usize, halves: usize): void {
  for (const end = tables + HALF_BYTES * TABLE; tables < end; tables += TABLE) {
    buildTable(columns, tables, halves);
    columns += 8 * ENTRY;
  }
}

/** The 256 signed sums of 8 columns, each the sum of two of 4 columns. */
function buildTable(columns: usize, table: usize, halves: usize): void {
  sumFour(columns, halves);
  sumFour(columns + 4 * ENTRY, halves + HALF_TABLE);
  // Eight low sums at a time, each against all high ones: whole cache lines are written, one after the other.
  for (let low: usize = 0; low < HALF_TABLE; low += 8 * ENTRY) {
    const a = v128.load(halves + low);
    const b = v128.load(halves + low, 16);
    const c = v128.load(halves + low, 32);
    const d = v128.load(halves + low, 48);
    const e = v128.load(halves + low, 64);
    const f = v128.load(halves + low, 80);
    const g = v128.load(halves + low, 96);
    const h = v128.load(halves + low, 112);
    let to = table + low;
    for (let high = halves + HALF_TABLE; high < halves + 2 * HALF_TABLE; high += ENTRY) {
      const sum = v128.load(high);
      v128.store(to, i16x8.add(sum, a));
      v128.store(to, i16x8.add(sum, b), 16);
      v128.store(to, i16x8.add(sum, c), 32);
      v128.store(to, i16x8.add(sum, d), 48);
      v128.store(to, i16x8.add(sum, e), 64);
      v128.store(to, i16x8.add(sum, f), 80);
      v128.store(to, i16x8.add(sum, g), 96);
      v128.store(to, i16x8.add(sum, h), 112);
      to += HALF_TABLE;
    }
  }
}

/** The 16 signed sums ±a ±b ±c ±d of 4 columns; bit k of an entry's index is the sign of column k. */
function sumFour(columns: usize, sums: usize): void {
  const a = v128.load(columns);
  const b = v128.load(columns, 16);
  const c = v128.load(columns, 32);
  const d = v128.load(columns, 48);
  const both = i16x8.add(a, b);
  const first = i16x8.sub(a, b);
  let cd = i16x8.add(c, d);
  Four.store(sums, 12, cd, both, first);
  Four.store(sums, 0, i16x8.neg(cd), both, first);
  cd = i16x8.sub(c, d);
  Four.store(sums, 4, cd, both, first);
  Four.store(sums, 8, i16x8.neg(cd), both, first);
}

class Four {
  @inline
  static store(sums: usize, index: usize, cd: v128, both: v128, first: v128): void {
    const to = sums + index * ENTRY;
    v128.store(to, i16x8.sub(cd, both));
    v128.store(to, i16x8.add(cd, first), 16);
    v128.store(to, i16x8.sub(cd, first), 32);
    v128.store(to, i16x8.add(cd, both), 48);
  }
}

function addFirst(bits: usize, tables: usize, sums: usize, rows: usize): void {
  const end = sums + rows * ENTRY;
  while (sums + ENTRY < end) {
    v128.store(sums, Row.sum(0, bits, tables));
    v128.store(sums, Row.sum(1, bits, tables), ENTRY);
    bits += 2 * BLOCK_BYTES;
    sums += 2 * ENTRY;
  }
  if (sums < end) v128.store(sums, Row.sum(0, bits, tables));
}

function addLast(bits: usize, tables: usize, sums: usize, rows: usize, scales: usize, steps: usize, out: usize): void {
  const step0 = v128.load(steps);
  const step1 = v128.load(steps, 16);
  for (const end = sums + rows * ENTRY; sums < end; sums += ENTRY) {
    const a = v128.load(sums);
    const b = Row.sum(0, bits, tables);
    const low = f32x4.convert_i32x4_s(i32x4.add(i32x4.extend_low_i16x8_s(a), i32x4.extend_low_i16x8_s(b)));
    const high = f32x4.convert_i32x4_s(i32x4.add(i32x4.extend_high_i16x8_s(a), i32x4.extend_high_i16x8_s(b)));
    const scale = v128.load32_splat(scales);
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(scale, f32x4.mul(step0, low))));
    v128.store(out, f32x4.add(v128.load(out, 16), f32x4.mul(scale, f32x4.mul(step1, high))), 16);
    bits += BLOCK_BYTES;
    scales += 4;
    out += TILE_FEATURE;
  }
}

class Row {
  /** The sum of half a block's eight table entries for row `row` (0 or 1) from where the addresses point. */
  @inline
  static sum(row: usize, bits: usize, tables: usize): v128 {
    const e0 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES)) << 4);
    const e1 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 1)) << 4);
    const e2 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 2)) << 4);
    const e3 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 3)) << 4);
    const e4 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 4)) << 4);
    const e5 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 5)) << 4);
    const e6 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 6)) << 4);
    const e7 = tables + ((<usize>load<u8>(bits + row * BLOCK_BYTES, 7)) << 4);
    let even = i16x8.add(v128.load(e0), v128.load(e2, 2 * 4096));
    let odd = i16x8.add(v128.load(e1, 4096), v128.load(e3, 3 * 4096));
    even = i16x8.add(even, v128.load(e4, 4 * 4096));
    odd = i16x8.add(odd, v128.load(e5, 5 * 4096));
    even = i16x8.add(even, v128.load(e6, 6 * 4096));
    odd = i16x8.add(odd, v128.load(e7, 7 * 4096));
    return i16x8.add(even, odd);
  }
}
