import { expect, test } from '@jest/globals';
import type { Flip } from '../../src/patch/flip.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { createPatch } from '../../src/patch/patch.js';
import { assertPatchFits } from '../../src/patch/validate.js';
import { base } from './arbitrary.js';

const shapes = new Map([
  ['blk.4.ffn_up.weight', { type: 'Q1_0', rows: 12288, groups: 32 }],
  ['output_norm.weight', { type: 'F32', rows: 1, groups: 0 }],
]);
const tensor = 'blk.4.ffn_up.weight';

const check = (flip: Flip, model = base, name?: string) =>
  assertPatchFits(createPatch(base, [flip]), model, (wanted) => shapes.get(wanted), name);

test('a patch fits the base that it was made for', () => {
  check({ kind: 'row', tensor, row: 12287 });
  check({ kind: 'group', tensor, row: 0, group: 31 });
  check({ kind: 'scale-bit', tensor, row: 0, group: 31, bit: 9 });
});

test.each<[string, Flip, string]>([
  ['a row too far', { kind: 'row', tensor, row: 12288 }, 'ROW_OUT_OF_RANGE'],
  ['a group in a row too far', { kind: 'group', tensor, row: 12288, group: 0 }, 'ROW_OUT_OF_RANGE'],
  ['a group too far', { kind: 'group', tensor, row: 0, group: 32 }, 'ROW_OUT_OF_RANGE'],
  ['a scale of a group too far', { kind: 'scale-bit', tensor, row: 0, group: 32, bit: 0 }, 'ROW_OUT_OF_RANGE'],
  ['a tensor that is not there', { kind: 'row', tensor: 'blk.9.ffn_up.weight', row: 0 }, 'TENSOR_UNKNOWN'],
  ['a tensor of floats', { kind: 'row', tensor: 'output_norm.weight', row: 0 }, 'TENSOR_TYPE'],
])('%s does not fit', async (_what, flip, code) => {
  await expect(() => check(flip)).toFailWithCode(code as 'ROW_OUT_OF_RANGE');
});

test('another base does not fit, even where every row does', async () => {
  const other = 'c'.repeat(64) as WeightsId;
  await expect(() => check({ kind: 'row', tensor, row: 0 }, other)).toFailWithCode('BASE_MISMATCH');
});

test('the message names the patch, the row and the limit', () => {
  const flip: Flip = { kind: 'row', tensor, row: 13000 };
  expect(() => check(flip, base, 'calc')).toThrow(
    'Cannot apply patch "calc": row 13000 is outside blk.4.ffn_up.weight (12288 rows)',
  );
  expect(() => check(flip)).toThrow(/^Cannot apply patch [0-9a-f]{12}: row 13000 is outside/);
  expect(() => check({ kind: 'group', tensor, row: 7, group: 40 }, base, 'calc')).toThrow(
    'Cannot apply patch "calc": group 40 is outside row 7 of blk.4.ffn_up.weight (32 groups)',
  );
});
