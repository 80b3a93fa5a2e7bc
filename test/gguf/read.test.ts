import { describe, expect, test } from '@jest/globals';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { type Gguf, readGguf } from '../../src/gguf/read.js';
import { type ByteSource, bytesSource, openFile } from '../../src/gguf/source.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import {
  array,
  type BuiltGguf,
  buildGguf,
  type Field,
  type RawTensor,
  smallModel,
  text,
  u32,
  u32Entry,
  u64,
} from './build.js';

const read = (bytes: Uint8Array): Gguf => readGguf(bytesSource(bytes));
const readBuilt = (raw: Parameters<typeof buildGguf>[0]): Gguf => read(buildGguf(raw).bytes);

/** The error message that reading ends with. */
const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('a sound file', () => {
  test('the fixture model', () => {
    const file = openFile(fixtureModel);
    const gguf = readGguf(file);
    file.close();
    expect(gguf).toMatchObject({ version: 3, alignment: 32, dataOffset: 15872, fileSize: 732672 });
    expect(gguf.tensors).toHaveLength(69);
    expect(gguf.tensor('blk.1.attn_q.weight')).toEqual({
      name: 'blk.1.attn_q.weight',
      type: 'Q1_0',
      typeId: 41,
      dims: [256, 256],
      byteOffset: 15872 + 132608,
      byteLength: 9216,
    });
    expect(gguf.metadata.texts('tokenizer.ggml.tokens')).toHaveLength(512);
  });

  test('tensors in another order than their data, with gaps and bytes after the last', () => {
    const { entries, tensors } = smallModel();
    const gguf = readBuilt({ entries, tensors: [...tensors].reverse(), data: new Uint8Array(1000) });
    expect(gguf.tensors.map(({ name }) => name)).toEqual(tensors.map(({ name }) => name).reverse());
  });

  test('another alignment', () => {
    const tensors = [{ name: 'a', dims: [128], typeId: 41, offset: 64 }];
    const gguf = readBuilt({ alignment: 64, entries: [u32Entry('general.alignment', 64)], tensors });
    expect(gguf.dataOffset % 64).toBe(0);
    expect(gguf.tensor('a').byteOffset).toBe(gguf.dataOffset + 64);
  });

  test('no tensors and no metadata', () => {
    expect(readBuilt({})).toMatchObject({ tensors: [], dataOffset: 32 });
  });

  test('asking for a tensor that is not there', async () => {
    await expect(() => readBuilt(smallModel()).tensor('blk.9')).toFailWithCode('TENSOR_UNKNOWN');
  });
});

describe('preamble', () => {
  test.each<[string, Uint8Array, ErrorCode, string]>([
    [
      'an empty file',
      new Uint8Array(0),
      'GGUF_TRUNCATED',
      'The file ends (byte 0) before the magic number does (byte 4)',
    ],
    ['a web page', Buffer.from('<!doctype html>'), 'GGUF_INVALID', 'This is no GGUF file: it begins with "<!do"'],
    ['version 1', buildGguf({ version: 1 }).bytes, 'GGUF_VERSION', 'version 1; only little-endian version 3'],
    ['version 2', buildGguf({ version: 2 }).bytes, 'GGUF_VERSION', 'version 2'],
    ['version 4', buildGguf({ version: 4 }).bytes, 'GGUF_VERSION', 'version 4'],
    ['big-endian', buildGguf({ version: 0x03000000 }).bytes, 'GGUF_VERSION', 'is big-endian'],
  ])('%s', async (_, bytes, code, message) => {
    await expect(() => read(bytes)).toFailWithCode(code);
    expect(messageOf(() => read(bytes))).toContain(message);
  });
});

