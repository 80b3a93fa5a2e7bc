/**
 * Owns the gradient: from the logits back through the Qwen3 graph, and on the way the first-order effect of every row.
 *
 * Of the forward pass only the residual stream before each layer is kept; a layer's own activations are computed again
 * when its turn comes. With y = W·x, inverting the bits of row r negates y_r: Δy_r = −2·y_r, at every token, exactly. So
 * the effect of a row is Σ over tokens of ∂F/∂y_r · Δy_r. For a gate row the change of the hidden unit is known exactly,
 * silu(−g)·u − silu(g)·u = −g·u, and is used instead of its linear part.
 */
import {
  attend,
  forLogits,
  type Graph,
  headArguments,
  type KeyValueRows,
  type LogitChunk,
  projectHeads,
  type Span,
  tileBytes,
  tilesOf,
  type Tokens,
  transform,
} from './forward.js';
import { type Address, LANES } from './kernels/kernels.js';
import type { LayerWeights, Weights } from './weights.js';

/** Receives the effects of the rows of one of the layer's tensors: (owners, rows). */
export type EffectVisitor = (projection: Projection, effects: Float32Array) => void;

/** The matrices whose rows get an effect, by their GGUF names. */
export type Projection = 'attn_q' | 'attn_k' | 'attn_v' | 'attn_output' | 'ffn_gate' | 'ffn_up' | 'ffn_down';

/** Whose fitness each token serves. */
export interface Owners {
  /** i32 (tokens): non-decreasing. */
  ofToken: Address;
  count: number;
}

/** Fills the gradient with respect to a chunk's logits, in their place. */
export type LogitGradient = (chunk: LogitChunk) => void;

/** Computes the gradient with respect to the final residual stream x: → tiles of width, to be released by the caller. */
export function gradientOfStream(
  graph: Graph,
  x: Address,
  tokenCount: number,
  rows: Address,
  rowCount: number,
  gradient: LogitGradient,
): Address {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const { width, epsilon } = config;
  const dx = allocateZeros(graph, tokenCount, width);
  forLogits(graph, x, rows, rowCount, (chunk) => {
    gradient(chunk);
    const tiles = tilesOf(chunk.count);
    const mark = memory.mark();
    const dNormed = memory.allocate(tileBytes(chunk.count, width));
    const dStream = allocateZeros(graph, chunk.count, width);
    kernels.matmulTransposed({ dOut: chunk.logits, weights: weights.head, dx: dNormed, tiles, accumulate: false });
    const norm = { x: chunk.stream, weight: weights.outputNorm, features: width, tiles, epsilon };
    kernels.rmsNormBackward({ ...norm, dOut: dNormed, dx: dStream });
    kernels.scatter({ x: dStream, rows: rows + chunk.first * 4, rowCount: chunk.count, out: dx, features: width });
    memory.release(mark);
  });
  return dx;
}

/**
 * Carries the gradient dx (tiles of width) from after a layer to before it, in place, and reports the effects of the
 * layer's rows. x is the residual stream before the layer; it is overwritten.
 */
export function backThroughLayer(
  graph: Graph,
  index: number,
  batch: Tokens,
  x: Address,
  dx: Address,
  owners: Owners,
  visit: EffectVisitor,
): void {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const { width, mlp, heads, kvHeads, headDim, epsilon } = config;
  const layer = weights.layers[index];
  const { count } = batch;
  const whole: Span = { first: 0, count };
  const tiles = tilesOf(count);
  const mark = memory.mark();
  const tile = (features: number): Address => memory.allocate(tileBytes(count, features));
  const tokenMajor = (features: number): Address => memory.allocate(count * features * 4);

  const before = streamOf(graph, x, count).slice();
  const rows = { keys: tokenMajor(kvHeads * headDim), values: tokenMajor(kvHeads * headDim) };
  const normed = tile(width);
  const projected = tile(layer.qkv.rows);
  const queries = tokenMajor(heads * headDim);
  projectHeads(graph, layer, batch, whole, rows, x, { normed, projected, queries });
  attend(graph, layer, batch, whole, rows, x, { queries, attended: tile(heads * headDim) });
  const middle = streamOf(graph, x, count).slice();
  const [gateUp, hidden] = [tile(2 * mlp), tile(mlp)];
  transform(graph, layer, whole, x, { normed, gateUp, hidden });

  const visitAll = (projections: readonly Projection[], gradient: Address, value: Address, factor: number): void =>
    visitEffects(graph, index, batch, owners, projections, { gradient, value, factor }, visit);
  /** Replaces x, the stream after an addition, by what was added to the stream before it. */
  const addition = (streamBefore: Float32Array): Address => {
    const view = streamOf(graph, x, count);
    for (let i = 0; i < view.length; i++) view[i] -= streamBefore[i];
    return x;
  };
  const restore = (stream: Float32Array): Address => {
    streamOf(graph, x, count).set(stream);
    return x;
  };

  // MLP
  visitAll(['ffn_down'], dx, addition(middle), -2);
  const dHidden = tile(mlp);
  kernels.matmulTransposed({ dOut: dx, weights: layer.down, dx: dHidden, tiles, accumulate: false });
  visitAll(['ffn_up'], dHidden, hidden, -2);
  const dGateUp = tile(2 * mlp);
  kernels.swigluBackward({ gateUp, dHidden, dGateUp, features: mlp, tiles });
  multiplyHalves(graph, gateUp, hidden, mlp, tiles);
  visitAll(['ffn_gate'], dHidden, hidden, -1);
  const dNormed = tile(width);
  kernels.matmulTransposed({ dOut: dGateUp, weights: layer.gateUp, dx: dNormed, tiles, accumulate: false });
  const mlpNorm = { weight: layer.mlpNorm, features: width, tiles, epsilon };
  kernels.rmsNormBackward({ x: restore(middle), ...mlpNorm, dOut: dNormed, dx });

  // Attention
  visitAll(['attn_output'], dx, addition(before), -2);
  const dAttended = tile(heads * headDim);
  kernels.matmulTransposed({ dOut: dx, weights: layer.output, dx: dAttended, tiles, accumulate: false });
  const dProjected = tile(layer.qkv.rows);
  backThroughHeads(graph, layer, batch, rows, { queries, projected, dAttended, dProjected });
  visitAll(['attn_q', 'attn_k', 'attn_v'], dProjected, projected, -2);
  kernels.matmulTransposed({ dOut: dProjected, weights: layer.qkv, dx: dNormed, tiles, accumulate: false });
  const attentionNorm = { weight: layer.attentionNorm, features: width, tiles, epsilon };
  kernels.rmsNormBackward({ x: restore(before), ...attentionNorm, dOut: dNormed, dx });
  memory.release(mark);
}

