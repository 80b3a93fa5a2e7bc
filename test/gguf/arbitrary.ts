/** Owns the generation of sound GGUF files of every shape, for property tests. */
import fc from 'fast-check';
import { array, buildGguf, type BuiltGguf, type RawEntry, type RawTensor, text, u32, u32Entry } from './build.js';

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

/** Value bytes of any fixed-size type, NaNs with payloads and u64 above 2^53 included. */
const FIXED_LENGTHS = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [10, 8],
  [11, 8],
  [12, 8],
]);

const printable = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength })
    .map((codes) => String.fromCharCode(...codes));

interface Value {
  typeId: number;
  bytes: Uint8Array;
}

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(...FIXED_LENGTHS).chain(([typeId, length]) => bytesOf(length).map((bytes) => ({ typeId, bytes }))),
  fc.boolean().map((flag) => ({ typeId: 7, bytes: Uint8Array.of(flag ? 1 : 0) })),
  // Strings need not be UTF-8 to be kept.
  fc.oneof(fc.string(), fc.uint8Array({ maxLength: 20 })).map((content) => ({ typeId: 8, bytes: text(content) })),
);

const arrayOf = (element: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.array(element, { maxLength: 6 }).map((values) => {
    const typeId = values[0]?.typeId ?? 4;
    const same = values.filter((each) => each.typeId === typeId);
    return {
      typeId: 9,
      bytes: array(
        typeId,
        same.map(({ bytes }) => bytes),
      ),
    };
  });

const value = fc.oneof(scalar, arrayOf(scalar), arrayOf(arrayOf(scalar)));

export const arbitraryEntries: fc.Arbitrary<RawEntry[]> = fc.uniqueArray(
  fc.record({ key: printable(30), value }).map(({ key, value: { typeId, bytes } }) => ({ key, typeId, bytes })),
  { selector: ({ key }) => key, maxLength: 8 },
);

const tensorSketch = fc.record({
  name: printable(64),
  typeId: fc.constantFrom(0, 1, 41),
  blocks: fc.integer({ min: 1, max: 3 }),
  others: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
  gap: fc.integer({ min: 0, max: 2 }),
  /** Decides the place in the table, which need not be that of the data. */
  rank: fc.nat(),
});

/** Sound files: any alignment, gaps between tensors, a table out of order, bytes after the last tensor. */
export const arbitraryGguf: fc.Arbitrary<BuiltGguf> = fc
  .record({
    alignment: fc.constantFrom(8, 32, 64, 4096),
    entries: arbitraryEntries,
    sketches: fc.uniqueArray(tensorSketch, { selector: ({ name }) => name, maxLength: 5 }),
    trailing: fc.uint8Array({ maxLength: 50 }),
    seed: fc.nat(),
  })
  .map(({ alignment, entries, sketches, trailing, seed }) => {
    let end = 0;
    const placed = sketches.map(({ name, typeId, blocks, others, gap, rank }) => {
      const offset = (Math.ceil(end / alignment) + gap) * alignment;
      const dims = [typeId === 41 ? 128 * blocks : blocks, ...others];
      const weights = dims.reduce((product, dim) => product * dim, 1);
      end = offset + (typeId === 41 ? (weights / 128) * 18 : weights * (typeId === 1 ? 2 : 4));
      return { rank, tensor: { name, dims, typeId, offset } satisfies RawTensor };
    });
    const tensors = placed.sort((a, b) => a.rank - b.rank).map(({ tensor }) => tensor);
    const data = Uint8Array.from({ length: end }, (_, index) => (index * seed + (index >> 3)) & 255);
    return buildGguf({
      alignment,
      entries: [...entries.filter(({ key }) => key !== 'general.alignment'), u32Entry('general.alignment', alignment)],
      tensors,
      data: Buffer.concat([data, trailing]),
    });
  });

/** Single-precision NaNs with every kind of payload. */
export const arbitraryNan: fc.Arbitrary<Uint8Array> = fc
  .record({ sign: fc.boolean(), payload: fc.integer({ min: 1, max: 0x7fffff }) })
  .map(({ sign, payload }) => u32(((sign ? 0xff800000 : 0x7f800000) | payload) >>> 0));
