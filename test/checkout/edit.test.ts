import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyEdits, maskEdits } from '../../src/checkout/edit.js';
import { planCheckout } from '../../src/checkout/plan.js';
import type { Gguf } from '../../src/gguf/read.js';
import type { Flip } from '../../src/patch/flip.js';
import { emptyMask, type Mask, maskFlips, maskOf, xorMasks } from '../../src/patch/mask.js';
import { arbitraryMask } from './arbitrary-mask.js';
import { tinyModel } from './tiny-model.js';

const { bytes: base, gguf } = tinyModel();

/** The definition that edits must agree with: bit by bit, straight from the format. */
function patched(bytes: Uint8Array, gguf: Gguf, mask: Mask): Uint8Array {
  const result = bytes.slice();
  for (const flip of maskFlips(mask)) {
    const { byteOffset, dims } = gguf.tensor(flip.tensor);
    const groups = dims[0] / 128;
    const block = (group: number) => byteOffset + (flip.row * groups + group) * 18;
    const invert = (group: number) => {
      for (let i = 2; i < 18; i++) result[block(group) + i] ^= 0xff;
    };
    if (flip.kind === 'row') for (let group = 0; group < groups; group++) invert(group);
    else if (flip.kind === 'group') invert(flip.group);
    else result[block(flip.group) + (flip.bit >> 3)] ^= 1 << (flip.bit & 7);
  }
  return result;
}

describe('edits of a mask', () => {
  test('change exactly the bits that the mask names', () => {
    fc.assert(
      fc.property(arbitraryMask, (mask) => {
        const bytes = base.slice();
        applyEdits(maskEdits(gguf, mask), bytes, 0);
        expect(Buffer.compare(bytes, patched(base, gguf, mask))).toBe(0);
      }),
    );
  });

  test('are ascending, do not overlap, and begin and end with a byte that changes', () => {
    fc.assert(
      fc.property(arbitraryMask, (mask) => {
        let end = 0;
        for (const { byteOffset, pattern } of maskEdits(gguf, mask)) {
          expect(byteOffset).toBeGreaterThanOrEqual(end);
          expect(pattern[0]).not.toBe(0);
          expect(pattern.at(-1)).not.toBe(0);
          end = byteOffset + pattern.length;
        }
      }),
    );
  });

  test('apply to any pieces of a file as to the whole', () => {
    fc.assert(
      fc.property(arbitraryMask, fc.integer({ min: 1, max: 200 }), (mask, pieceLength) => {
        const bytes = base.slice();
        const edits = maskEdits(gguf, mask);
        for (let at = 0; at < bytes.length; at += pieceLength) {
          applyEdits(edits, bytes.subarray(at, at + pieceLength), at);
        }
        expect(Buffer.compare(bytes, patched(base, gguf, mask))).toBe(0);
      }),
    );
  });

  test('of rows of one width share a pattern', () => {
    const flips = [0, 2, 4].map((row): Flip => ({ kind: 'row', tensor: 'blk.0.ffn_gate.weight', row }));
    const edits = maskEdits(gguf, maskOf(flips));
    expect(edits).toHaveLength(3);
    expect(new Set(edits.map((edit) => edit.pattern)).size).toBe(1);
  });

  test('vanish where a row and all its groups cancel', () => {
    const tensor = 'blk.0.ffn_gate.weight';
    const flips: Flip[] = [
      { kind: 'row', tensor, row: 1 },
      { kind: 'group', tensor, row: 1, group: 0 },
      { kind: 'group', tensor, row: 1, group: 1 },
    ];
    expect(maskEdits(gguf, maskOf(flips))).toEqual([]);
  });

  test('refuse what the model does not have', async () => {
    const edit = (flip: Flip) => () => maskEdits(gguf, maskOf([flip]));
    await expect(edit({ kind: 'row', tensor: 'blk.9.ffn_up.weight', row: 0 })).toFailWithCode('TENSOR_UNKNOWN');
    await expect(edit({ kind: 'row', tensor: 'blk.0.attn_norm.weight', row: 0 })).toFailWithCode('TENSOR_TYPE');
    await expect(edit({ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 5 })).toFailWithCode('ROW_OUT_OF_RANGE');
    const group: Flip = { kind: 'group', tensor: 'blk.0.ffn_up.weight', row: 0, group: 3 };
    await expect(edit(group)).toFailWithCode('ROW_OUT_OF_RANGE');
  });
});

describe('a plan', () => {
  test('leads from any mask to any other', () => {
    fc.assert(
      fc.property(arbitraryMask, arbitraryMask, (now, wanted) => {
        const bytes = patched(base, gguf, now);
        applyEdits(planCheckout(gguf, now, wanted).edits, bytes, 0);
        expect(Buffer.compare(bytes, patched(base, gguf, wanted))).toBe(0);
      }),
    );
  });

  test('counts the bytes that change and names the tensors they are in', () => {
    fc.assert(
      fc.property(arbitraryMask, arbitraryMask, (now, wanted) => {
        const plan = planCheckout(gguf, now, wanted);
        const [a, b] = [patched(base, gguf, now), patched(base, gguf, wanted)];
        expect(plan.byteCount).toBe(a.filter((byte, i) => byte !== b[i]).length);
        expect(plan.tensors).toEqual([...xorMasks(now, wanted).keys()].sort());
      }),
    );
  });

  test('does nothing when nothing changes', () => {
    expect(planCheckout(gguf, emptyMask, emptyMask)).toEqual({ edits: [], tensors: [], byteCount: 0 });
  });
});
