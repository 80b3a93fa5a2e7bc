import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compactSize, decodeCompact, encodeCompact } from '../../src/patch/compact.js';
import type { Flip } from '../../src/patch/flip.js';
import { createPatch, patchFlips } from '../../src/patch/patch.js';
import { seededRandom, shuffle } from '../../src/search/random.js';
import { anyPatch, base } from './arbitrary.js';

const rowOf = (tensor: string, row: number): Flip => ({ kind: 'row', tensor, row });

describe('the compact form', () => {
  test('is a section for each tensor and kind', () => {
    const patch = createPatch(base, [
      rowOf('blk.2.attn_output.weight', 3),
      rowOf('blk.2.attn_output.weight', 4),
      rowOf('blk.2.attn_output.weight', 10),
      { kind: 'scale-bit', tensor: 'odd', row: 2, group: 1, bit: 9 },
    ]);
    expect([...encodeCompact(patch)]).toEqual([
      2,
      // 1 + 7 · 2 + 6 = 21; rows; three of them; their gaps 3, 0 and 5 are divided by 2^1.
      ...[21, 0, 3, 1],
      // 3 = 1 · 2 + 1, 0, 5 = 2 · 2 + 1: 10 1, 0 0, 110 1, from the lowest bit on.
      ...[0b01100101, 0b1],
      // Another name; bits 9; rows of 2 groups; one; 2 · 2 + 1 = 5, divided by 2^1.
      ...[0, 3, 111, 100, 100, 11, 2, 1, 1, 0b1011],
    ]);
  });

  test('comes back as the same patch', () => {
    fc.assert(
      fc.property(anyPatch, (patch) => {
        const bytes = encodeCompact(patch);
        expect(bytes.length).toBe(compactSize(patchFlips(patch)));
        expect(decodeCompact(bytes, base)).toEqual(patch);
      }),
    );
  });

  test('takes little more than the places are worth', () => {
    const [groups, chosen] = [4608, 200];
    const all = Array.from({ length: groups }, (_, place) => place);
    const flips = shuffle(all, seededRandom(1))
      .slice(0, chosen)
      .map((place): Flip => ({
        ...{ kind: 'scale-bit', tensor: 'blk.0.ffn_up.weight', bit: 9 },
        ...{ row: Math.floor(place / 6), group: place % 6 },
      }));
    const part = chosen / groups;
    const entropy = (-groups * (part * Math.log2(part) + (1 - part) * Math.log2(1 - part))) / 8;
    expect(compactSize(flips)).toBeGreaterThan(entropy * 0.98);
    expect(compactSize(flips)).toBeLessThan(entropy * 1.05 + 8);
  });

  test('refuses places that no number names', async () => {
    const far = { kind: 'group' as const, tensor: 'blk.0.ffn_up.weight', row: 0xfffffffe, group: 0xfffffffe };
    await expect(() => encodeCompact(createPatch(base, [far]))).toFailWithCode('INTERCHANGE_INVALID');
  });

  const good = [2, 1, 0, 1, 0, 0];

  test('an example that the refused ones are made of', () => {
    expect(patchFlips(decodeCompact(Uint8Array.from(good), base))).toEqual([rowOf('blk.0.ffn_gate.weight', 0)]);
  });

  test.each([
    ['nothing', []],
    ['another version', [1, ...good.slice(1)]],
    ['a version alone', [2]],
    ['half a section', good.slice(0, 4)],
    ['a section without its gaps', good.slice(0, 5)],
    ['an unknown kind', [2, 1, 13, 1, 1, 0, 0]],
    ['no flips', [2, 1, 0, 0, 0]],
    ['more flips than anybody makes', [2, 1, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0]],
    ['fewer bits than flips', [2, 1, 0, 9, 0, 0]],
    ['a divisor that is none', [2, 1, 0, 1, 53, 0]],
    ['a number that does not end', [2, 1, 0, ...Array<number>(40).fill(0x80)]],
    ['a name longer than the rest', [2, 0, 200, 1, 65, 0, 1, 0, 0]],
    ['a name that is no text', [2, 0, 1, 0xff, 0, 1, 0, 0]],
    ['a divisor that makes it longer', [2, 1, 0, 1, 3, 0]],
    ['bits behind the last flip', [2, 1, 0, 1, 0, 2]],
    ['a section twice', [...good, ...good.slice(1)]],
    ['sections in another order', [2, 2, 0, 1, 0, 0, 1, 0, 1, 0, 0]],
    ['a width that is too large', [2, 1, 1, 9, 1, 0, 0]],
    ['a width of nothing', [2, 1, 1, 0, 1, 0, 0]],
    ['a row of 33 bits', [2, 1, 0, 1, 32, ...Array<number>(5).fill(0xff)]],
  ])('refuses %s', async (_what, bytes) => {
    await expect(() => decodeCompact(Uint8Array.from(bytes), base)).toFailWithCode('INTERCHANGE_INVALID');
  });
});