/** The gradient of attention and of the splitting into heads: dAttended (tiles) → dProjected (tiles of qkv.rows). */
function backThroughHeads(
  { config, kernels }: Graph,
  layer: LayerWeights,
  batch: Tokens,
  rows: KeyValueRows,
  { queries, projected, dAttended, dProjected }: Record<'queries' | 'projected' | 'dAttended' | 'dProjected', Address>,
): void {
  const { heads, kvHeads, headDim } = config;
  const { memory } = kernels;
  const { count } = batch;
  const mark = memory.mark();
  const dQueries = memory.allocate(count * heads * headDim * 4);
  const dKeys = memory.allocate(count * kvHeads * headDim * 4);
  const dValues = memory.allocate(count * kvHeads * headDim * 4);
  kernels.attentionBackward({
    queries,
    ...rows,
    pathOffsets: batch.pathOffsets,
    path: batch.path,
    longestPath: batch.longestPath,
    tokenCount: count,
    rowCount: count,
    heads,
    kvHeads,
    headDim,
    dOut: dAttended,
    dQueries,
    dKeys,
    dValues,
  });
  const span = headArguments(config, layer, batch, { first: 0, count });
  kernels.splitHeadsBackward({ ...span, projected, dQueries, dKeys, dValues, dProjected });
  memory.release(mark);
}

/** Sums the effects of the rows of one (stacked) matrix over the tokens of each owner, and hands out each tensor's. */
function visitEffects(
  graph: Graph,
  layer: number,
  batch: Tokens,
  owners: Owners,
  projections: readonly Projection[],
  { gradient, value, factor }: { gradient: Address; value: Address; factor: number },
  visit: EffectVisitor,
): void {
  const { kernels, weights } = graph;
  const { memory } = kernels;
  const rowCounts = projections.map((projection) => rowsOf(weights, layer, projection));
  const features = rowCounts.reduce((sum, rows) => sum + rows, 0);
  const mark = memory.mark();
  const out = memory.allocate(owners.count * features * 4);
  memory.f32(out, owners.count * features).fill(0);
  const token = { tokenCount: batch.count, owners: owners.ofToken, ownerCount: owners.count };
  kernels.rowEffects({ gradient, value, factor, ...token, out, features });
  const all = memory.f32(out, owners.count * features);
  let first = 0;
  projections.forEach((projection, i) => {
    const effects = new Float32Array(owners.count * rowCounts[i]);
    for (let owner = 0; owner < owners.count; owner++) {
      const start = owner * features + first;
      effects.set(all.subarray(start, start + rowCounts[i]), owner * rowCounts[i]);
    }
    visit(projection, effects);
    first += rowCounts[i];
  });
  memory.release(mark);
}

const rowsOf = (weights: Weights, layer: number, projection: Projection): number =>
  weights.slots.get(`blk.${layer}.${projection}.weight`)?.rows ?? 0;

/** out (tiles of features) = gate · up of gateUp (tiles of 2·features). */
function multiplyHalves({ kernels }: Graph, gateUp: Address, out: Address, features: number, tiles: number): void {
  const bytes = tileBytes(LANES, features);
  for (let tile = 0; tile < tiles; tile++) {
    const gate = gateUp + 2 * tile * bytes;
    kernels.multiply({ a: gate, b: gate + bytes, out: out + tile * bytes, count: features * LANES });
  }
}

function streamOf({ config, kernels }: Graph, x: Address, tokenCount: number): Float32Array {
  return kernels.memory.f32(x, tileBytes(tokenCount, config.width) / 4);
}

function allocateZeros({ kernels: { memory } }: Graph, tokenCount: number, features: number): Address {
  const address = memory.allocate(tileBytes(tokenCount, features));
  memory.f32(address, tileBytes(tokenCount, features) / 4).fill(0);
  return address;
}
