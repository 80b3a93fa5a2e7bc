/** A small one-bit model for tests: two Q1_0 matrices and a norm, with bytes that no two rows share. */
import { readGguf, type Gguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';

export interface TinyModel {
  readonly bytes: Uint8Array;
  readonly gguf: Gguf;
}

/** Rows and groups of the two matrices. */
export const tinyShapes = {
  'blk.0.ffn_gate.weight': { rows: 6, groups: 2 },
  'blk.0.ffn_up.weight': { rows: 5, groups: 3 },
} as const;

const Q1_0 = 41;
const F32 = 0;

/** Makes the model's bytes; the header is written out by hand, so that the test depends on the reader alone. */
export function tinyModel(): TinyModel {
  const tensors = [
    { name: 'blk.0.ffn_gate.weight', type: Q1_0, dims: [256, 6], byteLength: 6 * 2 * 18 },
    { name: 'blk.0.attn_norm.weight', type: F32, dims: [8], byteLength: 32 },
    { name: 'blk.0.ffn_up.weight', type: Q1_0, dims: [384, 5], byteLength: 5 * 3 * 18 },
  ];
  let offset = 0;
  const infos = tensors.map((tensor) => {
    const at = offset;
    offset = Math.ceil((offset + tensor.byteLength) / 32) * 32;
    return Buffer.concat([
      text(tensor.name),
      u32(tensor.dims.length),
      ...tensor.dims.map(u64),
      u32(tensor.type),
      u64(at),
    ]);
  });
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(0), ...infos]);
  const data = Buffer.from(Uint8Array.from({ length: offset }, (_, i) => (i * 167 + 13 * (i >> 8)) & 0xff));
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  const bytes = new Uint8Array(Buffer.concat([header, padding, data]));
  return { bytes, gguf: readGguf(bytesSource(bytes)) };
}

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.concat([u64(value.length), Buffer.from(value)]);
