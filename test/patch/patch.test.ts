import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { BankaiError } from '../../src/errors.js';
import type { Flip } from '../../src/patch/flip.js';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import { createPatch, decodePatch, encodePatch, PATCH_BYTE_LIMIT, patchFlips, patchId } from '../../src/patch/patch.js';
import { anyFlip, anyPatch, base, rowPatch } from './arbitrary.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

const flips: Flip[] = [
  { kind: 'scale-bit', tensor: 'blk.1.ffn_up.weight', row: 7, group: 2, bit: 9 },
  { kind: 'row', tensor: 'blk.1.ffn_up.weight', row: 3150 },
  { kind: 'row', tensor: 'blk.10.ffn_gate.weight', row: 2 },
  { kind: 'group', tensor: 'blk.1.ffn_up.weight', row: 7, group: 3 },
  { kind: 'row', tensor: 'blk.1.ffn_up.weight', row: 12 },
  { kind: 'group', tensor: 'blk.1.ffn_up.weight', row: 7, group: 0 },
];

const golden =
  `{"base":"${base}","flips":{"blk.1.ffn_up.weight":{"groups":[[7,0],[7,3]],"rows":[12,3150],"scaleBits":[[7,2,9]]},` +
  '"blk.10.ffn_gate.weight":{"rows":[2]}},"format":"bankai.patch/v1"}';

describe('a patch', () => {
  test('has the canonical bytes and the id of the specification', () => {
    const patch = createPatch(base, flips);
    expect(text(encodePatch(patch))).toBe(golden);
    expect(patchId(patch)).toBe('fab18293461f677a5fcfabf0c3ac72e6c72f9678ccd9c22f15f9c0b7e3538d8c');
    expect(patchId(patch)).toBe(createHash('sha256').update(golden).digest('hex'));
  });

  test('is the same whatever the order of its flips and however often each is given', () => {
    fc.assert(
      fc.property(fc.array(anyFlip, { minLength: 1 }), fc.array(fc.nat()), (some, order) => {
        const again = [...some, ...order.map((i) => some[i % some.length])].reverse();
        expect(patchId(createPatch(base, again))).toBe(patchId(createPatch(base, some)));
      }),
    );
  });

  test('lists its flips in canonical order', () => {
    expect(patchFlips(createPatch(base, flips)).map((flip) => Object.values(flip).join(' '))).toEqual([
      'row blk.1.ffn_up.weight 12',
      'row blk.1.ffn_up.weight 3150',
      'group blk.1.ffn_up.weight 7 0',
      'group blk.1.ffn_up.weight 7 3',
      'scale-bit blk.1.ffn_up.weight 7 2 9',
      'row blk.10.ffn_gate.weight 2',
    ]);
  });

  test('comes back from its bytes as it was', () => {
    fc.assert(
      fc.property(anyPatch, (patch) => {
        const decoded = decodePatch(encodePatch(patch), patchId(patch));
        expect(decoded).toEqual(patch);
        expect(createPatch(decoded.base, patchFlips(decoded))).toEqual(patch);
      }),
    );
  });

  test('may name tensors like the properties of objects', () => {
    const odd = ['__proto__', 'constructor', 'toString', '7'].map((tensor): Flip => ({ kind: 'row', tensor, row: 1 }));
    const decoded = decodePatch(encodePatch(createPatch(base, odd)));
    expect(patchFlips(decoded).map((flip) => flip.tensor)).toEqual(['7', '__proto__', 'constructor', 'toString']);
    expect(Object.getPrototypeOf(decoded.flips)).toBe(Object.prototype);
  });

  test.each<[string, Flip[]]>([
    ['no flip', []],
    ['a negative row', [{ kind: 'row', tensor: 'a', row: -1 }]],
    ['half a row', [{ kind: 'row', tensor: 'a', row: 0.5 }]],
    ['a row that is no number', [{ kind: 'row', tensor: 'a', row: NaN }]],
    ['a row of 33 bits', [{ kind: 'row', tensor: 'a', row: 2 ** 32 }]],
    [
      'a bit that makes a scale more than twice as large',
      [{ kind: 'scale-bit', tensor: 'a', row: 0, group: 0, bit: 11 }],
    ],
    ['a tensor without a name', [{ kind: 'row', tensor: '', row: 0 }]],
    ['a tensor name of 65 bytes', [{ kind: 'row', tensor: 'a'.repeat(65), row: 0 }]],
    ['a tensor name with a line break', [{ kind: 'row', tensor: 'a\n', row: 0 }]],
  ])('cannot be made of %s', async (_what, some) => {
    await expect(() => createPatch(base, some)).toFailWithCode('PATCH_INVALID');
  });

  test('cannot be made for a base that is no digest', async () => {
    await expect(() => createPatch('BASE' as WeightsId, flips)).toFailWithCode('PATCH_INVALID');
  });
});

