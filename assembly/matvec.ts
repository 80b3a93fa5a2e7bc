/**
 * One-bit matrix products for a single token, which would leave 7 of 8 lanes of a tile idle.
 *
 * The method is that of `matmul`, with tables of one float an entry. So all 16 tables of a block, 16 KiB, stay in the
 * first-level cache, and a row's block is done in one go:
 *
 *     table       entry b  │ Σ (bit k of b ? +1 : −1) · column k: 4 bytes; 256 entries: 1 KiB
 *     bits        row      │ b0 … b15  →  addresses of 16 entries, made by vectors for 16 rows at a time
 *
 * Sums are added up in the very order of `matmul`, so that a token has the same bits on either way: low and high four
 * columns, 4 bytes of a group, 4 groups of a block, the blocks.
 */
import { BLOCK_BYTES, BLOCK_COLUMNS, TILE_FEATURE } from './layout';

/** Bytes of the 256 sums over 8 columns, and of a block's. */
const TABLE: i32 = 256 * 4;
const TABLES: usize = BLOCK_BYTES * <usize>TABLE;

/** Rows whose addresses are made at a time, and the bytes of a row's. */
const ROWS: usize = 16;
const ADDRESSES: usize = BLOCK_BYTES * 4;

/** Rows of an item, which share the tables. */
const ITEM_ROWS: usize = 512;

/**
 * Items: runs of 512 rows. Scratch: a block's tables, the addresses of 16 rows, and 32 bytes to work in.
 * Computes lane 0 only. The other lanes of out become 0, or stay as they are when accumulating.
 */
export function matvec(
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
  const addresses = scratch + TABLES;
  for (let item = <usize>first; item < <usize>last; item++) {
    const from = item * ITEM_ROWS;
    const count = min(ITEM_ROWS, rows - from);
    const target = out + from * TILE_FEATURE;
    if (!accumulate) memory.fill(target, 0, count * TILE_FEATURE);
    let source = x;
    for (let block: usize = 0; block < columns / BLOCK_COLUMNS; block++) {
      for (let table = scratch; table < scratch + TABLES; table += <usize>TABLE) {
        buildTable(source, table);
        source += 8 * TILE_FEATURE;
      }
      const at = block * rows + from;
      for (let row: usize = 0; row < count; row += ROWS) {
        const live = min(ROWS, count - row);
        locate(bits + (at + row) * BLOCK_BYTES, scratch, addresses, live);
        addRows(addresses, live, scales + (at + row) * 4, target + row * TILE_FEATURE);
      }
    }
  }
}

/** The 256 signed sums of 8 columns, each the sum of two of 4 columns. */
function buildTable(x: usize, table: usize): void {
  const highAb = Four.pairs(load<f32>(x, 128), load<f32>(x, 160));
  const lowAb = Four.pairs(load<f32>(x), load<f32>(x, 32));
  const c = load<f32>(x, 64);
  const d = load<f32>(x, 96);
  const e = load<f32>(x, 192);
  const f = load<f32>(x, 224);
  // As in sumFour, where the signs of zeros are concerned too.
  const low0 = f32x4.add(lowAb, f32x4.splat(-(c + d)));
  const low1 = f32x4.add(lowAb, f32x4.splat(c - d));
  const low2 = f32x4.add(lowAb, f32x4.splat(-(c - d)));
  const low3 = f32x4.add(lowAb, f32x4.splat(c + d));
  Four.store(table, f32x4.add(highAb, f32x4.splat(-(e + f))), low0, low1, low2, low3);
  Four.store(table + 256, f32x4.add(highAb, f32x4.splat(e - f)), low0, low1, low2, low3);
  Four.store(table + 512, f32x4.add(highAb, f32x4.splat(-(e - f))), low0, low1, low2, low3);
  Four.store(table + 768, f32x4.add(highAb, f32x4.splat(e + f)), low0, low1, low2, low3);
}

