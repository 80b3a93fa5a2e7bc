/** Owns the reading of the tensor table, and the proof that every tensor lies in the file and overlaps no other. */
import { CompatibilityError, FormatError } from '../errors.js';
import type { HeaderCursor } from './header-cursor.js';
import { lookAlikeOf, type TensorType, tensorTypeOf } from './tensor-type.js';

/** A tensor that lies wholly inside its file and overlaps no other. */
export interface GgufTensor {
  readonly name: string;
  /** ggml's name of the type, e.g. `Q1_0`. */
  readonly type: string;
  readonly typeId: number;
  /** Fastest first, as in the file: columns (input width), rows (output width), … 1 to 4 of them. */
  readonly dims: readonly number[];
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** A row of the tensor table, its offset not yet checked. */
interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly typeId: number;
  readonly dims: readonly number[];
  readonly byteLength: number;
  /** Relative to the data section. */
  readonly relativeOffset: number;
}

/** The section of the file that holds the weights. */
export interface DataSection {
  readonly alignment: number;
  /** From the start of the file. */
  readonly dataOffset: number;
  readonly fileSize: number;
}

/** The fewest bytes of a row of the table: length of the name, one character, rank, one dimension, type, offset. */
const SHORTEST_INFO = 8 + 1 + 4 + 8 + 4 + 8;
const LONGEST_NAME = 64;
const HIGHEST_RANK = 4;

/** Reads `count` rows of the tensor table: distinct names, known types, whole blocks, lengths below 2^53. */
export function readTensorTable(cursor: HeaderCursor, count: number): TensorInfo[] {
  cursor.reading = `the table of ${count} tensors`;
  cursor.claim(count * SHORTEST_INFO);
  const infos: TensorInfo[] = [];
  const names = new Set<string>();
  for (let index = 0; index < count; index++) {
    const name = readName(cursor, index);
    if (names.has(name)) throw cursor.invalid(`The tensor name "${name}" occurs twice`);
    names.add(name);
    cursor.reading = `the description of tensor "${name}"`;
    infos.push(readInfo(cursor, name));
  }
  return infos;
}

/** Gives the tensors their places in the file. Throws GGUF_INVALID, GGUF_TRUNCATED. */
export function placeTensors(infos: readonly TensorInfo[], section: DataSection): GgufTensor[] {
  const tensors = infos.map((info) => placeTensor(info, section));
  assertDisjoint(tensors);
  return tensors;
}

function readName(cursor: HeaderCursor, index: number): string {
  cursor.reading = `the name of tensor ${index}`;
  const byteLength = cursor.u64();
  if (byteLength > LONGEST_NAME) {
    throw cursor.invalid(`The name of tensor ${index} has ${byteLength} bytes, and may have ${LONGEST_NAME}`);
  }
  const name = Buffer.from(cursor.take(byteLength)).toString('latin1');
  // Names are printed and become part of patches: no spaces, control characters or second spellings.
  if (/^[\x21-\x7e]+$/.test(name)) return name;
  throw cursor.invalid(`The name of tensor ${index} is ${JSON.stringify(name)}, not printable ASCII`);
}

function readInfo(cursor: HeaderCursor, name: string): TensorInfo {
  const dims = readDims(cursor, name);
  const typeId = cursor.u32();
  const type = tensorTypeOf(typeId) ?? refuseType(name, typeId);
  const relativeOffset = cursor.u64();
  return { name, type, typeId, dims, byteLength: byteLengthOf(cursor, name, type, dims), relativeOffset };
}

function readDims(cursor: HeaderCursor, name: string): number[] {
  const rank = cursor.u32();
  if (rank < 1 || rank > HIGHEST_RANK) {
    throw cursor.invalid(`Tensor "${name}" has ${rank} dimensions, and must have 1 to ${HIGHEST_RANK}`);
  }
  const dims = Array.from({ length: rank }, () => cursor.u64());
  if (dims.includes(0)) throw cursor.invalid(`Tensor "${name}" has a dimension of 0: ${dims.join(' × ')}`);
  return dims;
}

function byteLengthOf(cursor: HeaderCursor, name: string, type: TensorType, dims: readonly number[]): number {
  const { blockWeights, blockBytes } = type;
  const [columns, ...others] = dims;
  if (columns % blockWeights !== 0) {
    throw cursor.invalid(
      `Tensor "${name}" has rows of ${columns} weights, and ${type.name} has blocks of ${blockWeights}`,
    );
  }
  let byteLength = (columns / blockWeights) * blockBytes;
  for (const dim of others) byteLength *= dim;
  // Each factor is an integer below 2^53, so a product that stayed below 2^53 was never rounded.
  if (byteLength <= Number.MAX_SAFE_INTEGER) return byteLength;
  throw cursor.invalid(`Tensor "${name}" of ${dims.join(' × ')} weights is larger than any file`);
}

function placeTensor(info: TensorInfo, { alignment, dataOffset, fileSize }: DataSection): GgufTensor {
  const { name, type, typeId, dims, byteLength, relativeOffset } = info;
  if (relativeOffset % alignment !== 0) {
    throw misplaced(
      'GGUF_INVALID',
      `Tensor "${name}" begins at ${relativeOffset}, not a multiple of ${alignment}`,
      name,
    );
  }
  const byteOffset = dataOffset + relativeOffset;
  if (byteOffset + byteLength > fileSize) {
    const end = byteOffset + byteLength;
    throw misplaced('GGUF_TRUNCATED', `Tensor "${name}" ends at byte ${end}, and the file at byte ${fileSize}`, name);
  }
  return { name, type: type.name, typeId, dims, byteOffset, byteLength };
}

function assertDisjoint(tensors: readonly GgufTensor[]): void {
  const sorted = [...tensors].sort((a, b) => a.byteOffset - b.byteOffset);
  for (let index = 1; index < sorted.length; index++) {
    const [before, after] = [sorted[index - 1], sorted[index]];
    if (before.byteOffset + before.byteLength <= after.byteOffset) continue;
    throw misplaced('GGUF_INVALID', `Tensors "${before.name}" and "${after.name}" overlap`, after.name);
  }
}

function refuseType(name: string, typeId: number): never {
  const lookAlike = lookAlikeOf(typeId);
  if (lookAlike) {
    const { name: typeName, kind, reason } = lookAlike;
    throw new CompatibilityError(
      'TYPE_NOT_ONE_BIT',
      `Tensor "${name}" has type ${typeId}, ${typeName} (${kind}): ${reason}`,
      {
        hint: 'Use a true 1-bit model, whose matrices have type Q1_0, such as Bonsai 1.7B, 4B or 8B.',
        data: { tensor: name, typeId, type: typeName },
      },
    );
  }
  throw new CompatibilityError('TYPE_UNSUPPORTED', `Tensor "${name}" has the unknown ggml type ${typeId}`, {
    hint: 'Convert the model with a current llama.cpp: some types have been withdrawn, and forks have private ones.',
    data: { tensor: name, typeId },
  });
}

function misplaced(code: 'GGUF_INVALID' | 'GGUF_TRUNCATED', message: string, tensor: string): FormatError {
  return new FormatError(code, message, {
    hint: 'Download or copy the file again, and compare its size and digest with the original.',
    data: { tensor },
  });
}
