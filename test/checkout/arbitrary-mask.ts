/** Random masks over the tiny model. */
import fc from 'fast-check';
import type { Flip } from '../../src/patch/flip.js';
import { type Mask, maskOf } from '../../src/patch/mask.js';
import { tinyShapes } from './tiny-model.js';

const flips: fc.Arbitrary<Flip>[] = Object.entries(tinyShapes).flatMap(([tensor, { rows, groups }]) => {
  const row = fc.nat(rows - 1);
  const group = fc.nat(groups - 1);
  return [
    fc.record({ kind: fc.constant('row' as const), tensor: fc.constant(tensor), row }),
    fc.record({ kind: fc.constant('group' as const), tensor: fc.constant(tensor), row, group }),
    fc.record({
      kind: fc.constant('scale-bit' as const),
      tensor: fc.constant(tensor),
      row,
      group,
      bit: fc.nat(10),
    }),
  ];
});

/** Any mask: rows, groups and scale bits of both matrices. */
export const arbitraryMask: fc.Arbitrary<Mask> = fc.array(fc.oneof(...flips), { maxLength: 12 }).map(maskOf);
