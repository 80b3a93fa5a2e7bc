/**
 * Transposed one-bit matrix products: gradients on their way back through a matrix.
 *
 * Along this sum the scale varies, from row to row. So the look-ups are by rows: the 16 signed sums of scale · dOut of
 * four rows are computed once for a block and a tile of 8 tokens, and every column of the block adds one of them.
 *
 *     dOut tile      row 0 │ t0 … t7  · scale[block][0]   f32   ─┐
 *                    …     │                                    ├ table 0: Σ ± of rows 0 … 3, 16 entries of 32 bytes
 *                    row 3 │ t0 … t7  · scale[block][3]         ─┘
 *                    …     │                                      tables 1, 2, 3: rows 4 … 7, 8 … 11, 12 … 15
 *
 *     bits[block]    row 0  │ b0 b1 … b15     transposed     byte 0  │ row 0 row 1 … row 15
 *                    …      │                     →          …       │
 *                    row 15 │ b0 b1 … b15                    byte 15 │ row 0 row 1 … row 15
 *
 * The top bits of a vector of transposed bytes are the signs of 16 rows in one column: four indices, whose four
 * look-ups serve up to 4 tiles. Their tables (8 KiB) and the sums of a block's columns (16 KiB) stay in the first-level
 * cache while all rows pass by.
 *
 * A sum is always added up in the same order: the rows by sixteens, each the entries of the four tables first. Every step
 * is odd in dOut and, row by row, in the signs.
 */
import { BLOCK_BYTES, BLOCK_COLUMNS, QUAD, TILE_FEATURE } from './layout';
import { sumFour } from './matmul';
import { ROWS, SIGNS, transpose } from './transpose';

/** Bytes of the 16 signed sums of 4 rows, and of a tile's four such tables. */
const TABLE: usize = 16 * TILE_FEATURE;
const TABLES: usize = 4 * TABLE;

/** Tiles taken at a time, and the bytes of a column's sums for all of them. */
const TILES: usize = 4;
const SUMS: usize = TILES * TILE_FEATURE;

/**
 * Items: pairs (group of up to 4 tiles, block), the blocks of one group side by side.
 * Scratch: 16 scaled rows, the tables of 4 tiles, the signs of 16 rows twice, and the sums of 128 columns and 4 tiles.
 */
export function matmulTransposed(
  scratch: usize,
  first: i32,
  last: i32,
  dOut: usize,
  bits: usize,
  scales: usize,
  rows: usize,
  columns: usize,
  dx: usize,
  tiles: usize,
  accumulate: bool,
): void {
  const tables = scratch + ROWS * TILE_FEATURE;
  const signs = tables + TILES * TABLES;
  const sums = signs + 2 * SIGNS;
  const blocks = columns / BLOCK_COLUMNS;
  for (let item = <usize>first; item < <usize>last; item++) {
    const block = item % blocks;
    const tile = (item / blocks) * TILES;
    const count = min(TILES, tiles - tile);
    memory.fill(sums, 0, BLOCK_COLUMNS * SUMS);
    for (let row: usize = 0; row < rows; row += ROWS) {
      const live = min(ROWS, rows - row);
      const at = block * rows + row;
      for (let t: usize = 0; t < count; t++) {
        scaleRows(dOut + ((tile + t) * rows + row) * TILE_FEATURE, scales + at * 4, live, scratch);
        buildTables(scratch, tables + t * TABLES);
      }
      transpose(bits + at * BLOCK_BYTES, live, signs);
      if (count == 4) addToFour(signs, tables, sums);
      else if (count == 3) addToThree(signs, tables, sums);
      else if (count == 2) addToTwo(signs, tables, sums);
      else addToOne(signs, tables, sums);
    }
    for (let t: usize = 0; t < count; t++) {
      const target = dx + ((tile + t) * columns + block * BLOCK_COLUMNS) * TILE_FEATURE;
      deliver(sums + t * TILE_FEATURE, target, accumulate);
    }
  }
}

/** scale · dOut of 16 rows, zeros from row `live` on: whatever their signs, they add nothing. */
function scaleRows(dOut: usize, scales: usize, live: usize, out: usize): void {
  const end = out + live * TILE_FEATURE;
  if (live < ROWS) memory.fill(end, 0, (ROWS - live) * TILE_FEATURE);
  for (let to = out; to < end; to += TILE_FEATURE) {
    const scale = v128.load32_splat(scales);
    v128.store(to, f32x4.mul(scale, v128.load(dOut)));
    v128.store(to, f32x4.mul(scale, v128.load(dOut, 16)), 16);
    dOut += TILE_FEATURE;
    scales += 4;
  }
}

/** The four tables of 16 scaled rows. */
function buildTables(rows: usize, tables: usize): void {
  for (const end = tables + TABLES; tables < end; tables += TABLE) {
    sumFour(rows, tables);
    sumFour(rows + QUAD, tables + QUAD);
    rows += 4 * TILE_FEATURE;
  }
}

function addToOne(signs: usize, tables: usize, sums: usize): void {
  Columns.add(1, signs, tables, sums);
}

function addToTwo(signs: usize, tables: usize, sums: usize): void {
  Columns.add(2, signs, tables, sums);
}

function addToThree(signs: usize, tables: usize, sums: usize): void {
  Columns.add(3, signs, tables, sums);
}

function addToFour(signs: usize, tables: usize, sums: usize): void {
  Columns.add(4, signs, tables, sums);
}

