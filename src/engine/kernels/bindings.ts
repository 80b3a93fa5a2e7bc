/** Owns the way from the interface to the module: which export a kernel runs, over how many items, with which arguments. */
import { CompatibilityError } from '../../errors.js';
import type { KernelName } from './dispatch.js';
import { BLOCK_COLUMNS, LANES, type Kernels } from './kernels.js';
import { type Args, tilesFor } from './layout.js';

/** Does all items of an export, each thread with `scratchBytes` of scratch memory, SCRATCH_BYTES when not given. */
export type Run = (kernel: KernelName, items: number, args: readonly number[], scratchBytes?: number) => void;

/** Rows of a tile done in one go: their sums, 384 KiB, lie in the second-level cache between passes over the tables. */
const MOST_ROWS = 12288;

/**
 * The matrix product's scratch: 4 tables of 256 entries, 2 of 16 to build them from, and the sums of the rows. That of quantized
 * activations takes about half.
 */
export const SCRATCH_BYTES = (4 * 256 + 2 * 16 + MOST_ROWS) * LANES * 4;

/** Features of a head that the attention kernels take at a time. */
const HEAD_DIM_UNIT = 16;

/** Building a tile's tables takes as long as this many rows, of either product. */
const TABLE_ROWS = 230;
const QUANTIZED_TABLE_ROWS = 330;

/** Rows that `matvecQuantized` takes at a time. */
const ROWS_FOR_ONE_TOKEN = 512;

/** Tiles that `matmulTransposed` takes at a time: as many as share its look-up indices. */
const TILES_AT_A_TIME = 4;

/** Features of which `rowEffects` sums the products side by side. */
const FEATURES_AT_A_TIME = 8;

/** Rows that `sumUpGains` takes at a time. */
const ROWS_TO_SUM_UP = 64;

