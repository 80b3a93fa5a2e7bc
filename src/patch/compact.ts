/**
 * Owns the compact binary form of a patch (FORMAT.md, "Compact form"): what a program embeds that has the model at hand.
 *
 * The flips of one kind in one tensor are a sparse set of positions: ascending, and written as the gaps between them, in
 * the code of Golomb (1966) with a divisor that is a power of two (Rice, 1979), which is close to the shortest there is
 * for gaps that chance made. So a flip takes the more bits the fewer there are: about 6 where one unit of 20 is flipped.
 */
import { FormatError } from '../errors.js';
import { type BitReader, type BitWriter, bitReader, bitWriter } from './bits.js';
import { compareFlips, type Flip } from './flip.js';
import { type WeightsId } from './ids.js';
import { createPatch, type Patch, patchFlips } from './patch.js';
import { formatTensorName, parseTensorName, PROJECTIONS } from './projection.js';

/** The first byte. */
const VERSION = 2;

/** Flips of the largest patch that is decoded. */
const MOST_FLIPS = 2 ** 21;

/** The flips of one kind in one tensor. */
interface Section {
  readonly tensor: string;
  /** 0 rows, 1 groups, 2 + b scale bits b. */
  readonly kind: number;
  /** Positions in a row: 1 of rows, else one more than the last group. */
  readonly width: number;
  /** row · width + group, ascending. */
  readonly positions: readonly number[];
}

/** Says how long the compact form of flips is, in bytes. Throws INTERCHANGE_INVALID for positions from 2^53 on. */
export function compactSize(flips: Iterable<Flip>): number {
  return encodeFlips(flips).length;
}

/** Encodes a patch compactly: its flips, without its base. Throws INTERCHANGE_INVALID for positions from 2^53 on. */
export function encodeCompact(patch: Patch): Uint8Array {
  return encodeFlips(patchFlips(patch));
}

/** Decodes a compact patch for a base. Throws INTERCHANGE_INVALID for bytes that `encodeCompact` does not make. */
export function decodeCompact(bytes: Uint8Array, base: WeightsId): Patch {
  if (bytes[0] !== VERSION) throw refusal(`a compact patch begins with the byte ${VERSION}`);
  const reader = bitReader(bytes.subarray(1), () => refusal('it ends in the middle of a number'));
  const flips: Flip[] = [];
  while (!reader.atEnd()) {
    const section = readSection(reader, MOST_FLIPS - flips.length);
    for (const position of section.positions) flips.push(flipOf(section, position));
  }
  if (flips.length === 0) throw refusal('it flips nothing');
  const patch = patchOf(base, flips);
  // One patch, one form: what is sorted otherwise, padded or longer than it must be was not written by us.
  if (Buffer.compare(encodeCompact(patch), bytes) !== 0) throw refusal('it is not in its shortest form');
  return patch;
}

function patchOf(base: WeightsId, flips: readonly Flip[]): Patch {
  try {
    return createPatch(base, flips);
  } catch (error) {
    throw refusal(error instanceof FormatError ? error.message : 'it is no patch', error);
  }
}

function encodeFlips(flips: Iterable<Flip>): Uint8Array {
  const writer = bitWriter();
  writer.byte(VERSION);
  for (const section of sectionsOf(flips)) writeSection(writer, section);
  return writer.bytes();
}

/** Sorts flips into sections: by tensor in the order of code units, then by kind. */
function sectionsOf(flips: Iterable<Flip>): Section[] {
  const byKind = new Map<string, { tensor: string; kind: number; flips: Flip[] }>();
  for (const flip of [...flips].sort(compareFlips)) {
    const kind = flip.kind === 'row' ? 0 : flip.kind === 'group' ? 1 : 2 + flip.bit;
    const key = `${kind} ${flip.tensor}`;
    const section = byKind.get(key);
    if (section) section.flips.push(flip);
    else byKind.set(key, { tensor: flip.tensor, kind, flips: [flip] });
  }
  const sections = [...byKind.values()].sort((a, b) =>
    a.tensor === b.tensor ? a.kind - b.kind : a.tensor < b.tensor ? -1 : 1,
  );
  return sections.map(({ tensor, kind, flips: own }): Section => {
    const width = own.reduce((most, flip) => Math.max(most, groupOf(flip) + 1), 1);
    return { tensor, kind, width, positions: own.map((flip) => flip.row * width + groupOf(flip)) };
  });
}

