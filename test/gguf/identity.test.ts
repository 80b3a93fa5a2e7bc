import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeTensors, tensorDigest, type TensorDigest, weightsId } from '../../src/gguf/identity.js';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import { fixtureModel } from '../paths.js';
import { buildGguf, type RawGguf, smallModel, textEntry } from './build.js';

const describeBytes = (bytes: Uint8Array): TensorDigest[] => {
  const source = bytesSource(bytes);
  return describeTensors(source, readGguf(source));
};
const idOf = (bytes: Uint8Array): string => weightsId(describeBytes(bytes));
const idOfBuilt = (raw: RawGguf): string => idOf(buildGguf(raw).bytes);

const original = readFileSync(fixtureModel);

describe('weights id', () => {
  test('of the fixture', () => {
    expect(idOf(original)).toBe('9ea36471f719dcca8a6339e8ccebec1b1c0c0cb229b56f87269b96b2ec4992d0');
  });

  test('is the digest that the format describes', () => {
    const { bytes, dataOffset } = buildGguf(smallModel());
    const sha256 = (from: number, to: number): string =>
      createHash('sha256')
        .update(bytes.subarray(dataOffset + from, dataOffset + to))
        .digest('hex');
    const lines = [
      'bankai weights 1',
      `blk.0.ffn_norm.weight F32 8 ${sha256(160, 192)}`,
      `blk.0.ffn_up.weight Q1_0 128x3 ${sha256(192, 246)}`,
      `token_embd.weight Q1_0 256x4 ${sha256(0, 144)}`,
    ];
    expect(idOf(bytes)).toBe(
      createHash('sha256')
        .update(`${lines.join('\n')}\n`)
        .digest('hex'),
    );
  });

  test('is kept by another header, another order, other places and other padding', () => {
    const model = smallModel();
    const { bytes, dataOffset } = buildGguf(model);
    const data = bytes.subarray(dataOffset);
    const id = idOf(bytes);
    expect(idOfBuilt({ ...model, data, entries: [...model.entries, textEntry('new', 'x')] })).toBe(id);
    expect(idOfBuilt({ ...model, data, tensors: [...model.tensors].reverse() })).toBe(id);
    const moved = model.tensors.map((tensor) => ({ ...tensor, offset: tensor.offset + 64 }));
    expect(idOfBuilt({ ...model, tensors: moved, data: Buffer.concat([Buffer.alloc(64, 7), data]) })).toBe(id);
    const padded = Uint8Array.from(data).fill(9, 144, 160);
    expect(idOfBuilt({ ...model, data: padded })).toBe(id);
  });

  test('is changed by any bit of any tensor, a name, a type and a shape', () => {
    const model = smallModel();
    const { bytes, dataOffset } = buildGguf(model);
    const data = bytes.subarray(dataOffset);
    const ids = new Set([idOf(bytes)]);
    const changed = (index: number, change: object): RawGguf => ({
      ...model,
      data,
      tensors: model.tensors.map((tensor, at) => (at === index ? { ...tensor, ...change } : tensor)),
    });
    ids.add(idOfBuilt(changed(0, { name: 'token_embd.weighs' })));
    ids.add(idOfBuilt(changed(0, { dims: [512, 2] })));
    ids.add(idOfBuilt(changed(0, { dims: [256, 4, 1] })));
    ids.add(idOfBuilt(changed(1, { dims: [16], typeId: 1 })));
    for (const at of [0, 143, 160, 191, 192, 245]) {
      const damaged = Uint8Array.from(bytes);
      damaged[dataOffset + at] ^= 1;
      ids.add(idOf(damaged));
    }
    expect(ids.size).toBe(11);
  });

  test('malformed descriptions have none', async () => {
    const [first, second] = describeBytes(original);
    const malformed: TensorDigest[] = [
      { ...first, name: 'a b' },
      { ...first, name: 'a\nb' },
      { ...first, type: 'q1 0' },
      { ...first, shape: [] },
      { ...first, shape: [1.5] },
      { ...first, sha256: first.sha256.toUpperCase() },
    ];
    for (const digest of malformed) await expect(() => weightsId([second, digest])).toFailWithCode('GGUF_INVALID');
    await expect(() => weightsId([first, second, first])).toFailWithCode('GGUF_INVALID');
  });
});

describe('tensor digests', () => {
  test('an edit is seen in pieces that cover the tensor, and undoing a change restores the digest', () => {
    const rows = 140_000;
    const { bytes } = buildGguf({ tensors: [{ name: 'a', dims: [128, rows], typeId: 41, offset: 0 }] });
    const source = bytesSource(bytes);
    const tensor = readGguf(source).tensor('a');
    const digest = tensorDigest(source, tensor);
    bytes[tensor.byteOffset + 2_000_000] ^= 8;
    expect(tensorDigest(source, tensor)).not.toBe(digest);
    let covered = 0;
    const restored = tensorDigest(source, tensor, (chunk, byteOffset) => {
      expect(byteOffset).toBe(covered);
      covered += chunk.length;
      const at = 2_000_000 - byteOffset;
      if (at >= 0 && at < chunk.length) chunk[at] ^= 8;
    });
    expect(covered).toBe(rows * 18);
    expect(restored).toBe(digest);
    expect(bytes[tensor.byteOffset + 2_000_000] & 8).toBe(((2_000_000 * 131 + (2_000_000 >> 8)) & 8) ^ 8);
  });

  test('progress counts the bytes of tensors', () => {
    const source = bytesSource(buildGguf(smallModel()).bytes);
    const told: number[][] = [];
    describeTensors(source, readGguf(source), (...progress) => void told.push(progress));
    expect(told).toEqual([
      [144, 230],
      [176, 230],
      [230, 230],
    ]);
  });
});
