/** Owns the damaging of GGUF files: mutations that know where the header keeps its counts, lengths and offsets. */
import { readFileSync } from 'node:fs';
import { readGguf } from '../../src/gguf/read.js';
import { type ByteSource, bytesSource } from '../../src/gguf/source.js';
import { valueTypeId } from '../../src/gguf/value-type.js';
import { buildGguf, type Field, type RawGguf, smallModel } from '../gguf/build.js';
import type { Random } from './random.js';

/** The beginning of a file, the rest being zeros. */
export interface Sample {
  header: Uint8Array;
  /** Where the integers of the undamaged header lie. */
  fields: readonly Field[];
  fileSize: number;
}

/** Found without `paths.ts`, which needs Jest. */
const FIXTURE = new URL('../../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url);

type Mutation = (sample: Sample, random: Random, other: Sample) => Sample;

/** Numbers at which counts, lengths, types and offsets go wrong. */
const NUMBERS: readonly bigint[] = [
  ...[0, 1, 2, 3, 4, 7, 8, 9, 12, 13, 16, 18, 24, 31, 32, 34, 40, 41, 42, 64, 65, 127, 128, 143, 255, 256].map(BigInt),
  ...[16, 20, 24, 26, 31, 32, 40, 53, 63].flatMap((power) => [2n ** BigInt(power) - 1n, 2n ** BigInt(power)]),
  2n ** 53n - 32n,
  2n ** 64n - 32n,
  2n ** 64n - 1n,
];

const flipBits: Mutation = (sample, random) => {
  const header = Uint8Array.from(sample.header);
  for (let count = 1 + random.integer(4); count > 0 && header.length > 0; count--) {
    header[random.integer(header.length)] ^= 1 << random.integer(8);
  }
  return { ...sample, header };
};

const setField: Mutation = (sample, random) => {
  const { at, byteLength } = random.pick(sample.fields);
  const header = Uint8Array.from(sample.header);
  if (at + byteLength > header.length) return sample;
  const view = new DataView(header.buffer);
  const present = byteLength === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
  const value = random.pick([random.pick(NUMBERS), random.pick(NUMBERS), present + 1n, present - 1n, present * 2n]);
  if (byteLength === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
  else view.setUint32(at, Number(BigInt.asUintN(32, value)), true);
  return { ...sample, header };
};

const copyField: Mutation = (sample, random) => {
  const [from, to] = [random.pick(sample.fields), random.pick(sample.fields)];
  const header = Uint8Array.from(sample.header);
  header.copyWithin(to.at, from.at, from.at + Math.min(from.byteLength, to.byteLength));
  return { ...sample, header };
};

/** Replaces a range by bytes: none, random ones, or some of another sample. The file grows or shrinks with it. */
const splice: Mutation = (sample, random, other) => {
  const at = random.integer(sample.header.length + 1);
  const removed = Math.min(random.pick([0, 1, 4, 8, random.integer(100)]), sample.header.length - at);
  const from = random.integer(other.header.length + 1);
  const inserted = random.pick([
    new Uint8Array(0),
    random.bytes(random.integer(20)),
    other.header.subarray(from, from + random.integer(200)),
  ]);
  const header = Buffer.concat([sample.header.subarray(0, at), inserted, sample.header.subarray(at + removed)]);
  return { ...sample, header, fileSize: sample.fileSize + inserted.length - removed };
};

const truncate: Mutation = (sample, random) => {
  const fileSize = random.integer(random.pick([64, sample.header.length, sample.fileSize]) + 1);
  return { ...sample, header: sample.header.subarray(0, fileSize), fileSize };
};

/** Lets the file go on with zeros far enough for great promises to be kept. */
const extend: Mutation = (sample, random) => ({
  ...sample,
  fileSize: Math.max(sample.header.length, random.pick([2 ** 20, 2 ** 26, 2 ** 32, 2 ** 45])),
});

const MUTATIONS: readonly Mutation[] = [flipBits, flipBits, setField, setField, setField, copyField, splice, truncate];

/** Applies one to four mutations; one input in twenty-five also gets a great length. */
export function mutate(samples: readonly Sample[], random: Random): Sample {
  let sample = random.pick(samples);
  for (let count = random.pick([1, 1, 2, 3, 4]); count > 0; count--) {
    sample = random.pick(MUTATIONS)(sample, random, random.pick(samples));
  }
  return random.integer(25) === 0 ? extend(sample, random, sample) : sample;
}

/** A sample as a file. */
export function sampleSource({ header, fileSize }: Sample): ByteSource {
  return {
    size: fileSize,
    readInto(target, byteOffset) {
      if (byteOffset + target.length > fileSize) throw new Error('read past the end');
      const known = header.subarray(byteOffset, byteOffset + target.length);
      target.set(known);
      target.fill(0, known.length);
    },
  };
}

/** A small model with every kind of metadata, and the header of the fixture model. */
export function readSamples(): Sample[] {
  const bytes = readFileSync(FIXTURE);
  const { metadata, tensors, dataOffset } = readGguf(bytesSource(bytes));
  return [
    sampleOf(smallModel()),
    sampleOf({
      entries: metadata.entries.map(({ key, type, bytes }) => ({ key, typeId: valueTypeId(type), bytes })),
      tensors: tensors.map((tensor) => ({ ...tensor, offset: tensor.byteOffset - dataOffset })),
    }),
  ];
}

function sampleOf(raw: RawGguf): Sample {
  const { bytes, fields, dataOffset } = buildGguf(raw);
  return { header: bytes.subarray(0, dataOffset), fields, fileSize: bytes.length };
}
