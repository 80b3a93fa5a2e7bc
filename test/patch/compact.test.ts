import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compactSize, decodeCompact, encodeCompact } from '../../src/patch/compact.js';
import { createPatch } from '../../src/patch/patch.js';
import { PROJECTIONS } from '../../src/patch/projection.js';
import { base, tensors } from './arbitrary.js';

const anyRowPatch = fc
  .array(
    fc.record({
      kind: fc.constant('row' as const),
      tensor: fc
        .tuple(fc.nat(35), fc.constantFrom(...PROJECTIONS))
        .map(([layer, { projection }]) => `blk.${layer}.${projection}.weight`),
      row: fc.nat(0xffffffff),
    }),
    { minLength: 1 },
  )
  .map((flips) => createPatch(base, flips));

describe('the compact form', () => {
  test('is layer, projection and row, little-endian', () => {
    const patch = createPatch(base, [
      { kind: 'row', tensor: 'blk.34.ffn_up.weight', row: 3150 },
      { kind: 'row', tensor: 'blk.2.attn_output.weight', row: 0xfffffffe },
    ]);
    expect([...encodeCompact(patch)]).toEqual(
      [
        [2, 0, 0, 0, 6, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff],
        [34, 0, 0, 0, 1, 0, 0, 0, 0x4e, 0x0c, 0, 0],
      ].flat(),
    );
    expect(compactSize(patch)).toBe(24);
  });

  test('comes back as the same patch', () => {
    fc.assert(
      fc.property(anyRowPatch, (patch) => {
        const bytes = encodeCompact(patch);
        expect(bytes.length).toBe(compactSize(patch));
        expect(decodeCompact(bytes, base)).toEqual(patch);
      }),
    );
  });

  test.each([
    ['a group', { kind: 'group' as const, tensor: tensors[0], row: 1, group: 0 }],
    ['a scale bit', { kind: 'scale-bit' as const, tensor: tensors[0], row: 1, group: 0, bit: 3 }],
    ['a tensor outside the layers', { kind: 'row' as const, tensor: 'output.weight', row: 1 }],
    ['another projection', { kind: 'row' as const, tensor: 'blk.1.ssm_in.weight', row: 1 }],
    ['a tensor that is no weight', { kind: 'row' as const, tensor: 'blk.1.ffn_up', row: 1 }],
    ['a layer of 33 bits', { kind: 'row' as const, tensor: 'blk.4294967296.ffn_up.weight', row: 1 }],
  ])('has no place for %s', async (_what, flip) => {
    const patch = createPatch(base, [flip]);
    expect(compactSize(patch)).toBeUndefined();
    await expect(() => encodeCompact(patch)).toFailWithCode('INTERCHANGE_INVALID');
  });

  test.each([
    ['nothing', []],
    ['half a flip', [1, 0, 0, 0, 1, 0]],
    ['an unknown projection', [1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0]],
    ['a flip twice', [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]],
  ])('refuses %s', async (_what, bytes) => {
    await expect(() => decodeCompact(Uint8Array.from(bytes), base)).toFailWithCode('INTERCHANGE_INVALID');
  });
});
