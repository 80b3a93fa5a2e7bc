import { describe, expect, test } from '@jest/globals';
import type { Metadata } from '../../src/gguf/metadata.js';
import { metadataEntry, withMetadata } from '../../src/gguf/metadata.js';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import { array, buildGguf, type RawEntry, text, textEntry, u32, u32Entry, u64 } from './build.js';

const metadataOf = (...entries: RawEntry[]): Metadata => readGguf(bytesSource(buildGguf({ entries }).bytes)).metadata;
const value = (typeId: number, bytes: Uint8Array): Metadata => metadataOf({ key: 'k', typeId, bytes });
const floatBytes = (number: number): Uint8Array => new Uint8Array(Float64Array.of(number).buffer);

describe('typed getters', () => {
  test.each([
    [0, Uint8Array.of(200), 200],
    [1, Uint8Array.of(100), 100],
    [2, Uint8Array.of(1, 200), 51201],
    [3, Uint8Array.of(1, 2), 513],
    [4, u32(2 ** 32 - 1), 2 ** 32 - 1],
    [5, u32(7), 7],
    [10, u64(2 ** 53 - 1), 2 ** 53 - 1],
    [11, u64(12), 12],
  ])('an integer of type %i', (typeId, bytes, expected) => {
    expect(value(typeId, bytes).uint('k')).toBe(expected);
  });

  test('floats, flags and text', () => {
    expect(value(6, new Uint8Array(Float32Array.of(0.1).buffer)).float('k')).toBe(Math.fround(0.1));
    expect(value(12, floatBytes(0.1)).float('k')).toBe(0.1);
    expect(value(7, Uint8Array.of(1)).flag('k')).toBe(true);
    expect(value(7, Uint8Array.of(0)).flag('k')).toBe(false);
    expect(value(8, text('\ufeffnaïve 𝔵\ufffd\0')).text('k')).toBe('\ufeffnaïve 𝔵\ufffd\0');
  });

  test('arrays', () => {
    expect(value(9, array(8, ['', 'Ġa', '€'].map(text))).texts('k')).toEqual(['', 'Ġa', '€']);
    expect(value(9, array(5, [u32(1), u32(2 ** 32 - 3)])).ints('k')).toEqual([1, -3]);
    expect(value(9, array(11, [u64(-5)])).ints('k')).toEqual([-5]);
    expect(value(9, array(2, [])).ints('k')).toEqual([]);
  });

  test.each<[string, (metadata: Metadata) => unknown, Metadata, string]>([
    [
      'an absent key',
      (m) => m.uint('missing'),
      metadataOf(),
      '"missing" must be a non-negative integer below 2^53, and is absent',
    ],
    ['a string as a number', (m) => m.uint('k'), value(8, text('7')), 'and is of type string'],
    ['a negative number', (m) => m.uint('k'), value(5, u32(2 ** 32 - 1)), 'and is -1'],
    ['a number of 2^53', (m) => m.uint('k'), value(10, u64(2n ** 53n)), 'and is 9007199254740992'],
    ['an integer as a float', (m) => m.float('k'), value(4, u32(1)), 'must be a floating-point number'],
    ['an integer as a flag', (m) => m.flag('k'), value(0, Uint8Array.of(1)), 'must be a bool'],
    ['invalid UTF-8', (m) => m.text('k'), value(8, text(Uint8Array.of(0xc3, 0x28))), 'must be valid UTF-8'],
    ['invalid UTF-8 in an array', (m) => m.texts('k'), value(9, array(8, [text(Uint8Array.of(0x80))])), 'valid UTF-8'],
    ['numbers as texts', (m) => m.texts('k'), value(9, array(4, [u32(1)])), 'and is an array of u32'],
    ['floats as integers', (m) => m.ints('k'), value(9, array(6, [u32(1)])), 'and is an array of f32'],
    ['a number as an array', (m) => m.ints('k'), value(4, u32(1)), 'and is of type u32'],
    ['an array with 2^63', (m) => m.ints('k'), value(9, array(10, [u64(2n ** 63n)])), 'and is 9223372036854776000'],
  ])('%s is refused', async (_, get, metadata, message) => {
    await expect(() => get(metadata)).toFailWithCode('GGUF_INVALID');
    expect(() => get(metadata)).toThrow(message);
  });
});

describe('entries', () => {
  test('made entries are those that a file has', () => {
    const made = [
      metadataEntry('general.name', 'string', 'Bonsai é'),
      metadataEntry('a.b', 'u32', 4_000_000_000),
      metadataEntry('f', 'f32', 0.5),
      metadataEntry('t', 'bool', true),
      metadataEntry('list', 'strings', ['x', '']),
    ];
    const read = metadataOf(
      textEntry('general.name', 'Bonsai é'),
      u32Entry('a.b', 4_000_000_000),
      { key: 'f', typeId: 6, bytes: new Uint8Array(Float32Array.of(0.5).buffer) },
      { key: 't', typeId: 7, bytes: Uint8Array.of(1) },
      { key: 'list', typeId: 9, bytes: array(8, [text('x'), text('')]) },
    );
    expect(made.map((entry) => ({ ...entry, bytes: [...entry.bytes] }))).toEqual(
      read.entries.map((entry) => ({ ...entry, bytes: [...entry.bytes] })),
    );
  });

  test('malformed ones cannot be made', async () => {
    await expect(() => metadataEntry('', 'u32', 1)).toFailWithCode('GGUF_INVALID');
    await expect(() => metadataEntry('a b', 'u32', 1)).toFailWithCode('GGUF_INVALID');
    await expect(() => metadataEntry('a', 'u32', -1)).toFailWithCode('GGUF_INVALID');
    await expect(() => metadataEntry('a', 'u32', 2 ** 32)).toFailWithCode('GGUF_INVALID');
  });

  test('replacing keeps the place, new ones come last', () => {
    const before = metadataOf(u32Entry('a', 1), u32Entry('b', 2), u32Entry('c', 3));
    const after = withMetadata(before, [metadataEntry('z', 'u32', 9), metadataEntry('b', 'string', 'two')]);
    expect(after.entries.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'z']);
    expect(after.text('b')).toBe('two');
    expect(before.uint('b')).toBe(2);
  });
});
