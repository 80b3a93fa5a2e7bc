/** Q1_0 as GGUF stores it (scale and signs of a block side by side, row after row) → the block-major layout. */
import { BLOCK_BYTES, BLOCK_COLUMNS } from './layout';

/** Bytes of one block in a GGUF: fp16 scale, then the signs. */
const RAW_BLOCK: usize = 18;

/** Items: rows of `raw`. */
export function regroup(
  scratch: usize,
  first: i32,
  last: i32,
  raw: usize,
  bits: usize,
  scales: usize,
  rows: usize,
  columns: usize,
  firstRow: usize,
): void {
  const blocks = columns / BLOCK_COLUMNS;
  let from = raw + <usize>first * blocks * RAW_BLOCK;
  for (let row = <usize>first; row < <usize>last; row++) {
    for (let block: usize = 0; block < blocks; block++) {
      const to = block * rows + firstRow + row;
      store<f32>(scales + to * 4, decodeHalf(load<u16>(from)));
      v128.store(bits + to * BLOCK_BYTES, v128.load(from, 2));
      from += RAW_BLOCK;
    }
  }
}

/** The value of an IEEE 754 binary16: exponents move up by 112, which for subnormals the float's own scaling does. */
function decodeHalf(half: u32): f32 {
  const sign = (half & 0x8000) << 16;
  const magnitude = (half & 0x7fff) << 13;
  if (magnitude >= 0x0f80_0000) return reinterpret<f32>(sign | 0x7f80_0000 | magnitude);
  return reinterpret<f32>(sign | reinterpret<u32>(reinterpret<f32>(magnitude) * reinterpret<f32>(0x7780_0000)));
}
