import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Flip } from '../../src/patch/flip.js';
import type { WeightsId } from '../../src/patch/ids.js';
import {
  composeMask,
  countFlips,
  emptyMask,
  isEmptyMask,
  maskFlips,
  maskOf,
  masksEqual,
  xorMasks,
} from '../../src/patch/mask.js';
import { createPatch, patchFlips } from '../../src/patch/patch.js';
import { anyFlip, anyPatch, base, rowPatch, tensors } from './arbitrary.js';

const anyPatches = fc.array(anyPatch, { maxLength: 5 });
const anyMask = fc.array(anyFlip).map(maskOf);

describe('a mask', () => {
  test('holds rows, groups and scale bits, and nothing that changes nothing', () => {
    const [tensor] = tensors;
    const mask = maskOf([
      { kind: 'row', tensor, row: 1 },
      { kind: 'group', tensor, row: 1, group: 2 },
      { kind: 'scale-bit', tensor, row: 3, group: 0, bit: 9 },
      { kind: 'scale-bit', tensor, row: 3, group: 0, bit: 0 },
      { kind: 'group', tensor, row: 5, group: 1 },
      { kind: 'group', tensor, row: 5, group: 1 },
      { kind: 'row', tensor: tensors[1], row: 1 },
      { kind: 'row', tensor: tensors[1], row: 1 },
    ]);
    expect(mask).toEqual(
      new Map([
        [
          tensor,
          new Map([
            [1, { inverted: true, groups: new Map([[2, { inverted: true, scaleXor: 0 }]]) }],
            [3, { inverted: false, groups: new Map([[0, { inverted: false, scaleXor: 0x201 }]]) }],
          ]),
        ],
      ]),
    );
    expect(countFlips(mask)).toBe(4);
  });

  test('keeps the groups of a row whose own inversion is undone', () => {
    const [tensor] = tensors;
    const row: Flip = { kind: 'row', tensor, row: 1 };
    const group: Flip = { kind: 'group', tensor, row: 1, group: 0 };
    expect(maskFlips(maskOf([row, group, row]))).toEqual([group]);
    expect(maskFlips(maskOf([row, group, group]))).toEqual([row]);
  });

  test('is in normal form, so that equal masks are equal trees', () => {
    fc.assert(
      fc.property(fc.array(anyFlip), (flips) => {
        const mask = maskOf(flips);
        expect(mask).toEqual(maskOf([...flips].reverse()));
        expect(countFlips(mask)).toBe(maskFlips(mask).length);
        expect(maskOf(maskFlips(mask))).toEqual(mask);
        expect(isEmptyMask(maskOf([...flips, ...flips]))).toBe(true);
      }),
    );
  });

  test('XORed twice is back, and XORing commutes and associates', () => {
    fc.assert(
      fc.property(anyMask, anyMask, anyMask, (a, b, c) => {
        const before = maskFlips(a);
        expect(xorMasks(xorMasks(a, b), b)).toEqual(a);
        expect(xorMasks(a, b)).toEqual(xorMasks(b, a));
        expect(xorMasks(xorMasks(a, b), c)).toEqual(xorMasks(a, xorMasks(b, c)));
        expect(xorMasks(a, emptyMask)).toEqual(a);
        expect(masksEqual(a, b)).toBe(isEmptyMask(xorMasks(a, b)));
        expect(masksEqual(a, maskOf(before))).toBe(true);
        expect(maskFlips(a)).toEqual(before);
      }),
    );
  });
});

describe('composing patches', () => {
  test('gives the flips of one patch, and no mask for none', () => {
    expect(isEmptyMask(composeMask([]))).toBe(true);
    fc.assert(fc.property(anyPatch, (patch) => expect(maskFlips(composeMask([patch]))).toEqual(patchFlips(patch))));
  });

  test('does not depend on the order, and adding a patch twice is adding it once', () => {
    fc.assert(
      fc.property(anyPatches, (patches) => {
        const mask = composeMask(patches);
        const copies = patches.map((patch) => createPatch(patch.base, patchFlips(patch)));
        expect(composeMask([...patches].reverse())).toEqual(mask);
        expect(composeMask([...patches, ...copies])).toEqual(mask);
      }),
    );
  });

  test('of sets without a common patch is the XOR of their masks', () => {
    const a = rowPatch(1, 2);
    const b = rowPatch(2, 3);
    expect(composeMask([a, b])).toEqual(xorMasks(composeMask([a]), composeMask([b])));
    expect(composeMask([a, b])).toEqual(composeMask([rowPatch(1, 3)]));
  });

  test('refuses patches for different base models', async () => {
    const other = createPatch('c'.repeat(64) as WeightsId, [{ kind: 'row', tensor: tensors[0], row: 1 }]);
    await expect(() => composeMask([rowPatch(1), other])).toFailWithCode('BASE_MISMATCH');
    expect(base).not.toBe(other.base);
  });

  test('is right for 500 patches of 100 flips', () => {
    const flipOf = (n: number): Flip => ({
      kind: 'row',
      tensor: `blk.${n % 36}.ffn_up.weight`,
      row: (n * 7919) % 3000,
    });
    const patches = Array.from({ length: 500 }, (_, p) =>
      createPatch(
        base,
        Array.from({ length: 100 }, (_, f) => flipOf(p * 131 + f * f)),
      ),
    );
    const parity = new Map<string, boolean>();
    for (const flip of patches.flatMap(patchFlips)) {
      const key = `${flip.tensor} ${flip.row}`;
      parity.set(key, !parity.get(key));
    }
    const odd = [...parity].filter(([, on]) => on).map(([key]) => key);
    const composed = maskFlips(composeMask(patches)).map((flip) => `${flip.tensor} ${flip.row}`);
    expect(composed.sort()).toEqual(odd.sort());
  });
});
