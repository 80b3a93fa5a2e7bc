/** Owns what the tests of patches draw from: flips in a small space, so that sets of them meet, and patches of those. */
import fc from 'fast-check';
import type { Flip } from '../../src/patch/flip.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { createPatch, type Patch } from '../../src/patch/patch.js';
import type { TensorShape } from '../../src/patch/validate.js';

export const base = 'b'.repeat(64) as WeightsId;

export const tensors = ['blk.0.ffn_up.weight', 'blk.0.ffn_gate.weight', 'blk.11.ffn_up.weight', 'output.weight'];

/** Every tensor of `tensors` is a 6 × 4·128 matrix. */
export const shapeOf = (tensor: string): TensorShape | undefined =>
  tensors.includes(tensor) ? { type: 'Q1_0', rows: 6, groups: 4 } : undefined;

const place = { tensor: fc.constantFrom(...tensors), row: fc.nat(5) };
const group = fc.nat(3);

export const anyFlip: fc.Arbitrary<Flip> = fc.oneof(
  fc.record({ kind: fc.constant('row' as const), ...place }),
  fc.record({ kind: fc.constant('group' as const), ...place, group }),
  fc.record({ kind: fc.constant('scale-bit' as const), ...place, group, bit: fc.nat(9) }),
);

export const anyPatch: fc.Arbitrary<Patch> = fc
  .array(anyFlip, { minLength: 1, maxLength: 12 })
  .map((flips) => createPatch(base, flips));

/** The patch of one row flip of the first tensor. */
export const rowPatch = (...rows: number[]): Patch =>
  createPatch(
    base,
    rows.map((row) => ({ kind: 'row', tensor: tensors[0], row })),
  );