class Four {
  /** The signed sums of two columns; bit 0 of a lane is the sign of a, bit 1 that of b. */
  @inline
  static pairs(a: f32, b: f32): v128 {
    const lanes = f32x4.replace_lane(f32x4.splat(-(a + b)), 1, a - b);
    return f32x4.replace_lane(f32x4.replace_lane(lanes, 2, b - a), 3, a + b);
  }

  /** Stores the 64 sums of four high ones with all low ones. */
  @inline
  static store(to: usize, high: v128, low0: v128, low1: v128, low2: v128, low3: v128): void {
    Four.storeOne(to, v128.shuffle<f32>(high, high, 0, 0, 0, 0), low0, low1, low2, low3);
    Four.storeOne(to + 64, v128.shuffle<f32>(high, high, 1, 1, 1, 1), low0, low1, low2, low3);
    Four.storeOne(to + 128, v128.shuffle<f32>(high, high, 2, 2, 2, 2), low0, low1, low2, low3);
    Four.storeOne(to + 192, v128.shuffle<f32>(high, high, 3, 3, 3, 3), low0, low1, low2, low3);
  }

  @inline
  static storeOne(to: usize, high: v128, low0: v128, low1: v128, low2: v128, low3: v128): void {
    v128.store(to, f32x4.add(high, low0));
    v128.store(to, f32x4.add(high, low1), 16);
    v128.store(to, f32x4.add(high, low2), 32);
    v128.store(to, f32x4.add(high, low3), 48);
  }
}

/** The addresses of the entries that the signs of `rows` rows name. */
function locate(bits: usize, tables: usize, to: usize, rows: usize): void {
  const base0 = i32x4.add(i32x4.splat(<i32>tables), i32x4(0, TABLE, 2 * TABLE, 3 * TABLE));
  const base1 = i32x4.add(base0, i32x4.splat(4 * TABLE));
  const base2 = i32x4.add(base0, i32x4.splat(8 * TABLE));
  const base3 = i32x4.add(base0, i32x4.splat(12 * TABLE));
  for (const end = to + rows * ADDRESSES; to < end; to += ADDRESSES) {
    const bytes = v128.load(bits);
    const low = i16x8.shl(i16x8.extend_low_i8x16_u(bytes), 2);
    const high = i16x8.shl(i16x8.extend_high_i8x16_u(bytes), 2);
    v128.store(to, i32x4.add(base0, i32x4.extend_low_i16x8_u(low)));
    v128.store(to, i32x4.add(base1, i32x4.extend_high_i16x8_u(low)), 16);
    v128.store(to, i32x4.add(base2, i32x4.extend_low_i16x8_u(high)), 32);
    v128.store(to, i32x4.add(base3, i32x4.extend_high_i16x8_u(high)), 48);
    bits += BLOCK_BYTES;
  }
}

/** out[row] += scale · the block's sum, lane 0 of each row. */
function addRows(addresses: usize, rows: usize, scales: usize, out: usize): void {
  const spare = addresses + ROWS * ADDRESSES;
  for (const end = out + rows * TILE_FEATURE; out < end; out += TILE_FEATURE) {
    // The stores are fences: the compiler hoists loads up to the last store, and spills when they are too many.
    let sum = Group.sum(addresses, 0);
    store<f32>(spare, sum);
    sum = Group.sum(addresses, 1) + sum;
    store<f32>(spare, sum);
    sum = Group.sum(addresses, 2) + sum;
    store<f32>(spare, sum);
    sum = Group.sum(addresses, 3) + sum;
    store<f32>(out, load<f32>(out) + load<f32>(scales) * sum);
    addresses += ADDRESSES;
    scales += 4;
  }
}

class Group {
  /** The sum of a group's four entries. */
  @inline
  static sum(addresses: usize, group: usize): f32 {
    const e0 = load<f32>(<usize>load<u32>(addresses + group * 16));
    const e1 = load<f32>(<usize>load<u32>(addresses + group * 16, 4));
    const e2 = load<f32>(<usize>load<u32>(addresses + group * 16, 8));
    const e3 = load<f32>(<usize>load<u32>(addresses + group * 16, 12));
    return e0 + e1 + e2 + e3;
  }
}
