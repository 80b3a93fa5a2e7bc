import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { composeMask } from '../../src/patch/mask.js';
import { cancellations, overlap } from '../../src/patch/overlap.js';
import { createPatch, patchId } from '../../src/patch/patch.js';
import { anyPatch, base, rowPatch, tensors } from './arbitrary.js';

const [up0, gate0, up11, output] = tensors;

describe('the overlap of two sets of patches', () => {
  test('tells rows in both, which cancel, from rows in one', () => {
    const a = createPatch(base, [
      { kind: 'row', tensor: up0, row: 1 },
      { kind: 'row', tensor: up0, row: 2 },
      { kind: 'row', tensor: up11, row: 0 },
      { kind: 'row', tensor: output, row: 4 },
    ]);
    const b = createPatch(base, [
      { kind: 'row', tensor: up0, row: 2 },
      { kind: 'group', tensor: up11, row: 0, group: 3 },
      { kind: 'row', tensor: gate0, row: 5 },
      { kind: 'scale-bit', tensor: output, row: 4, group: 1, bit: 2 },
    ]);
    expect(overlap([a], [b])).toEqual({
      both: [
        { tensor: up0, row: 2, cancelled: 'all' },
        { tensor: up11, row: 0, cancelled: 'part' },
        { tensor: output, row: 4, cancelled: 'none' },
      ],
      onlyA: [{ tensor: up0, row: 1 }],
      onlyB: [{ tensor: gate0, row: 5 }],
      total: { both: 3, cancelled: 2, onlyA: 1, onlyB: 1 },
      byLayer: [
        { layer: 0, both: 1, cancelled: 1, onlyA: 1, onlyB: 1 },
        { layer: 11, both: 1, cancelled: 1, onlyA: 0, onlyB: 0 },
        { layer: 'other', both: 1, cancelled: 0, onlyA: 0, onlyB: 0 },
      ],
      byProjection: [
        { projection: 'ffn_gate', both: 0, cancelled: 0, onlyA: 0, onlyB: 1 },
        { projection: 'ffn_up', both: 2, cancelled: 2, onlyA: 1, onlyB: 0 },
        { projection: 'output', both: 1, cancelled: 0, onlyA: 0, onlyB: 0 },
      ],
    });
  });

  test('does not call it cancelled when both sides hold the very same patch', () => {
    const shared = rowPatch(1, 2);
    const { both } = overlap([shared, rowPatch(3)], [shared]);
    expect(both.map(({ row, cancelled }) => [row, cancelled])).toEqual([
      [1, 'none'],
      [2, 'none'],
    ]);
  });

  test('sees scale bits that cancel in part and groups that a row flip undoes', () => {
    const bits = (...list: number[]) =>
      createPatch(
        base,
        list.map((bit) => ({ kind: 'scale-bit', tensor: up0, row: 1, group: 0, bit })),
      );
    expect(overlap([bits(1, 2)], [bits(2, 3)]).both).toEqual([{ tensor: up0, row: 1, cancelled: 'part' }]);
    expect(overlap([bits(1)], [bits(3)]).both).toEqual([{ tensor: up0, row: 1, cancelled: 'none' }]);
  });

  test('of nothing with nothing is empty', () => {
    expect(overlap([], [])).toEqual({
      both: [],
      onlyA: [],
      onlyB: [],
      total: { both: 0, cancelled: 0, onlyA: 0, onlyB: 0 },
      byLayer: [],
      byProjection: [],
    });
  });

  test('mirrors when the sides are swapped, and its parts add up', () => {
    const anySet = fc.array(anyPatch, { maxLength: 3 });
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        const there = overlap(a, b);
        const back = overlap(b, a);
        expect(back.both).toEqual(there.both);
        expect([back.onlyA, back.onlyB]).toEqual([there.onlyB, there.onlyA]);
        for (const parts of [there.byLayer, there.byProjection]) {
          for (const side of ['both', 'cancelled', 'onlyA', 'onlyB'] as const) {
            expect(parts.reduce((sum, part) => sum + part[side], 0)).toBe(there.total[side]);
          }
        }
        const union = composeMask([...a, ...b]);
        for (const { tensor, row, cancelled } of there.both) {
          expect(union.get(tensor)?.has(row) ?? false).toBe(cancelled !== 'all');
        }
        for (const { tensor, row } of [...there.onlyA, ...there.onlyB]) expect(union.get(tensor)?.has(row)).toBe(true);
      }),
    );
  });
});

describe('cancellations within a set', () => {
  test('name the row, the patches and what is left', () => {
    const [a, b, c] = [rowPatch(1, 2), rowPatch(2, 3), rowPatch(3, 2)];
    expect(cancellations([a, b])).toEqual([
      { tensor: up0, row: 2, cancelled: 'all', patches: [patchId(a), patchId(b)].sort() },
    ]);
    const three = createPatch(base, [
      { kind: 'row', tensor: up0, row: 2 },
      { kind: 'row', tensor: gate0, row: 0 },
    ]);
    expect(cancellations([a, b, three])).toEqual([
      { tensor: up0, row: 2, cancelled: 'none', patches: [patchId(a), patchId(b), patchId(three)].sort() },
    ]);
    expect(patchId(b)).toBe(patchId(c));
    expect(cancellations([b, c])).toEqual([]);
  });

  test('are none where no two patches meet', () => {
    expect(cancellations([])).toEqual([]);
    expect(cancellations([rowPatch(1), rowPatch(2)])).toEqual([]);
  });
});
