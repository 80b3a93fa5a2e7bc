/**
 * Owns the Qwen3 graph: from token ids to the residual stream, and from there to logits.
 *
 * Nothing here keeps state. Work is cut into chunks of tiles so that temporary activations stay in cache and in bounds;
 * chunks change no result, because a token's numbers never depend on its neighbours in a tile.
 */
import type { ModelConfig } from './config.js';
import { type Address, type Kernels, LANES } from './kernels/kernels.js';
import type { RotaryTables } from './rotary.js';
import type { LayerWeights, Weights } from './weights.js';

/** A model ready to run. */
export interface Graph {
  config: ModelConfig;
  kernels: Kernels;
  weights: Weights;
  /** Rotary tables for the first `length` positions. */
  rotary: (length: number) => RotaryTables;
}

/** Tokens to push through the layers, already in kernel memory. */
export interface Tokens {
  count: number;
  tokens: Address; // (count) i32
  positions: Address; // (count) i32
  cosines: Address; // (longestPath, headDim / 2) f32
  sines: Address; // (longestPath, headDim / 2) f32
  pathOffsets: Address; // (count + 1) i32
  path: Address; // i32 rows of keys and values
  longestPath: number;
  /** Row of keys and values that belongs to the first token; the others follow. */
  firstRow: number;
}

/** Keys and values of one layer: (rows, kvHeads·headDim) each, token-major. */
export interface KeyValueRows {
  keys: Address;
  values: Address;
}

/** Bytes of temporary activations that a chunk of tiles may take. */
const CHUNK_BYTES = 8 << 20;
/** Bytes of logits that a chunk of tiles may take. */
const LOGIT_BYTES = 64 << 20;

export const tilesOf = (tokenCount: number): number => Math.ceil(tokenCount / LANES);

/** Bytes of `tokenCount` tokens of `features` features in tiles. */
export const tileBytes = (tokenCount: number, features: number): number => tilesOf(tokenCount) * features * LANES * 4;

/** Embeds tokens: → tiles of width. */
export function embed(graph: Graph, batch: Tokens, x: Address): void {
  graph.kernels.embed({ tokens: batch.tokens, tokenCount: batch.count, weights: graph.weights.embedding, out: x });
}

/** Pushes the residual stream x (tiles of width) through one layer, in place; adds the tokens' rows to `rows`. */
export function runLayer(graph: Graph, layer: LayerWeights, batch: Tokens, rows: KeyValueRows, x: Address): void {
  const { kernels } = graph;
  const { memory } = kernels;
  const mark = memory.mark();
  const queries = memory.allocate(batch.count * graph.config.heads * graph.config.headDim * 4);
  projectHeads(graph, layer, batch, rows, x, queries);
  attendAndTransform(graph, layer, batch, rows, x, queries);
  memory.release(mark);
}

function projectHeads(
  graph: Graph,
  layer: LayerWeights,
  batch: Tokens,
  rows: KeyValueRows,
  x: Address,
  queries: Address,
): void {
  const { config, kernels } = graph;
  const { width, heads, kvHeads, headDim, epsilon } = config;
  forChunks(kernels, batch.count, width + layer.qkv.rows, (first, count, temporary) => {
    const tiles = tilesOf(count);
    const normed = temporary;
    const projected = temporary + tileBytes(count, width);
    const input = x + tileBytes(first, width);
    kernels.rmsNorm({ x: input, weight: layer.attentionNorm, out: normed, features: width, tiles, epsilon });
    kernels.matmul({ x: normed, weights: layer.qkv, out: projected, tiles, accumulate: false });
    kernels.splitHeads({
      projected,
      tokenCount: count,
      heads,
      kvHeads,
      headDim,
      queryNorm: layer.queryNorm,
      keyNorm: layer.keyNorm,
      epsilon,
      positions: batch.positions + first * 4,
      cosines: batch.cosines,
      sines: batch.sines,
      queries: queries + first * heads * headDim * 4,
      ...rows,
      firstRow: batch.firstRow + first,
    });
  });
}

