/** The way from signs by rows to signs by columns. */
import { BLOCK_BYTES } from './layout';

/** Rows that are transposed at a time, and the bytes of their signs in a block. */
export const ROWS: usize = 16;
export const SIGNS: usize = ROWS * BLOCK_BYTES;

/** Transposes 16 × 16 bytes, of which `live` rows are there, by twice two perfect shuffles, with as much room after `to`. */
export function transpose(from: usize, live: usize, to: usize): void {
  if (live < ROWS) {
    memory.copy(to, from, live * BLOCK_BYTES);
    from = to;
  }
  shuffleTwice(from, to + SIGNS);
  shuffleTwice(to + SIGNS, to);
}

/** A perfect shuffle makes vectors i and i + 8, byte by byte in turn, vectors 2i and 2i + 1. */
function shuffleTwice(from: usize, to: usize): void {
  for (const end = from + SIGNS / 4; from < end; from += 16) {
    const a = v128.load(from);
    const b = v128.load(from, 64);
    const c = v128.load(from, 128);
    const d = v128.load(from, 192);
    const ac = Bytes.low(a, c);
    const bd = Bytes.low(b, d);
    v128.store(to, Bytes.low(ac, bd));
    v128.store(to, Bytes.high(ac, bd), 16);
    const acHigh = Bytes.high(a, c);
    const bdHigh = Bytes.high(b, d);
    v128.store(to, Bytes.low(acHigh, bdHigh), 32);
    v128.store(to, Bytes.high(acHigh, bdHigh), 48);
    to += 64;
  }
}

class Bytes {
  /** The first eight bytes of two vectors, in turn. */
  @inline
  static low(a: v128, b: v128): v128 {
    return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }

  /** The last eight. */
  @inline
  static high(a: v128, b: v128): v128 {
    return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
}