describe('metadata', () => {
  const entry = (typeId: number, bytes: Uint8Array, key = 'k') => ({ entries: [{ key, typeId, bytes }] });

  test.each<[string, ReturnType<typeof entry>, ErrorCode, string]>([
    ['an unknown type', entry(13, u32(0)), 'GGUF_INVALID', 'the value of "k" has the type 13'],
    ['a bool of 2', entry(7, Uint8Array.of(2)), 'GGUF_INVALID', 'the bool 2'],
    ['an empty key', entry(4, u32(0), ''), 'GGUF_INVALID', 'not printable ASCII'],
    ['a key with a space', entry(4, u32(0), 'a b'), 'GGUF_INVALID', 'not printable ASCII'],
    ['a key with an escape sequence', entry(4, u32(0), '\u001b[2J'), 'GGUF_INVALID', '"\\u001b[2J"'],
    [
      'a key of 65,536 bytes',
      entry(4, u32(0), 'k'.repeat(65536)),
      'GGUF_INVALID',
      'has 65536 bytes, and may have 65535',
    ],
    ['an array of unknown types', entry(9, array(99, [])), 'GGUF_INVALID', 'has the type 99'],
    ['a string longer than the file', entry(8, u64(10 ** 6)), 'GGUF_TRUNCATED', 'before the value of "k" does'],
    ['a string longer than 2^53', entry(8, u64(2n ** 63n)), 'GGUF_INVALID', 'more than any file has bytes'],
    ['a count of 2^64 − 1', entry(9, Buffer.concat([u32(4), u64(-1)])), 'GGUF_INVALID', 'more than any file'],
    ['a count times 8 beyond 2^53', entry(9, Buffer.concat([u32(12), u64(2n ** 52n)])), 'GGUF_TRUNCATED', ''],
    ['two entries of one key', { entries: [u32Entry('k', 1), u32Entry('k', 1)] }, 'GGUF_INVALID', 'occurs twice'],
  ])('%s', async (_, raw, code, message) => {
    await expect(() => readBuilt(raw)).toFailWithCode(code);
    expect(messageOf(() => readBuilt(raw))).toContain(message);
  });

  test('a bool of 2 within an array', async () => {
    const bools = Buffer.concat([u32(7), u64(2), Uint8Array.of(1, 2)]);
    await expect(() => readBuilt(entry(9, bools))).toFailWithCode('GGUF_INVALID');
  });

  test('arrays nested four deep are read, five deep are not', async () => {
    const nest = (depth: number): Uint8Array => (depth === 1 ? array(4, [u32(7)]) : array(9, [nest(depth - 1)]));
    expect(readBuilt(entry(9, nest(4))).metadata.has('k')).toBe(true);
    await expect(() => readBuilt(entry(9, nest(5)))).toFailWithCode('GGUF_INVALID');
  });

  test.each([
    ['of another type', { key: 'general.alignment', typeId: 10, bytes: u64(32) }],
    ['zero', u32Entry('general.alignment', 0)],
    ['no multiple of 8', u32Entry('general.alignment', 4)],
    ['no power of two', u32Entry('general.alignment', 24)],
    ['above 65,536', u32Entry('general.alignment', 131072)],
  ])('an alignment %s', async (_, alignment) => {
    await expect(() => readBuilt({ entries: [alignment] })).toFailWithCode('GGUF_INVALID');
  });

  test('padding that is not zeros', async () => {
    const { bytes, dataOffset } = buildGguf(smallModel());
    bytes[dataOffset - 1] = 1;
    await expect(() => read(bytes)).toFailWithCode('GGUF_INVALID');
  });
});

describe('tensor table', () => {
  const tensor = (change: Partial<RawTensor>) => ({
    tensors: [{ name: 'a', dims: [128, 2], typeId: 41, offset: 0, ...change }],
    data: new Uint8Array(64),
  });

  test.each<[string, ReturnType<typeof tensor>, ErrorCode, string]>([
    ['an empty name', tensor({ name: '' }), 'GGUF_INVALID', 'The name of tensor 0 is "", not printable ASCII'],
    ['a name of 65 bytes', tensor({ name: 'a'.repeat(65) }), 'GGUF_INVALID', 'has 65 bytes, and may have 64'],
    ['a name with a line break', tensor({ name: 'a\nb' }), 'GGUF_INVALID', '"a\\nb"'],
    ['no dimensions', tensor({ dims: [] }), 'GGUF_INVALID', 'has 0 dimensions'],
    ['five dimensions', tensor({ dims: [128, 1, 1, 1, 1] }), 'GGUF_INVALID', 'has 5 dimensions'],
    ['a dimension of 0', tensor({ dims: [128, 0] }), 'GGUF_INVALID', 'a dimension of 0: 128 × 0'],
    ['more weights than 2^53', tensor({ dims: [128, 2 ** 40, 2 ** 40] }), 'GGUF_INVALID', 'larger than any file'],
    [
      'rows of half a block',
      tensor({ dims: [192, 2] }),
      'GGUF_INVALID',
      'rows of 192 weights, and Q1_0 has blocks of 128',
    ],
    ['an unknown type', tensor({ typeId: 77 }), 'TYPE_UNSUPPORTED', 'the unknown ggml type 77'],
    ['a withdrawn type', tensor({ typeId: 31 }), 'TYPE_UNSUPPORTED', 'the unknown ggml type 31'],
    ['an unaligned offset', tensor({ offset: 16 }), 'GGUF_INVALID', 'begins at 16, not a multiple of 32'],
    ['an offset beyond the file', tensor({ offset: 64 }), 'GGUF_TRUNCATED', 'Tensor "a" ends at byte'],
    ['an offset near 2^53', tensor({ offset: 2 ** 53 - 32 }), 'GGUF_TRUNCATED', 'Tensor "a" ends at byte'],
  ])('%s', async (_, raw, code, message) => {
    await expect(() => readBuilt(raw)).toFailWithCode(code);
    expect(messageOf(() => readBuilt(raw))).toContain(message);
  });

  test('two tensors of one name', async () => {
    const [first] = tensor({}).tensors;
    await expect(() => readBuilt({ tensors: [first, { ...first, offset: 64 }] })).toFailWithCode('GGUF_INVALID');
  });

  test('two tensors that overlap', () => {
    const [first] = tensor({}).tensors;
    const raw = {
      tensors: [
        { ...first, offset: 32 },
        { ...first, name: 'b' },
      ],
      data: new Uint8Array(96),
    };
    expect(messageOf(() => readBuilt(raw))).toBe('Tensors "b" and "a" overlap');
  });
});

