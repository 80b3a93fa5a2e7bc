/**
 * Owns the layout of Q1_0 matrices (ggml type 41) in a file.
 *
 *     row        columns / 128 blocks, one after the other
 *     block      d fp16 | 16 bytes of sign bits, least significant bit first, 1 = +d, 0 = −d
 *
 * Rows are output features and follow each other without gaps, also across the outer dimensions of a 3-D tensor.
 */
import { CompatibilityError } from '../errors.js';
import type { GgufTensor } from './read-tensors.js';

/** Weights that share a scale: a group of a row. */
export const BLOCK_WEIGHTS = 128;

/** Bytes of a block. */
export const BLOCK_BYTES = 18;

/** Bytes of the scale that a block begins with. */
export const SCALE_BYTES = 2;

/** A range of a file. */
export interface ByteRange {
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** Counts the rows: output features, of all matrices of a 3-D tensor. Throws TENSOR_TYPE. */
export function rowCount(tensor: GgufTensor): number {
  assertQ1(tensor);
  return tensor.dims.slice(1).reduce((product, dim) => product * dim, 1);
}

/** Counts the columns: input features. Throws TENSOR_TYPE. */
export function columnCount(tensor: GgufTensor): number {
  assertQ1(tensor);
  return tensor.dims[0];
}

/** Counts the groups of each row. Throws TENSOR_TYPE. */
export function groupCount(tensor: GgufTensor): number {
  return columnCount(tensor) / BLOCK_WEIGHTS;
}

/** Finds a row's bytes, scales included. Throws TENSOR_TYPE, ROW_OUT_OF_RANGE. */
export function rowByteRange(tensor: GgufTensor, row: number): ByteRange {
  const rows = rowCount(tensor);
  assertIndex(row, rows, `row ${row} is outside ${tensor.name} (${rows} rows)`, { tensor: tensor.name, row, rows });
  const byteLength = groupCount(tensor) * BLOCK_BYTES;
  return { byteOffset: tensor.byteOffset + row * byteLength, byteLength };
}

/** Finds where a group begins in the file: its scale, then its bits. Throws TENSOR_TYPE, ROW_OUT_OF_RANGE. */
export function groupByteOffset(tensor: GgufTensor, row: number, group: number): number {
  const { byteOffset } = rowByteRange(tensor, row);
  const groups = groupCount(tensor);
  const message = `group ${group} is outside row ${row} of ${tensor.name} (${groups} groups)`;
  assertIndex(group, groups, message, { tensor: tensor.name, row, group, groups });
  return byteOffset + group * BLOCK_BYTES;
}

function assertIndex(index: number, count: number, message: string, data: Record<string, unknown>): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new CompatibilityError('ROW_OUT_OF_RANGE', message, {
    hint: 'Check that the patch was made for this model.',
    data,
  });
}

function assertQ1(tensor: GgufTensor): void {
  if (tensor.type === 'Q1_0') return;
  throw new CompatibilityError('TENSOR_TYPE', `${tensor.name} has type ${tensor.type}, not Q1_0`, {
    hint: 'Flip rows of the one-bit matrices only: the ffn and attn weights, not the norms.',
    data: { tensor: tensor.name, type: tensor.type },
  });
}
