/** Owns the bytes of a GGUF header: the exact inverse of reading one. */
import { FormatError } from '../errors.js';
import type { MetadataEntry } from './metadata.js';
import { alignmentOf, type Gguf, GGUF_MAGIC, GGUF_VERSION, paddingAfter } from './read.js';
import type { GgufTensor } from './read-tensors.js';
import { valueTypeId } from './value-type.js';

/** What a header says; a whole `Gguf` will do. */
export type HeaderContent = Pick<Gguf, 'alignment' | 'dataOffset' | 'metadata' | 'tensors'>;

/**
 * Encodes a header with the zeros that fill it up to the data section. Tensors keep their offsets within that section,
 * so its bytes can follow unchanged. Throws GGUF_INVALID when the metadata asks for another alignment than theirs.
 */
export function encodeHeader({ alignment, dataOffset, metadata, tensors }: HeaderContent): Uint8Array {
  assertAlignment(alignment, alignmentOf(metadata));
  const parts = [
    u32(GGUF_MAGIC),
    u32(GGUF_VERSION),
    u64(tensors.length),
    u64(metadata.entries.length),
    ...metadata.entries.flatMap(encodeEntry),
    ...tensors.flatMap((tensor) => encodeTensor(tensor, dataOffset)),
  ];
  const byteLength = parts.reduce((sum, part) => sum + part.length, 0);
  // Bytes past the parts are zeros.
  return Buffer.concat(parts, byteLength + paddingAfter(byteLength, alignment));
}

function encodeEntry({ key, type, bytes }: MetadataEntry): Uint8Array[] {
  return [u64(key.length), Buffer.from(key, 'latin1'), u32(valueTypeId(type)), bytes];
}

function encodeTensor({ name, dims, typeId, byteOffset }: GgufTensor, dataOffset: number): Uint8Array[] {
  return [
    u64(name.length),
    Buffer.from(name, 'latin1'),
    u32(dims.length),
    ...dims.map(u64),
    u32(typeId),
    u64(byteOffset - dataOffset),
  ];
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function assertAlignment(present: number, wanted: number): void {
  if (present === wanted) return;
  throw new FormatError('GGUF_INVALID', `The tensors are aligned to ${present} bytes, not to ${wanted}`, {
    hint: 'Leave general.alignment as it is in the model.',
    data: { present, wanted },
  });
}
