/** Owns the strict reading of a GGUF header: whatever the bytes, a model that is safe to address, or one clear error. */
import { CompatibilityError, FormatError } from '../errors.js';
import { HeaderCursor } from './header-cursor.js';
import type { Metadata } from './metadata.js';
import { metadataOf, readEntries } from './read-metadata.js';
import { type GgufTensor, placeTensors, readTensorTable } from './read-tensors.js';
import type { ByteSource } from './source.js';

export type { GgufTensor } from './read-tensors.js';

/** The header of a model file, checked. Holds no weights. */
export interface Gguf {
  readonly version: number;
  /** The data section, and each tensor in it, begins at a multiple of this many bytes. */
  readonly alignment: number;
  readonly metadata: Metadata;
  /** In the order of the file's table. */
  readonly tensors: readonly GgufTensor[];
  /** Where the data section begins: tensor offsets in the file are relative to it. */
  readonly dataOffset: number;
  readonly fileSize: number;
  /** Finds a tensor by name. Throws TENSOR_UNKNOWN. */
  tensor(name: string): GgufTensor;
}

/** The one version of the format that is read and written. */
export const GGUF_VERSION = 3;

/** "GGUF", read as a little-endian u32. */
export const GGUF_MAGIC = 0x46554747;

const DEFAULT_ALIGNMENT = 32;
const LARGEST_ALIGNMENT = 65536;

/**
 * Reads and checks the header of a GGUF v3 file (docs/FORMAT.md, "GGUF"), fetching little more than the header itself.
 * Throws GGUF_INVALID, GGUF_VERSION, GGUF_TRUNCATED, GGUF_LIMIT; and, because their extents in a file are not certain,
 * TYPE_NOT_ONE_BIT for the types mistaken for one-bit and TYPE_UNSUPPORTED for unknown ones.
 */
export function readGguf(source: ByteSource): Gguf {
  const cursor = new HeaderCursor(source);
  readMagic(cursor);
  readVersion(cursor);
  const tensorCount = cursor.u64();
  const entries = readEntries(cursor, cursor.u64());
  const infos = readTensorTable(cursor, tensorCount);
  const metadata = metadataOf(entries, cursor.header());
  const alignment = alignmentOf(metadata);
  skipPadding(cursor, alignment);
  const dataOffset = cursor.position;
  const tensors = placeTensors(infos, { alignment, dataOffset, fileSize: source.size });
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return {
    version: GGUF_VERSION,
    alignment,
    metadata,
    tensors,
    dataOffset,
    fileSize: source.size,
    tensor: (name) => byName.get(name) ?? refuseName(name, tensors.length),
  };
}

/** Says how many bytes of zeros follow `position` up to a multiple of `alignment`. */
export function paddingAfter(position: number, alignment: number): number {
  return (alignment - (position % alignment)) % alignment;
}

/** Reads `general.alignment`, or its default. Throws GGUF_INVALID. */
export function alignmentOf(metadata: Metadata): number {
  const key = 'general.alignment';
  const type = metadata.typeOf(key);
  if (type === undefined) return DEFAULT_ALIGNMENT;
  const alignment = type === 'u32' ? metadata.uint(key) : NaN;
  const powerOfTwo = Number.isInteger(Math.log2(alignment));
  if (powerOfTwo && alignment >= 8 && alignment <= LARGEST_ALIGNMENT) return alignment;
  const found = type === 'u32' ? String(alignment) : `of type ${type}`;
  throw new FormatError(
    'GGUF_INVALID',
    `The GGUF key "${key}" must be a u32 power of two from 8 to ${LARGEST_ALIGNMENT}, and is ${found}`,
    { hint: 'Convert the model again with a current llama.cpp.', data: { key } },
  );
}

function readMagic(cursor: HeaderCursor): void {
  cursor.reading = 'the magic number';
  const magic = cursor.u32();
  if (magic === GGUF_MAGIC) return;
  const seen = Buffer.alloc(4);
  seen.writeUInt32LE(magic);
  throw new FormatError(
    'GGUF_INVALID',
    `This is no GGUF file: it begins with ${JSON.stringify(seen.toString('latin1'))}`,
    {
      hint: 'Give a model in GGUF format; a page saved in place of a download looks like this too.',
    },
  );
}

function readVersion(cursor: HeaderCursor): void {
  cursor.reading = 'the preamble';
  const version = cursor.u32();
  if (version === GGUF_VERSION) return;
  // A big-endian 3 has its low half empty when read as little-endian.
  const found = version !== 0 && version % 65536 === 0 ? 'big-endian' : `version ${version}`;
  throw new FormatError('GGUF_VERSION', `This GGUF file is ${found}; only little-endian version 3 is supported`, {
    hint: 'Convert the model again with a current llama.cpp.',
    data: { version },
  });
}

function skipPadding(cursor: HeaderCursor, alignment: number): void {
  cursor.reading = 'the padding after the tensor table';
  const padding = cursor.take(paddingAfter(cursor.position, alignment));
  if (padding.some((byte) => byte !== 0)) throw cursor.invalid('The padding after the tensor table is not all zeros');
}

function refuseName(name: string, count: number): never {
  throw new CompatibilityError('TENSOR_UNKNOWN', `The model has no tensor "${name}" among its ${count}`, {
    hint: 'Check that the patch was made for this model.',
    data: { tensor: name },
  });
}
