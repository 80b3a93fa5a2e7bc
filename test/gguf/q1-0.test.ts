import { describe, expect, test } from '@jest/globals';
import { columnCount, groupByteOffset, groupCount, rowByteRange, rowCount } from '../../src/gguf/q1-0.js';
import type { GgufTensor } from '../../src/gguf/read.js';

const tensor = (dims: readonly number[], type = 'Q1_0'): GgufTensor => ({
  name: 'blk.4.ffn_up.weight',
  type,
  typeId: 41,
  dims,
  byteOffset: 1000,
  byteLength: (dims.reduce((product, dim) => product * dim, 1) / 128) * 18,
});

describe('Q1_0 layout', () => {
  test('a matrix', () => {
    const matrix = tensor([4096, 12288]);
    expect([rowCount(matrix), columnCount(matrix), groupCount(matrix)]).toEqual([12288, 4096, 32]);
    expect(rowByteRange(matrix, 3150)).toEqual({ byteOffset: 1000 + 3150 * 576, byteLength: 576 });
    expect(groupByteOffset(matrix, 3150, 31)).toBe(1000 + 3150 * 576 + 31 * 18);
  });

  test('rows and groups fill the tensor exactly', () => {
    const matrix = tensor([256, 3]);
    const offsets = [0, 1, 2].flatMap((row) => [0, 1].map((group) => groupByteOffset(matrix, row, group)));
    expect(offsets).toEqual([1000, 1018, 1036, 1054, 1072, 1090]);
    expect(offsets[5] + 18).toBe(matrix.byteOffset + matrix.byteLength);
  });

  test('a vector has one row, a stack of matrices the rows of all', () => {
    expect(rowCount(tensor([128]))).toBe(1);
    expect(rowCount(tensor([128, 4, 3]))).toBe(12);
  });

  test.each([12288, 13000, -1, 0.5, NaN])('row %d is refused', async (row) => {
    const matrix = tensor([4096, 12288]);
    await expect(() => rowByteRange(matrix, row)).toFailWithCode('ROW_OUT_OF_RANGE');
    expect(() => rowByteRange(matrix, row)).toThrow(`row ${row} is outside blk.4.ffn_up.weight (12288 rows)`);
  });

  test('a group past the row is refused', async () => {
    const matrix = tensor([4096, 12288]);
    await expect(() => groupByteOffset(matrix, 7, 32)).toFailWithCode('ROW_OUT_OF_RANGE');
    expect(() => groupByteOffset(matrix, 7, 32)).toThrow(
      'group 32 is outside row 7 of blk.4.ffn_up.weight (32 groups)',
    );
  });

  test('a tensor of another type is refused', async () => {
    await expect(() => rowByteRange(tensor([128, 2], 'F32'), 0)).toFailWithCode('TENSOR_TYPE');
  });
});