function writeSection(writer: BitWriter, { tensor, kind, width, positions }: Section): void {
  writePlace(writer, tensor);
  writer.byte(kind);
  if (kind > 0) writer.varint(width);
  writer.varint(positions.length);
  if (!Number.isSafeInteger(positions[positions.length - 1])) throw refusal(`its flips of ${tensor} are too far apart`);
  const gaps = positions.map((position, i) => (i === 0 ? position : position - positions[i - 1] - 1));
  const divisor = shortestDivisor(gaps);
  writer.byte(divisor);
  for (const gap of gaps) writer.rice(gap, divisor);
  writer.align();
}

function readSection(reader: BitReader, mostFlips: number): Section {
  const tensor = readPlace(reader);
  const kind = reader.byte();
  if (kind > 12) throw refusal(`there is no kind ${kind} of flips`);
  const width = kind > 0 ? reader.varint() : 1;
  const count = reader.varint();
  if (count > mostFlips) throw refusal(`it has more than ${MOST_FLIPS} flips`);
  const divisor = reader.byte();
  if (divisor > 52) throw refusal(`2^${divisor} is no divisor of gaps`);
  const positions: number[] = [];
  for (let next = 0; positions.length < count; next = positions[positions.length - 1] + 1) {
    const position = next + reader.rice(divisor);
    if (!Number.isSafeInteger(position)) throw refusal(`its flips of ${tensor} are too far apart`);
    positions.push(position);
  }
  reader.align();
  return { tensor, kind, width, positions };
}

/** 1 + 7 · layer + projection; of other tensors 0, then the name. */
function writePlace(writer: BitWriter, tensor: string): void {
  const { layer, projection } = parseTensorName(tensor);
  const index = PROJECTIONS.findIndex((entry) => entry.projection === projection);
  if (layer !== undefined && index >= 0 && tensor === formatTensorName(layer, projection)) {
    writer.varint(1 + PROJECTIONS.length * layer + index);
    return;
  }
  const name = Buffer.from(tensor, 'utf8');
  writer.varint(0);
  writer.varint(name.length);
  for (const byte of name) writer.byte(byte);
}

function readPlace(reader: BitReader): string {
  const place = reader.varint();
  if (place > 0) {
    const index = (place - 1) % PROJECTIONS.length;
    return formatTensorName((place - 1 - index) / PROJECTIONS.length, PROJECTIONS[index].projection);
  }
  return Buffer.from(Array.from({ length: reader.lengthOfBytes() }, () => reader.byte())).toString('utf8');
}

/** The exponent of the power of two by which gaps are divided to be shortest; of several the smallest. */
function shortestDivisor(gaps: readonly number[]): number {
  let best = { exponent: 0, bits: Infinity };
  // No gap takes less than its remainder and one bit more.
  for (let exponent = 0; exponent <= 52 && gaps.length * (exponent + 1) < best.bits; exponent++) {
    let bits = gaps.length * (exponent + 1);
    for (const gap of gaps) bits += Math.floor(gap / 2 ** exponent);
    if (bits < best.bits) best = { exponent, bits };
  }
  return best.exponent;
}

function flipOf({ tensor, kind, width }: Section, position: number): Flip {
  if (kind === 0) return { kind: 'row', tensor, row: position };
  const group = position % width;
  const row = (position - group) / width;
  return kind === 1 ? { kind: 'group', tensor, row, group } : { kind: 'scale-bit', tensor, row, group, bit: kind - 2 };
}

const groupOf = (flip: Flip): number => (flip.kind === 'row' ? 0 : flip.group);

function refusal(problem: string, cause?: unknown): FormatError {
  return new FormatError('INTERCHANGE_INVALID', `Cannot convert the patch: ${problem}`, {
    hint: 'Use the patch file itself (canonical JSON).',
    cause,
  });
}
