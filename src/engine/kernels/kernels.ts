/**
 * The one interface behind which all arithmetic of the engine happens.
 *
 * Data lives in one linear memory (shared by all threads) and is named by byte address. Activations are kept in *tiles*
 * of LANES tokens, so that every kernel works on whole vectors of tokens:
 *
 *     tiles of f features:   x[tile][feature][lane]    f32, lane = token within the tile, 0 ≤ lane < LANES
 *
 * A batch of n tokens has ceil(n / LANES) tiles; the lanes past the last token hold anything finite and are ignored.
 * One-bit matrices are kept block-major, a block being 128 columns (one Q1_0 group of every row):
 *
 *     bits[block][row]       16 bytes: 128 sign bits, least significant bit first, 1 = +scale, 0 = −scale
 *     scales[block][row]     f32
 *
 * Every result is the same to the last bit for any number of threads and whatever else is in the batch: an output
 * element is always computed by one thread, in one order of additions that depends on the matrix alone.
 */
import type { BackwardKernels } from './backward.js';

/** A byte address in the kernels' memory. */
export type Address = number;

/** Tokens in a tile. */
export const LANES = 8;

/** Columns in a block: the group size of Q1_0. */
export const BLOCK_COLUMNS = 128;

/** A one-bit matrix in the block-major layout above. Several GGUF tensors of one input may be stacked by rows. */
export interface BitMatrix {
  bits: Address;
  scales: Address;
  rows: number;
  columns: number;
}

/** Linear memory with stack discipline: what is allocated after a mark goes when that mark is released. */
export interface Memory {
  /** Reserves zeroed-or-stale bytes, 64-byte aligned, growing the memory when needed. Throws INTERNAL when full (4 GiB). */
  allocate(byteLength: number): Address;
  mark(): Address;
  release(mark: Address): void;
  /** Views are cheap; make a new one after any allocation, because memory may have moved to a longer buffer. */
  f32(address: Address, length: number): Float32Array;
  f64(address: Address, length: number): Float64Array;
  i32(address: Address, length: number): Int32Array;
  u8(address: Address, length: number): Uint8Array;
}

/** Backends: `plain` is readable TypeScript, the oracle of the tests; `wasm` is SIMD over worker threads. */
export interface Kernels extends BackwardKernels {
  readonly name: 'plain' | 'wasm';
  readonly threads: number;
  readonly memory: Memory;

  /** Regroups `rowCount` rows of raw Q1_0 bytes (18 per block) into rows `firstRow…` of `weights`. */
  regroup(args: { raw: Address; weights: BitMatrix; firstRow: number; rowCount: number }): void;

  /** Dequantises row `tokens[i]` of the embedding matrix into lane i: tokens (n) i32 → out tiles of weights.columns. */
  embed(args: { tokens: Address; tokenCount: number; weights: BitMatrix; out: Address }): void;

  /** out = x / sqrt(mean(x²) + epsilon) · weight, over features of each token. weight (features) f32. May be in place. */
  rmsNorm(args: { x: Address; weight: Address; out: Address; features: number; tiles: number; epsilon: number }): void;

  /** out = W·x, or out += W·x when `accumulate`: x tiles of W.columns → out tiles of W.rows. */
  matmul(args: { x: Address; weights: BitMatrix; out: Address; tiles: number; accumulate: boolean }): void;

  /**
   * What each of some groups of 128 columns makes of W·x, apart: x tiles of W.columns → out (groups.count) times tiles of W.rows.
   */
  matmulGroups(args: {
    x: Address;
    weights: BitMatrix;
    groups: { first: number; count: number };
    out: Address;
    tiles: number;
  }): void;

  /**
   * `matmul` of quantized activations: of each token's block of 128 columns, x is first rounded to whole multiples, ties
   * to even, of its largest magnitude / 511. Half again as fast. Magnitudes below 2⁻¹⁰⁰ count as nothing. Of the lanes,
   * `tokenCount` are wanted, all when it is absent: a single token is then computed alone, faster and to the same bits.
   */
  matmulQuantized(args: Parameters<Kernels['matmul']>[0] & { tokenCount?: number }): void;

  /**
   * Splits projected tiles of (heads + 2·kvHeads)·headDim features, ordered q | k | v, into token-major rows:
   * queries (tokenCount, heads·headDim), and rows `firstRow…` of keys and values (·, kvHeads·headDim).
   * q and k heads get RMSNorm (queryNorm, keyNorm (headDim)) and half-split rotary embedding by `positions` (tokenCount)
   * i32 with cosines and sines (position, headDim/2); q is scaled by 1/sqrt(headDim). Here and in attention the wasm
   * backend throws ARCHITECTURE_UNSUPPORTED unless headDim is a multiple of 16.
   */
  splitHeads(args: {
    projected: Address;
    tokenCount: number;
    heads: number;
    kvHeads: number;
    headDim: number;
    queryNorm: Address;
    keyNorm: Address;
    epsilon: number;
    positions: Address;
    cosines: Address;
    sines: Address;
    queries: Address;
    keys: Address;
    values: Address;
    firstRow: number;
  }): void;

  /**
   * Attention of each query over an explicit path of key rows (its ancestors and itself):
   * path[pathOffsets[i] … pathOffsets[i + 1]) are indices of rows of keys and values. → out tiles of heads·headDim.
   * Grouped queries: query head h reads key head floor(h · kvHeads / heads). `longestPath` bounds a path's length.
   */
  attention(args: {
    queries: Address;
    keys: Address;
    values: Address;
    pathOffsets: Address;
    path: Address;
    longestPath: number;
    tokenCount: number;
    heads: number;
    kvHeads: number;
    headDim: number;
    out: Address;
  }): void;

  /** out = silu(gate)·up: tiles of 2·features ordered gate | up → out tiles of features. */
  swiglu(args: { gateUp: Address; out: Address; features: number; tiles: number }): void;

  /** Picks tokens out of tiles: out token i = x token rows[i]. rows (rowCount) i32. */
  gather(args: { x: Address; rows: Address; rowCount: number; out: Address; features: number }): void;

  /** Per token of the tiles of logits: log Σ exp → logSumExp tiles of 1 f32, first index of the maximum → argmax i32. */
  summarizeLogits(args: {
    logits: Address;
    vocabulary: number;
    tiles: number;
    logSumExp: Address;
    argmax: Address;
  }): void;

  /** Per token: KL(reference ‖ present) in nats, both given as logits with their logSumExp. → out tiles of 1. */
  divergence(args: {
    reference: Address;
    referenceLogSumExp: Address;
    logits: Address;
    logSumExp: Address;
    vocabulary: number;
    tiles: number;
    out: Address;
  }): void;

  /** Ends the threads. The kernels and their memory must not be used afterwards. */
  dispose(): Promise<void>;
}