function attendAndTransform(
  graph: Graph,
  layer: LayerWeights,
  batch: Tokens,
  rows: KeyValueRows,
  x: Address,
  queries: Address,
): void {
  const { config, kernels } = graph;
  const { width, mlp, heads, kvHeads, headDim, epsilon } = config;
  forChunks(kernels, batch.count, heads * headDim + width + 3 * mlp, (first, count, temporary) => {
    const tiles = tilesOf(count);
    const attended = temporary;
    const normed = attended + tileBytes(count, heads * headDim);
    const gateUp = normed + tileBytes(count, width);
    const hidden = gateUp + tileBytes(count, 2 * mlp);
    const stream = x + tileBytes(first, width);
    kernels.attention({
      queries: queries + first * heads * headDim * 4,
      ...rows,
      pathOffsets: batch.pathOffsets + first * 4,
      path: batch.path,
      longestPath: batch.longestPath,
      tokenCount: count,
      heads,
      kvHeads,
      headDim,
      out: attended,
    });
    kernels.matmul({ x: attended, weights: layer.output, out: stream, tiles, accumulate: true });
    kernels.rmsNorm({ x: stream, weight: layer.mlpNorm, out: normed, features: width, tiles, epsilon });
    kernels.matmul({ x: normed, weights: layer.gateUp, out: gateUp, tiles, accumulate: false });
    kernels.swiglu({ gateUp, out: hidden, features: mlp, tiles });
    kernels.matmul({ x: hidden, weights: layer.down, out: stream, tiles, accumulate: true });
  });
}

/** Where one chunk's results are: tiles of `vocabulary` logits, and tiles of 1 for the two summaries. */
export interface LogitChunk {
  /** Index of the chunk's first row among all rows asked for. */
  first: number;
  count: number;
  logits: Address;
  logSumExp: Address; // f32
  argmax: Address; // i32
}

/**
 * Computes the logits of some tokens of the residual stream x (tiles of width), chunk by chunk.
 * rows (rowCount) i32: indices of tokens. A chunk's addresses are valid only within the call.
 */
export function forLogits(
  graph: Graph,
  x: Address,
  rows: Address,
  rowCount: number,
  visit: (chunk: LogitChunk) => void,
): void {
  const { config, kernels, weights } = graph;
  const { width, vocabulary, epsilon } = config;
  const features = width + vocabulary + 2;
  forChunks(
    kernels,
    rowCount,
    features,
    (first, count, temporary) => {
      const tiles = tilesOf(count);
      const hidden = temporary;
      const logits = hidden + tileBytes(count, width);
      const logSumExp = logits + tileBytes(count, vocabulary);
      const argmax = logSumExp + tileBytes(count, 1);
      kernels.gather({ x, rows: rows + first * 4, rowCount: count, out: hidden, features: width });
      kernels.rmsNorm({ x: hidden, weight: weights.outputNorm, out: hidden, features: width, tiles, epsilon });
      kernels.matmul({ x: hidden, weights: weights.head, out: logits, tiles, accumulate: false });
      kernels.summarizeLogits({ logits, vocabulary, tiles, logSumExp, argmax });
      visit({ first, count, logits, logSumExp, argmax });
    },
    LOGIT_BYTES,
  );
}

/** Visits chunks of whole tiles with temporary room for `features` features of each of their tokens. */
function forChunks(
  kernels: Kernels,
  tokenCount: number,
  features: number,
  visit: (first: number, count: number, temporary: Address) => void,
  bytes = CHUNK_BYTES,
): void {
  const { memory } = kernels;
  const tiles = Math.max(kernels.threads, Math.floor(bytes / tileBytes(LANES, features)));
  const chunk = Math.min(tokenCount, tiles * LANES);
  const mark = memory.mark();
  const temporary = memory.allocate(tileBytes(chunk, features));
  for (let first = 0; first < tokenCount; first += chunk) visit(first, Math.min(chunk, tokenCount - first), temporary);
  memory.release(mark);
}
