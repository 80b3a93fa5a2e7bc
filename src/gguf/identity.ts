/** Owns the identity of a model: a digest over every tensor's name, type, shape and bytes, and over nothing else. */
import { createHash } from 'node:crypto';
import { FormatError } from '../errors.js';
import type { Gguf, GgufTensor } from './read.js';
import type { ByteSource } from './source.js';

/** Identifies a model by its weights: 64 lower-case hexadecimal digits. The same brand as in `patch`, which may not see us. */
export type WeightsId = string & { readonly brand: 'WeightsId' };

/** A tensor as its model's identity sees it. */
export interface TensorDigest {
  readonly name: string;
  /** ggml's name of the type, e.g. `Q1_0`. */
  readonly type: string;
  /** Dimensions, fastest first. */
  readonly shape: readonly number[];
  /** SHA-256 of the tensor's bytes: 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Changes a piece of a tensor before it is digested, e.g. to undo a mask. */
export type TensorEdit = (chunk: Uint8Array, byteOffsetInTensor: number) => void;

const CHUNK_BYTES = 1024 * 1024;

/** Digests a tensor's bytes in pieces, each passed through `edit` first. → SHA-256 in hexadecimal. Throws IO. */
export function tensorDigest(source: ByteSource, tensor: GgufTensor, edit?: TensorEdit): string {
  const hash = createHash('sha256');
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, tensor.byteLength));
  for (let at = 0; at < tensor.byteLength; at += chunk.length) {
    const bytes = chunk.subarray(0, Math.min(chunk.length, tensor.byteLength - at));
    source.readInto(bytes, tensor.byteOffset + at);
    edit?.(bytes, at);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

/** Digests all tensors of a model, in the order of its table. Progress is told after each, in bytes. Throws IO. */
export function describeTensors(
  source: ByteSource,
  gguf: Gguf,
  onProgress?: (bytesDone: number, bytesTotal: number) => void,
): TensorDigest[] {
  const bytesTotal = gguf.tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let bytesDone = 0;
  return gguf.tensors.map((tensor) => {
    const sha256 = tensorDigest(source, tensor);
    bytesDone += tensor.byteLength;
    onProgress?.(bytesDone, bytesTotal);
    return { name: tensor.name, type: tensor.type, shape: tensor.dims, sha256 };
  });
}

/**
 * Computes a model's identity: the SHA-256 of one line per tensor in the order of their names (docs/FORMAT.md, "Weights
 * identity"). Metadata and the order and places of the tensors do not enter. Throws GGUF_INVALID for descriptions that no
 * model has, which might otherwise be made to look like another model's.
 */
export function weightsId(digests: readonly TensorDigest[]): WeightsId {
  const sorted = [...digests].sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash('sha256').update('bankai weights 1\n');
  sorted.forEach((digest, index) => {
    if (digest.name === sorted[index - 1]?.name) throw malformed(digest.name, 'is described twice');
    hash.update(formatLine(digest));
  });
  return hash.digest('hex') as WeightsId;
}

function formatLine({ name, type, shape, sha256 }: TensorDigest): string {
  const wellFormed =
    /^[\x21-\x7e]{1,64}$/.test(name) &&
    /^[A-Z0-9_]+$/.test(type) &&
    shape.length > 0 &&
    shape.every((dim) => Number.isSafeInteger(dim) && dim > 0) &&
    /^[0-9a-f]{64}$/.test(sha256);
  if (wellFormed) return `${name} ${type} ${shape.join('x')} ${sha256}\n`;
  throw malformed(name, 'has a malformed digest, type or shape');
}

function malformed(name: string, fact: string): FormatError {
  return new FormatError('GGUF_INVALID', `Tensor ${JSON.stringify(name)} ${fact}`, {
    hint: 'Take the digests from the model again.',
    data: { tensor: name },
  });
}
