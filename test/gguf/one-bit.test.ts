import { describe, expect, test } from '@jest/globals';
import { assertOneBit } from '../../src/gguf/one-bit.js';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource, openFile } from '../../src/gguf/source.js';
import { fixtureModel } from '../paths.js';
import { buildGguf } from './build.js';

/** Reads a file with one Q1_0 matrix and one matrix of another type, and asserts that it is a one-bit model. */
function openWith(typeId: number, data = new Uint8Array(4096)): void {
  const tensors = [
    { name: 'blk.0.attn_q.weight', dims: [256, 2], typeId: 41, offset: 0 },
    { name: 'blk.0.ffn_up.weight', dims: [256, 2], typeId, offset: 96 },
  ];
  assertOneBit(readGguf(bytesSource(buildGguf({ tensors, data }).bytes)));
}

describe('refused by name, with the reason', () => {
  test.each<[number, string]>([
    [19, 'IQ1_S (codebook): its bits are indices into a table'],
    [29, 'IQ1_M (codebook): its bits are indices into a table'],
    [34, 'TQ1_0 (ternary): its weights are −1, 0 and +1 packed five to a byte in base 3, and XOR'],
    [35, 'TQ2_0 (ternary): its weights are 2-bit codes for −1, 0 and +1, and XOR of 2-bit codes makes invalid states'],
    [40, 'NVFP4 (4-bit floating point, or the withdrawn 32-weight Q1_0 of an early PrismML fork)'],
    [42, 'Q2_0 (ternary): its weights are 2-bit codes'],
    [43, 'a private type of some forks (ternary)'],
    [142, 'PQ2_0 (ternary): its weights are 2-bit codes'],
    [143, 'PTQ1_0 (ternary): its weights are −1, 0 and +1 packed'],
  ])('type %i, which looks like one bit', (typeId, text) => {
    let error: unknown;
    try {
      openWith(typeId);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeErrorWithCode('TYPE_NOT_ONE_BIT');
    expect((error as Error).message).toContain(`Tensor "blk.0.ffn_up.weight" has type ${typeId}, ${text}`);
  });

  test('a look-alike is named even where its data would not fit the file', async () => {
    await expect(() => openWith(42, new Uint8Array(0))).toFailWithCode('TYPE_NOT_ONE_BIT');
  });

  test.each<[number, string]>([
    [2, 'Q4_0'],
    [8, 'Q8_0'],
    [12, 'Q4_K'],
    [14, 'Q6_K'],
    [23, 'IQ4_XS'],
    [39, 'MXFP4'],
  ])('type %i, %s, of several bits', async (typeId, name) => {
    await expect(() => openWith(typeId)).toFailWithCode('TYPE_UNSUPPORTED');
    expect(() => openWith(typeId)).toThrow(`"blk.0.ffn_up.weight" has type ${name}`);
  });

  test('a model without any one-bit tensor', () => {
    const tensors = [{ name: 'a', dims: [64, 2], typeId: 1, offset: 0 }];
    const gguf = readGguf(bytesSource(buildGguf({ tensors }).bytes));
    expect(() => assertOneBit(gguf)).toThrow('The model has no Q1_0 tensor; its types: F16');
  });
});

describe('accepted', () => {
  test.each([0, 1, 30, 41])('a one-bit model with a matrix of type %i', (typeId) => {
    expect(() => openWith(typeId)).not.toThrow();
  });

  test('the fixture', () => {
    const file = openFile(fixtureModel);
    expect(() => assertOneBit(readGguf(file))).not.toThrow();
    file.close();
  });
});
