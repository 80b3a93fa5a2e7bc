/** Owns a model file with the shape of the 8B model, 1.15 GB, whose bytes are holes: for what depends on size alone. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { encodeHeader } from '../src/gguf/encode.js';
import { Metadata } from '../src/gguf/metadata.js';
import { type Gguf, type GgufTensor, readGguf } from '../src/gguf/read.js';
import { openFile } from '../src/gguf/source.js';
import { shapes } from './random-model.js';

/** One-bit matrices of the 8B model, by layer and whole; norms are left out: nothing flips them. */
function tensors(): GgufTensor[] {
  const { layers, width, mlp, heads, kvHeads, headDim, vocabulary } = shapes['8B'];
  const [q, kv] = [heads * headDim, kvHeads * headDim];
  const layer = (l: number): [string, number, number][] => [
    [`blk.${l}.attn_q.weight`, width, q],
    [`blk.${l}.attn_k.weight`, width, kv],
    [`blk.${l}.attn_v.weight`, width, kv],
    [`blk.${l}.attn_output.weight`, q, width],
    [`blk.${l}.ffn_gate.weight`, width, mlp],
    [`blk.${l}.ffn_up.weight`, width, mlp],
    [`blk.${l}.ffn_down.weight`, mlp, width],
  ];
  const matrices: [string, number, number][] = [
    ['token_embd.weight', width, vocabulary],
    ...Array.from({ length: layers }, (_, l) => layer(l)).flat(),
    ['output.weight', width, vocabulary],
  ];
  let byteOffset = 0;
  return matrices.map(([name, columns, rows]) => {
    const tensor = { name, type: 'Q1_0', typeId: 41, dims: [columns, rows], byteLength: (columns / 128) * rows * 18 };
    const placed = { ...tensor, byteOffset };
    byteOffset += Math.ceil(tensor.byteLength / 32) * 32;
    return placed;
  });
}

/** Writes the header and leaves the rest of the file to the file system. */
export function writeSparseModel(path: string): Gguf {
  const table = tensors();
  const last = table[table.length - 1];
  const header = encodeHeader({ alignment: 32, dataOffset: 0, metadata: new Metadata([]), tensors: table });
  const descriptor = openSync(path, 'wx');
  writeSync(descriptor, header);
  ftruncateSync(descriptor, header.length + last.byteOffset + last.byteLength);
  closeSync(descriptor);
  const source = openFile(path);
  const gguf = readGguf(source);
  source.close();
  return gguf;
}