class Columns {
  /** Adds to each column's sums, for `tiles` tiles, the entries that the signs of 16 rows name: 4 bits for each table. */
  @inline
  static add(tiles: i32, signs: usize, tables: usize, sums: usize): void {
    for (const end = signs + SIGNS; signs < end; signs += 16) {
      // A byte's top bit is the last of its eight columns; doubling moves the next one up.
      let bytes = v128.load(signs);
      for (let sum = sums + 7 * SUMS; sum >= sums; sum -= SUMS) {
        const mask = <usize>i8x16.bitmask(bytes);
        bytes = i8x16.add(bytes, bytes);
        const e0 = tables + ((mask << 5) & 0x1e0);
        const e1 = tables + ((mask << 1) & 0x1e0);
        const e2 = tables + ((mask >> 3) & 0x1e0);
        const e3 = tables + ((mask >> 7) & 0x1e0);
        Entries.addFirst(e0, e1, e2, e3, sum);
        if (tiles > 1) Entries.addSecond(e0, e1, e2, e3, sum);
        if (tiles > 2) Entries.addThird(e0, e1, e2, e3, sum);
        if (tiles > 3) Entries.addFourth(e0, e1, e2, e3, sum);
      }
      sums += 8 * SUMS;
    }
  }
}

/** Four entries for one tile. Written out for each: an offset costs nothing where it is a constant of the instruction. */
class Entries {
  @inline
  static addFirst(e0: usize, e1: usize, e2: usize, e3: usize, sum: usize): void {
    let low = f32x4.add(v128.load(e0), v128.load(e1, TABLE));
    let high = f32x4.add(v128.load(e0, 16), v128.load(e1, TABLE + 16));
    low = f32x4.add(f32x4.add(low, v128.load(e2, 2 * TABLE)), v128.load(e3, 3 * TABLE));
    high = f32x4.add(f32x4.add(high, v128.load(e2, 2 * TABLE + 16)), v128.load(e3, 3 * TABLE + 16));
    v128.store(sum, f32x4.add(low, v128.load(sum)));
    v128.store(sum, f32x4.add(high, v128.load(sum, 16)), 16);
  }

  @inline
  static addSecond(e0: usize, e1: usize, e2: usize, e3: usize, sum: usize): void {
    let low = f32x4.add(v128.load(e0, TABLES), v128.load(e1, TABLES + TABLE));
    let high = f32x4.add(v128.load(e0, TABLES + 16), v128.load(e1, TABLES + TABLE + 16));
    low = f32x4.add(f32x4.add(low, v128.load(e2, TABLES + 2 * TABLE)), v128.load(e3, TABLES + 3 * TABLE));
    high = f32x4.add(f32x4.add(high, v128.load(e2, TABLES + 2 * TABLE + 16)), v128.load(e3, TABLES + 3 * TABLE + 16));
    v128.store(sum, f32x4.add(low, v128.load(sum, 32)), 32);
    v128.store(sum, f32x4.add(high, v128.load(sum, 48)), 48);
  }

  @inline
  static addThird(e0: usize, e1: usize, e2: usize, e3: usize, sum: usize): void {
    let low = f32x4.add(v128.load(e0, 2 * TABLES), v128.load(e1, 2 * TABLES + TABLE));
    let high = f32x4.add(v128.load(e0, 2 * TABLES + 16), v128.load(e1, 2 * TABLES + TABLE + 16));
    low = f32x4.add(f32x4.add(low, v128.load(e2, 2 * TABLES + 2 * TABLE)), v128.load(e3, 2 * TABLES + 3 * TABLE));
    high = f32x4.add(
      f32x4.add(high, v128.load(e2, 2 * TABLES + 2 * TABLE + 16)),
      v128.load(e3, 2 * TABLES + 3 * TABLE + 16),
    );
    v128.store(sum, f32x4.add(low, v128.load(sum, 64)), 64);
    v128.store(sum, f32x4.add(high, v128.load(sum, 80)), 80);
  }

  @inline
  static addFourth(e0: usize, e1: usize, e2: usize, e3: usize, sum: usize): void {
    let low = f32x4.add(v128.load(e0, 3 * TABLES), v128.load(e1, 3 * TABLES + TABLE));
    let high = f32x4.add(v128.load(e0, 3 * TABLES + 16), v128.load(e1, 3 * TABLES + TABLE + 16));
    low = f32x4.add(f32x4.add(low, v128.load(e2, 3 * TABLES + 2 * TABLE)), v128.load(e3, 3 * TABLES + 3 * TABLE));
    high = f32x4.add(
      f32x4.add(high, v128.load(e2, 3 * TABLES + 2 * TABLE + 16)),
      v128.load(e3, 3 * TABLES + 3 * TABLE + 16),
    );
    v128.store(sum, f32x4.add(low, v128.load(sum, 96)), 96);
    v128.store(sum, f32x4.add(high, v128.load(sum, 112)), 112);
  }
}

/** Writes one tile's sums of a block, or adds them. */
function deliver(sums: usize, dx: usize, accumulate: bool): void {
  for (const end = dx + BLOCK_COLUMNS * TILE_FEATURE; dx < end; dx += TILE_FEATURE) {
    let low = v128.load(sums);
    let high = v128.load(sums, 16);
    if (accumulate) {
      low = f32x4.add(v128.load(dx), low);
      high = f32x4.add(v128.load(dx, 16), high);
    }
    v128.store(dx, low);
    v128.store(dx, high, 16);
    sums += SUMS;
  }
}
