/** Owns the edit: a range of a model file and what is XORed into it. From masks to bytes and no further. */
import { BLOCK_BYTES, groupByteOffset, groupCount, rowByteRange, SCALE_BYTES } from '../gguf/q1-0.js';
import type { Gguf, GgufTensor } from '../gguf/read.js';
import type { GroupMask, Mask, RowMask } from '../patch/mask.js';

/** Bytes of a model file to be XORed. Making an edit twice undoes it. */
export interface Edit {
  /** From the start of the file. */
  readonly byteOffset: number;
  /** XORed into the bytes from there on. Neither its first nor its last byte is 0. Edits may share one pattern. */
  readonly pattern: Uint8Array;
}

/**
 * Lists the edits that a mask makes in a file, ascending and without overlap: one for an inverted row, else one for each
 * changed group. Throws TENSOR_UNKNOWN, TENSOR_TYPE, ROW_OUT_OF_RANGE.
 */
export function maskEdits(gguf: Gguf, mask: Mask): Edit[] {
  const rowPatterns = new Map<number, Uint8Array>();
  const edits: Edit[] = [];
  for (const [name, rows] of mask) {
    const tensor = gguf.tensor(name);
    const groups = groupCount(tensor);
    const whole = rowPatterns.get(groups) ?? invertedRow(groups);
    rowPatterns.set(groups, whole);
    for (const [row, rowMask] of rows) edits.push(...rowEdits(tensor, row, rowMask, whole));
  }
  return edits.sort((a, b) => a.byteOffset - b.byteOffset);
}

/** XORs what the edits change of a piece of a file into that piece. The edits must be ascending, as `maskEdits` gives them. */
export function applyEdits(edits: readonly Edit[], bytes: Uint8Array, byteOffset: number): void {
  const end = byteOffset + bytes.length;
  for (let i = firstEndingAfter(edits, byteOffset); i < edits.length && edits[i].byteOffset < end; i++) {
    const { byteOffset: start, pattern } = edits[i];
    const from = Math.max(0, byteOffset - start);
    const to = Math.min(pattern.length, end - start);
    const shift = start - byteOffset;
    for (let j = from; j < to; j++) bytes[shift + j] ^= pattern[j];
  }
}

/** The XOR pattern of a row with all its sign bits inverted, scales left alone, from behind the first scale on. */
function invertedRow(groups: number): Uint8Array {
  const pattern = new Uint8Array(groups * BLOCK_BYTES - SCALE_BYTES).fill(0xff);
  for (let group = 1; group < groups; group++) pattern.fill(0, group * BLOCK_BYTES - SCALE_BYTES, group * BLOCK_BYTES);
  return pattern;
}

function rowEdits(tensor: GgufTensor, row: number, mask: RowMask, whole: Uint8Array): Edit[] {
  const { byteOffset } = rowByteRange(tensor, row);
  if (mask.inverted && mask.groups.size === 0) return [{ byteOffset: byteOffset + SCALE_BYTES, pattern: whole }];
  if (!mask.inverted) {
    return [...mask.groups].flatMap(([group, groupMask]) => {
      const pattern = new Uint8Array(BLOCK_BYTES);
      xorGroup(pattern, 0, groupMask);
      return trimmed(groupByteOffset(tensor, row, group), pattern);
    });
  }
  const pattern = new Uint8Array(SCALE_BYTES + whole.length);
  pattern.set(whole, SCALE_BYTES);
  for (const [group, groupMask] of mask.groups) {
    xorGroup(pattern, groupByteOffset(tensor, row, group) - byteOffset, groupMask);
  }
  return trimmed(byteOffset, pattern);
}

function xorGroup(pattern: Uint8Array, at: number, { inverted, scaleXor }: GroupMask): void {
  pattern[at] ^= scaleXor & 0xff;
  pattern[at + 1] ^= scaleXor >> 8;
  if (inverted) for (let i = SCALE_BYTES; i < BLOCK_BYTES; i++) pattern[at + i] ^= 0xff;
}

/** Cuts zeros off both ends; views of one array share its bytes. No edit is left when all is zero. */
function trimmed(byteOffset: number, pattern: Uint8Array): Edit[] {
  const from = pattern.findIndex((byte) => byte !== 0);
  if (from < 0) return [];
  const to = pattern.findLastIndex((byte) => byte !== 0) + 1;
  return [{ byteOffset: byteOffset + from, pattern: pattern.subarray(from, to) }];
}

/** Index of the first edit that ends after an offset: binary search, since edits do not overlap. */
function firstEndingAfter(edits: readonly Edit[], byteOffset: number): number {
  let [low, high] = [0, edits.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edits[middle].byteOffset + edits[middle].pattern.length > byteOffset) high = middle;
    else low = middle + 1;
  }
  return low;
}