/** Binds every kernel of the interface to `run` on `threads` threads. */
export function bindKernels(run: Run, threads: number): Omit<Kernels, 'name' | 'threads' | 'memory' | 'dispose'> {
  /** The output of each group of columns follows `stride` bytes after that of the one before; 0: it is added to the same. */
  function runMatmul(args: Args<'matmulGroups'> & { stride: number; accumulate: boolean }): void {
    const { x, weights, groups, out, stride, tiles, accumulate } = args;
    const { bits, scales, rows, columns } = weights;
    const parts = partsOfTile(tiles, rows, threads, TABLE_ROWS);
    run('matmul', tiles * parts, [
      ...[x, bits, scales, rows, columns, out, accumulate ? 1 : 0, parts],
      ...[groups.first, groups.count, stride],
    ]);
  }
  return {
    regroup({ raw, weights: { bits, scales, rows, columns }, firstRow, rowCount }) {
      run('regroup', rowCount, [raw, bits, scales, rows, columns, firstRow]);
    },
    embed({ tokens, tokenCount, weights: { bits, scales, rows, columns }, out }) {
      run('embed', tilesFor(tokenCount), [tokens, tokenCount, bits, scales, rows, columns, out]);
    },
    rmsNorm({ x, weight, out, features, tiles, epsilon }) {
      run('rmsNorm', 2 * tiles, [x, weight, out, features, epsilon]);
    },
    matmul({ x, weights, out, tiles, accumulate }) {
      const groups = { first: 0, count: weights.columns / BLOCK_COLUMNS };
      runMatmul({ x, weights, groups, out, stride: 0, tiles, accumulate });
    },
    matmulGroups({ x, weights, groups, out, tiles }) {
      const stride = tiles * weights.rows * LANES * 4;
      runMatmul({ x, weights, groups, out, stride, tiles, accumulate: false });
    },
    matmulQuantized({ x, weights: { bits, scales, rows, columns }, out, tiles, tokenCount, accumulate }) {
      if (tokenCount === 1) {
        const args = [x, bits, scales, rows, columns, out, accumulate ? 1 : 0];
        run('matvecQuantized', Math.ceil(rows / ROWS_FOR_ONE_TOKEN), args);
        return;
      }
      const parts = partsOfTile(tiles, rows, threads, QUANTIZED_TABLE_ROWS);
      run('matmulQuantized', tiles * parts, [x, bits, scales, rows, columns, out, accumulate ? 1 : 0, parts]);
    },
    splitHeads(args) {
      const { projected, tokenCount, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon } = args;
      assertHeadDim(headDim);
      const { positions, cosines, sines, queries, keys, values, firstRow } = args;
      run('splitHeads', Math.ceil(tokenCount / 4), [
        ...[projected, tokenCount, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon],
        ...[positions, cosines, sines, queries, keys, values, firstRow],
      ]);
    },
    attention(args) {
      const { queries, keys, values, pathOffsets, path, longestPath, tokenCount, heads, kvHeads, headDim, out } = args;
      assertHeadDim(headDim);
      run(
        'attention',
        tilesFor(tokenCount) * kvHeads,
        [queries, keys, values, pathOffsets, path, longestPath, tokenCount, heads, kvHeads, headDim, out],
        2 * (longestPath + 4) * 4,
      );
    },
    swiglu({ gateUp, out, features, tiles }) {
      run('swiglu', tiles, [gateUp, out, features]);
    },
    gather({ x, rows, rowCount, out, features }) {
      run('gather', tilesFor(rowCount), [x, rows, rowCount, out, features]);
    },
    summarizeLogits({ logits, vocabulary, tiles, logSumExp, argmax }) {
      run('summarizeLogits', 2 * tiles, [logits, vocabulary, logSumExp, argmax]);
    },
    divergence({ reference, referenceLogSumExp, logits, logSumExp, vocabulary, tiles, out }) {
      run('divergence', 2 * tiles, [reference, referenceLogSumExp, logits, logSumExp, vocabulary, out]);
    },
    matmulTransposed({ dOut, weights: { bits, scales, rows, columns }, dx, tiles, accumulate }) {
      const items = Math.ceil(tiles / TILES_AT_A_TIME) * (columns / BLOCK_COLUMNS);
      run('matmulTransposed', items, [dOut, bits, scales, rows, columns, dx, tiles, accumulate ? 1 : 0]);
    },
    rmsNormBackward({ x, weight, dOut, dx, features, tiles, epsilon }) {
      run('rmsNormBackward', 2 * tiles, [x, weight, dOut, dx, features, epsilon]);
    },
    swigluBackward({ gateUp, dHidden, dGateUp, hidden, product, features, tiles }) {
      run('swigluBackward', tiles, [gateUp, dHidden, dGateUp, hidden, product, features]);
    },
    add({ a, b, out, count }) {
      run('add', count / LANES, [a, b, out]);
    },
    subtract({ a, b, out, count }) {
      run('subtract', count / LANES, [a, b, out]);
    },
    attentionBackward(args) {
      const { queries, keys, values, pathOffsets, path, longestPath, tokenCount, rowCount } = args;
      const { heads, kvHeads, headDim, dOut, dQueries, dKeys, dValues } = args;
      assertHeadDim(headDim);
      run(
        'attentionBackward',
        kvHeads,
        [
          ...[queries, keys, values, pathOffsets, path, longestPath, tokenCount, rowCount],
          ...[heads, kvHeads, headDim, dOut, dQueries, dKeys, dValues],
        ],
        (4 * (longestPath + 4) + 2 * headDim) * 4,
      );
    },
    splitHeadsBackward(args) {
      const { projected, tokenCount, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon } = args;
      const { positions, cosines, sines, firstRow, dQueries, dKeys, dValues, dProjected } = args;
      assertHeadDim(headDim);
      run(
        'splitHeadsBackward',
        2 * tilesFor(tokenCount),
        [
          ...[projected, tokenCount, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon],
          ...[positions, cosines, sines, firstRow, dQueries, dKeys, dValues, dProjected],
        ],
        headDim * LANES * 4,
      );
    },
    answerGradient({ logits, logSumExp, vocabulary, tiles, targets, weights, out }) {
      run('answerGradient', 2 * tiles, [logits, logSumExp, vocabulary, targets, weights, out]);
    },
    divergenceGradient({ reference, referenceLogSumExp, logits, logSumExp, vocabulary, tiles, weights, out }) {
      const args = [reference, referenceLogSumExp, logits, logSumExp, vocabulary, weights, out];
      run('divergenceGradient', 2 * tiles, args);
    },
    scatter({ x, rows, rowCount, out, features }) {
      run('scatter', tilesFor(rowCount), [x, rows, rowCount, out, features]);
    },
    rowEffects({ gradient, value, factor, groups, tokenCount, owners, ownerCount, out, features }) {
      const items = groups * Math.ceil(features / FEATURES_AT_A_TIME);
      run('rowEffects', items, [gradient, value, factor, tokenCount, owners, ownerCount, out, features]);
    },
    sumUpGains({ effects, parts, rows, responses, strata, strataCount, ownerCount, mean, error }) {
      const args = [effects, parts, rows, responses, strata, strataCount, ownerCount, mean, error];
      run('sumUpGains', Math.ceil(rows / ROWS_TO_SUM_UP), args);
    },
  };
}

/** Throws ARCHITECTURE_UNSUPPORTED for heads that are not whole vectors. */
function assertHeadDim(headDim: number): void {
  if (headDim % HEAD_DIM_UNIT === 0) return;
  throw new CompatibilityError(
    'ARCHITECTURE_UNSUPPORTED',
    `Cannot evaluate a model with ${headDim} features a head: the kernels take multiples of ${HEAD_DIM_UNIT}`,
    { data: { headDim }, hint: 'Use a model whose attention.key_length is a multiple of 16, as those of Bonsai are.' },
  );
}

/**
 * Into how many parts a tile's rows are cut: enough for their sums to fit, and then as many as have all threads done
 * soonest. Each part builds the tables again, and each thread does at most one part more than any other.
 */
function partsOfTile(tiles: number, rows: number, threads: number, tableRows: number): number {
  const timeOf = (parts: number): number => Math.ceil((tiles * parts) / threads) * (rows / parts + tableRows);
  const least = Math.ceil(rows / MOST_ROWS);
  let best = least;
  for (let parts = least + 1; parts < least + threads; parts++) if (timeOf(parts) < timeOf(best)) best = parts;
  return best;
}
