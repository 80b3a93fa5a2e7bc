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
  /** W·x of layers and head: `kernels.matmul`, or that of quantized activations. */
  multiply: Kernels['matmulQuantized'];
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

/** A range of a batch's tokens, beginning at a tile. */
export interface Span {
  first: number;
  count: number;
}

/** Pushes the residual stream x (tiles of width) through one layer, in place; adds the tokens' rows to `rows`. */
export function runLayer(graph: Graph, layer: LayerWeights, batch: Tokens, rows: KeyValueRows, x: Address): void {
  const { config, kernels } = graph;
  const { width, mlp, heads, headDim } = config;
  const mark = kernels.memory.mark();
  const queries = kernels.memory.allocate(batch.count * heads * headDim * 4);
  forChunks(kernels, batch.count, width + layer.qkv.rows, (span, temporary) => {
    const projected = temporary + tileBytes(span.count, width);
    projectHeads(graph, layer, batch, span, rows, x, { normed: temporary, projected, queries });
  });
  forChunks(kernels, batch.count, heads * headDim + width + 3 * mlp, (span, temporary) => {
    const normed = temporary + tileBytes(span.count, heads * headDim);
    const gateUp = normed + tileBytes(span.count, width);
    const hidden = gateUp + tileBytes(span.count, 2 * mlp);
    attend(graph, layer, batch, span, rows, x, { queries, attended: temporary });
    transform(graph, layer, span, x, { normed, gateUp, hidden });
  });
  kernels.memory.release(mark);
}

/**
 * The first half of attention, for a span: x → normed → projected (tiles of qkv.rows) → queries, and rows of keys and
 * values. x and queries (tokens, heads·headDim) are the whole batch's, the rest the span's own.
 */
export function projectHeads(
  { config, kernels, multiply }: Graph,
  layer: LayerWeights,
  batch: Tokens,
  { first, count }: Span,
  rows: KeyValueRows,
  x: Address,
  { normed, projected, queries }: { normed: Address; projected: Address; queries: Address },
): void {
  const { width, heads, headDim, epsilon } = config;
  const tiles = tilesOf(count);
  const input = x + tileBytes(first, width);
  kernels.rmsNorm({ x: input, weight: layer.attentionNorm, out: normed, features: width, tiles, epsilon });
  multiply({ x: normed, weights: layer.qkv, out: projected, tiles, tokenCount: count, accumulate: false });
  kernels.splitHeads({
    ...headArguments(config, layer, batch, { first, count }),
    projected,
    queries: queries + first * heads * headDim * 4,
    ...rows,
  });
}

/** What splitting heads and its gradient need to know of a span. */
export function headArguments(config: ModelConfig, layer: LayerWeights, batch: Tokens, { first, count }: Span) {
  const { heads, kvHeads, headDim, epsilon } = config;
  return {
    tokenCount: count,
    heads,
    kvHeads,
    headDim,
    epsilon,
    queryNorm: layer.queryNorm,
    keyNorm: layer.keyNorm,
    positions: batch.positions + first * 4,
    cosines: batch.cosines,
    sines: batch.sines,
    firstRow: batch.firstRow + first,
  };
}

/** The second half of attention, for a span: x += output · attended (tiles of heads·headDim, the span's own). */
export function attend(
  { config, kernels, multiply }: Graph,
  layer: LayerWeights,
  batch: Tokens,
  { first, count }: Span,
  rows: KeyValueRows,
  x: Address,
  { queries, attended }: { queries: Address; attended: Address },
): void {
  const { width, heads, kvHeads, headDim } = config;
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
  const stream = x + tileBytes(first, width);
  multiply({
    x: attended,
    weights: layer.output,
    out: stream,
    tiles: tilesOf(count),
    tokenCount: count,
    accumulate: true,
  });
}

/** The MLP, for a span: x += down · hidden, through normed, gateUp and hidden, which are the span's own. */
export function transform(
  { config, kernels, multiply }: Graph,
  layer: LayerWeights,
  { first, count }: Span,
  x: Address,
  { normed, gateUp, hidden }: { normed: Address; gateUp: Address; hidden: Address },
): void {
  const { width, mlp, epsilon } = config;
  const tiles = tilesOf(count);
  const stream = x + tileBytes(first, width);
  kernels.rmsNorm({ x: stream, weight: layer.mlpNorm, out: normed, features: width, tiles, epsilon });
  multiply({ x: normed, weights: layer.gateUp, out: gateUp, tiles, tokenCount: count, accumulate: false });
  kernels.swiglu({ gateUp, out: hidden, features: mlp, tiles });
  multiply({ x: hidden, weights: layer.down, out: stream, tiles, tokenCount: count, accumulate: true });
}

/** Where one chunk's results are: tiles of `vocabulary` logits, and tiles of 1 for the two summaries. */
export interface LogitChunk {
  /** Index of the chunk's first row among all rows asked for. */
  first: number;
  count: number;
  /** The residual stream of these rows: tiles of width. */
  stream: Address;
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
  const { config, kernels, weights, multiply } = graph;
  const { width, vocabulary, epsilon } = config;
  const features = 2 * width + vocabulary + 2;
  forChunks(
    kernels,
    rowCount,
    features,
    ({ first, count }, temporary) => {
      const tiles = tilesOf(count);
      const stream = temporary;
      const normed = stream + tileBytes(count, width);
      const logits = normed + tileBytes(count, width);
      const logSumExp = logits + tileBytes(count, vocabulary);
      const argmax = logSumExp + tileBytes(count, 1);
      kernels.gather({ x, rows: rows + first * 4, rowCount: count, out: stream, features: width });
      kernels.rmsNorm({ x: stream, weight: weights.outputNorm, out: normed, features: width, tiles, epsilon });
      multiply({ x: normed, weights: weights.head, out: logits, tiles, tokenCount: count, accumulate: false });
      kernels.summarizeLogits({ logits, vocabulary, tiles, logSumExp, argmax });
      visit({ first, count, stream, logits, logSumExp, argmax });
    },
    LOGIT_BYTES,
  );
}

/**
 * Visits chunks of whole tiles with temporary room for `features` features of each of their tokens. They are equally
 * large, and have as many tiles for each thread.
 */
function forChunks(
  kernels: Kernels,
  tokenCount: number,
  features: number,
  visit: (span: Span, temporary: Address) => void,
  bytes = CHUNK_BYTES,
): void {
  const { memory } = kernels;
  const ofThreads = LANES * kernels.threads;
  const most = Math.max(1, Math.floor(bytes / tileBytes(ofThreads, features))) * ofThreads;
  const chunk = Math.min(tokenCount, Math.ceil(tokenCount / Math.ceil(tokenCount / most) / ofThreads) * ofThreads);
  const mark = memory.mark();
  const temporary = memory.allocate(tileBytes(chunk, features));
  for (let first = 0; first < tokenCount; first += chunk) {
    visit({ first, count: Math.min(chunk, tokenCount - first) }, temporary);
  }
  memory.release(mark);
}