describe('decoding a patch', () => {
  const body = golden.slice(1, -1);
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no object', '[]'],
    ['null', 'null'],
    ['another format', golden.replace('/v1', '/v2')],
    ['a field too many', `{${body},"name":"calc"}`],
    ['a field too many in a tensor', golden.replace('"groups"', '"by":[1],"groups"')],
    ['a duplicate key', golden.replace('{"rows":[2]}', '{"rows":[1],"rows":[2]}')],
    ['a space', golden.replace(':', ': ')],
    ['a trailing line break', `${golden}\n`],
    ['a byte order mark', `\ufeff${golden}`],
    ['keys in another order', `{"format":"bankai.patch/v1",${body.replace(/,"format".*/, '')}}`],
    ['an escaped character', golden.replace('blk.1.', 'blk\\u002e1.')],
    ['rows out of order', golden.replace('12,3150', '3150,12')],
    ['a row twice', golden.replace('12,3150', '12,12')],
    ['groups out of order', golden.replace('[7,0],[7,3]', '[7,3],[7,0]')],
    ['a group twice', golden.replace('[7,0],[7,3]', '[7,3],[7,3]')],
    ['an empty list', golden.replace('[2]', '[]')],
    ['a tensor without flips', golden.replace('{"rows":[2]}', '{}')],
    ['no flips', `{"base":"${base}","flips":{},"format":"bankai.patch/v1"}`],
    ['a number with an exponent', golden.replace('[2]', '[2e0]')],
    ['minus zero', golden.replace('[2]', '[-0]')],
    ['a fraction', golden.replace('[2]', '[2.5]')],
    ['a number that JSON.parse rounds', golden.replace('[2]', '[4294967295.00000000001]')],
    ['a huge number', golden.replace('[2]', '[1e400]')],
    ['a row of 33 bits', golden.replace('[2]', '[4294967296]')],
    ['a group without a row', golden.replace('[7,0]', '[7]')],
    ['a scale bit that is not of the lowest eleven', golden.replace('[7,2,9]', '[7,2,11]')],
    ['an upper-case base', golden.replace(base, base.toUpperCase())],
    ['deep nesting', '['.repeat(200_000)],
    ['deep nesting inside', golden.replace('[2]', '['.repeat(100_000) + ']'.repeat(100_000))],
  ])('refuses %s', async (_what, file) => {
    expect(file).not.toBe(golden);
    await expect(() => decodePatch(bytes(file))).toFailWithCode('PATCH_INVALID');
  });

  test('refuses bytes that are not UTF-8, and too many bytes', async () => {
    const broken = bytes(golden);
    broken[golden.indexOf('blk')] = 0xff;
    await expect(() => decodePatch(broken)).toFailWithCode('PATCH_INVALID');
    await expect(() => decodePatch(new Uint8Array(PATCH_BYTE_LIMIT + 1))).toFailWithCode('PATCH_INVALID');
  });

  test('refuses a patch that is not the expected one, with both ids', async () => {
    const expectedId = patchId(rowPatch(1));
    expect.assertions(2);
    await expect(() => decodePatch(bytes(golden), expectedId)).toFailWithCode('PATCH_ID_MISMATCH');
    try {
      decodePatch(bytes(golden), expectedId);
    } catch (error) {
      expect((error as BankaiError).data).toEqual({ id: patchId(decodePatch(bytes(golden))) as PatchId, expectedId });
    }
  });

  test('accepts of any bytes only those that encode the patch it gives', () => {
    const anyFile = fc.oneof(
      fc.uint8Array(),
      fc.json().map(bytes),
      fc.tuple(fc.nat(golden.length - 1), fc.string({ maxLength: 3 })).map(([at, insert]) => {
        return bytes(golden.slice(0, at) + insert + golden.slice(at + insert.length));
      }),
    );
    fc.assert(
      fc.property(anyFile, (file) => {
        try {
          expect(encodePatch(decodePatch(file))).toEqual(Uint8Array.from(file));
        } catch (error) {
          expect(error).toBeErrorWithCode('PATCH_INVALID');
          expect((error as BankaiError).hint).toBeTruthy();
        }
      }),
      { numRuns: 500 },
    );
  });
});
