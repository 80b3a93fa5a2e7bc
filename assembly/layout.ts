/**
 * Sizes and addresses of the memory layouts. Functions that must be inlined, here and elsewhere, are static methods: that
 * is where TypeScript's grammar has a place for `@inline`.
 */

/** Bytes of one feature of a tile: 8 tokens of f32. Two vectors of 4 tokens, called quads here, make it up. */
export const TILE_FEATURE: usize = 32;

/** Bytes of a quad: 4 tokens of f32, one v128. */
export const QUAD: usize = 16;

/** Columns of a block, and the bytes of its signs. */
export const BLOCK_COLUMNS: usize = 128;
export const BLOCK_BYTES: usize = 16;

export class Quad {
  /** The address of the first feature of a quad: quads 2t and 2t + 1 are the halves of tile t. */
  @inline
  static address(tiles: usize, quad: i32, features: usize): usize {
    return tiles + <usize>(quad >> 1) * features * TILE_FEATURE + <usize>(quad & 1) * QUAD;
  }
}
