/** Owns the arithmetic of the memory layouts that kernels.ts draws. */
import { BLOCK_COLUMNS, LANES, type Kernels } from './kernels.js';

/** The arguments of a kernel. */
export type Args<Name extends keyof Kernels> = Kernels[Name] extends (args: infer A) => void ? A : never;

/** Bytes of one block's signs in a row. */
export const BLOCK_BYTES = BLOCK_COLUMNS / 8;

/** Bytes of one Q1_0 block in a GGUF: fp16 scale, then the signs. */
export const RAW_BLOCK_BYTES = 2 + BLOCK_BYTES;

/** Tiles that hold `tokenCount` tokens. */
export const tilesFor = (tokenCount: number): number => Math.ceil(tokenCount / LANES);

/** Tokens of the tiles that hold `tokenCount`, the unused lanes of the last one included. */
export const padded = (tokenCount: number): number => tilesFor(tokenCount) * LANES;

/** Index of a token's feature in tiles of `features`. */
export function tiled(token: number, feature: number, features: number): number {
  const lane = token % LANES;
  return (token - lane) * features + feature * LANES + lane;
}