describe('the fixture, damaged', () => {
  const original = readFileSync(fixtureModel);
  const fields = (): readonly Field[] => rebuilt().fields;

  /** The fixture's header encoded anew, to learn where its fields are. */
  const rebuilt = (): BuiltGguf => {
    const gguf = read(original);
    const types = { string: 8, array: 9, bool: 7, u32: 4, f32: 6 } as Record<string, number>;
    const built = buildGguf({
      entries: gguf.metadata.entries.map(({ key, type, bytes }) => ({ key, typeId: types[type], bytes })),
      tensors: gguf.tensors.map((tensor) => ({ ...tensor, offset: tensor.byteOffset - gguf.dataOffset })),
      data: original.subarray(gguf.dataOffset),
    });
    return built;
  };

  test('two encoders agree about it', () => {
    expect(Buffer.compare(rebuilt().bytes, original)).toBe(0);
  });

  test('cut at any length', async () => {
    for (let length = 0; length < original.length; length += length < 20000 ? 97 : 40009) {
      await expect(() => read(original.subarray(0, length))).toFailWithCode('GGUF_TRUNCATED');
    }
  });

  test.each<Field['kind']>(['count', 'length', 'rank', 'dim', 'offset'])(
    'every %s set to the largest number',
    async (kind) => {
      for (const field of fields().filter((each) => each.kind === kind)) {
        const damaged = Uint8Array.from(original).fill(255, field.at, field.at + field.byteLength);
        await expect(() => read(damaged)).toFailWithCode('GGUF_INVALID');
      }
    },
  );
});

describe('files beyond memory', () => {
  /** Counts the bytes that are fetched. */
  const counting = (source: ByteSource) => {
    const counted = {
      size: source.size,
      fetched: 0,
      readInto(target: Uint8Array, byteOffset: number) {
        counted.fetched += target.length;
        source.readInto(target, byteOffset);
      },
    };
    return counted;
  };

  /** A sparse file that begins with these bytes. */
  const sparse = (bytes: Uint8Array, size: number): string => {
    const path = join(temporaryDirectory(), 'sparse.gguf');
    const descriptor = openSync(path, 'w');
    writeSync(descriptor, bytes);
    ftruncateSync(descriptor, size);
    closeSync(descriptor);
    return path;
  };

  test('the header of a 5 GB file costs no more than itself', () => {
    const rows = 2 ** 28;
    const { bytes } = buildGguf({
      tensors: [
        { name: 'large', dims: [128, rows], typeId: 41, offset: 0 },
        { name: 'last', dims: [256, 2], typeId: 41, offset: rows * 18 },
      ],
      data: new Uint8Array(0),
    });
    const file = openFile(sparse(bytes, 5 * 10 ** 9));
    const source = counting(file);
    const gguf = readGguf(source);
    expect(gguf.tensor('last').byteOffset).toBe(gguf.dataOffset + rows * 18);
    const end = new Uint8Array(72);
    file.readInto(end, gguf.tensor('last').byteOffset);
    file.close();
    expect(gguf.tensor('last').byteOffset).toBeGreaterThan(2 ** 32);
    expect(source.fetched).toBeLessThanOrEqual(65536);
  });

  test.each<[string, Uint8Array]>([
    ['a string of 4 GB', buildGguf({ entries: [{ key: 'k', typeId: 8, bytes: u64(2 ** 32) }] }).bytes],
    [
      'an array of 500 million strings',
      buildGguf({ entries: [{ key: 'k', typeId: 9, bytes: Buffer.concat([u32(8), u64(5e8)]) }] }).bytes,
    ],
    [
      'an array of 4 billion bytes',
      buildGguf({ entries: [{ key: 'k', typeId: 9, bytes: Buffer.concat([u32(0), u64(4e9)]) }] }).bytes,
    ],
    ['100 million tensors', Buffer.concat([Buffer.from('GGUF'), u32(3), u64(10 ** 8), u64(0)])],
    ['100 million entries', Buffer.concat([Buffer.from('GGUF'), u32(3), u64(0), u64(10 ** 8)])],
  ])('a promise of %s is refused before anything is fetched for it', async (_, bytes) => {
    const file = openFile(sparse(bytes, 5 * 10 ** 9));
    const source = counting(file);
    await expect(() => readGguf(source)).toFailWithCode('GGUF_LIMIT');
    file.close();
    expect(source.fetched).toBeLessThanOrEqual(65536);
  });

  test('a long header is fetched once', () => {
    const entries = [
      {
        key: 'k',
        typeId: 9,
        bytes: array(
          8,
          Array.from({ length: 20000 }, () => text('x'.repeat(50))),
        ),
      },
    ];
    const source = counting(bytesSource(buildGguf({ entries }).bytes));
    expect(readGguf(source).metadata.texts('k')).toHaveLength(20000);
    expect(source.fetched).toBe(source.size);
  });
});
