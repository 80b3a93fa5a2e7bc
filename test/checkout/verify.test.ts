import { describe, expect, test } from '@jest/globals';
import { applyEdits, maskEdits } from '../../src/checkout/edit.js';
import { assertUnchanged, findFaults, findUnexpected } from '../../src/checkout/verify.js';
import { describeTensors } from '../../src/gguf/identity.js';
import { bytesSource } from '../../src/gguf/source.js';
import { emptyMask, maskOf } from '../../src/patch/mask.js';
import { tinyModel } from './tiny-model.js';

const { bytes: base, gguf } = tinyModel();
const expected = describeTensors(bytesSource(base), gguf);
const mask = maskOf([
  { kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 3 },
  { kind: 'scale-bit', tensor: 'blk.0.ffn_up.weight', row: 0, group: 1, bit: 9 },
]);

function under(wanted: typeof mask): Uint8Array {
  const bytes = base.slice();
  applyEdits(maskEdits(gguf, wanted), bytes, 0);
  return bytes;
}

describe('the proof that a file is base ⊕ mask', () => {
  test('holds for the base and for the base under the mask', () => {
    expect(findFaults(bytesSource(base), gguf, emptyMask, expected)).toEqual([]);
    expect(findFaults(bytesSource(under(mask)), gguf, mask, expected)).toEqual([]);
  });

  test('finds one changed bit, and a mask that is not there', () => {
    const bytes = under(mask);
    bytes[gguf.tensor('blk.0.ffn_gate.weight').byteOffset + 5] ^= 1;
    expect(findFaults(bytesSource(bytes), gguf, mask, expected)).toEqual([
      { tensor: 'blk.0.ffn_gate.weight', fault: 'bytes' },
    ]);
    expect(findFaults(bytesSource(base), gguf, mask, expected)).toEqual([
      { tensor: 'blk.0.ffn_up.weight', fault: 'bytes' },
    ]);
  });

  test('finds tensors that are missing, unexpected or of another type or shape', () => {
    const [gate, norm, up] = expected;
    const wrong = [
      { ...gate, type: 'F16' },
      { ...norm, shape: [4, 2] },
      { ...up, name: 'blk.1.ffn_up.weight' },
    ];
    expect(findFaults(bytesSource(base), gguf, emptyMask, wrong)).toEqual([
      { tensor: gate.name, fault: 'type' },
      { tensor: norm.name, fault: 'shape' },
      { tensor: 'blk.1.ffn_up.weight', fault: 'missing' },
    ]);
    expect(findUnexpected(gguf, wrong)).toEqual([{ tensor: up.name, fault: 'unexpected' }]);
  });

  test('fails with MODEL_CHANGED, and looks only at the tensors asked for', async () => {
    const bytes = base.slice();
    bytes[gguf.tensor('blk.0.ffn_gate.weight').byteOffset] ^= 128;
    const check = (tensors: string[]) => () => assertUnchanged(bytesSource(bytes), gguf, emptyMask, expected, tensors);
    await expect(check(['blk.0.ffn_gate.weight'])).toFailWithCode('MODEL_CHANGED');
    expect(check(['blk.0.ffn_up.weight'])).not.toThrow();
  });
});
