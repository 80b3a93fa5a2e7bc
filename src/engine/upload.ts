/** Owns the way of token trees into kernel memory. */
import type { Graph, Tokens } from './forward.js';
import type { Address, Memory } from './kernels/kernels.js';
import type { Paths, TokenTree } from './token-tree.js';

/** Copies integers as i32; the caller releases them. */
export function uploadInts(memory: Memory, values: ArrayLike<number>): Address {
  const address = memory.allocate(Math.max(4, values.length * 4));
  memory.i32(address, values.length).set(values);
  return address;
}

/** Copies f32; the caller releases them. */
export function uploadFloats(memory: Memory, values: Float32Array): Address {
  const address = memory.allocate(Math.max(4, values.byteLength));
  memory.f32(address, values.length).set(values);
  return address;
}

/** Copies the nodes of a tree from `first` on, with their paths; the caller releases them. */
export function uploadTokens({ kernels: { memory }, rotary }: Graph, tree: TokenTree, paths: Paths, first = 0): Tokens {
  const { cosines, sines } = rotary(paths.longest);
  return {
    count: tree.size - first,
    tokens: uploadInts(memory, tree.tokens.slice(first)),
    positions: uploadInts(memory, tree.positions.slice(first)),
    cosines: uploadFloats(memory, cosines),
    sines: uploadFloats(memory, sines),
    pathOffsets: uploadInts(memory, paths.offsets),
    path: uploadInts(memory, paths.path),
    longestPath: paths.longest,
    firstRow: first,
  };
}
