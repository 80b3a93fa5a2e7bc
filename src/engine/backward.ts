/**
 * Owns the gradient: from the logits back through the Qwen3 graph, and on the way the first-order effects of weights.
 *
 * Of the forward pass only the residual stream before and after each layer is kept; a layer's own activations are
 * computed again when its turn comes, but for the product with `down`, which is what the stream then gained. For a gate
 * row the change of the hidden unit is known exactly, silu(−g)·u − silu(g)·u = −g·u, and is used instead of its linear
 * part; the effects of everything else are linear in the gradient of the matrix's output.
 */
import {
  type EffectRequest,
  handOutSums,
  inSpan,
  isAnyIn,
  multiplyGroups,
  type Owners,
  spansOf,
  type Stacked,
  summing,
  visitGroups,
  visitRows,
} from './effects.js';
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
} from './forward.js';
import type { Address } from './kernels/kernels.js';
import type { LayerWeights } from './weights.js';

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

/** Some tokens of a batch, and whose they are. */
export interface SomeTokens {
  rows: Address; // (owners.tokenCount) i32, ascending
  owners: Owners;
}

/** How the gradient comes to a layer, and whether it goes on. */
export interface Course {
  /** The tokens that alone have a gradient after the layer: nothing else goes back through its MLP. */
  moving?: SomeTokens;
  /** Whether no layer below is in scope: the gradient then goes only as far as something is that needs it. */
  isLowest: boolean;
}

/**
 * Carries the gradient dx (tiles of width) from after a layer to before it, in place, and reports the effects of the
 * layer's matrices. before and after are the residual stream on the layer's two sides: tiles of width.
 */
export function backThroughLayer(
  graph: Graph,
  index: number,
  batch: Tokens,
  { before, after }: { before: Address; after: Address },
  dx: Address,
  request: EffectRequest,
  { moving, isLowest }: Course,
): void {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const { width, heads, kvHeads, headDim } = config;
  const layer = weights.layers[index];
  const { count } = batch;
  const whole: Span = { first: 0, count };
  const mark = memory.mark();
  const tile = (features: number): Address => memory.allocate(tileBytes(count, features));
  const tokenMajor = (features: number): Address => memory.allocate(count * features * 4);

  const rows = { keys: tokenMajor(kvHeads * headDim), values: tokenMajor(kvHeads * headDim) };
  const [normed, projected, queries] = [tile(width), tile(layer.qkv.rows), tokenMajor(heads * headDim)];
  projectHeads(graph, layer, batch, whole, rows, before, { normed, projected, queries });
  const attended = tile(heads * headDim);
  const middle = tile(width);
  streamOf(graph, middle, count).set(streamOf(graph, before, count));
  attend(graph, layer, batch, whole, rows, middle, { queries, attended });

  const endsAtMlp = isLowest && !isAnyIn(request.scope, namesOf(index, ...OUTPUT, ...INPUTS));
  if (moving) backThroughMlpOf(graph, index, moving, { middle, after, dx }, request, endsAtMlp);
  else backThroughMlp(graph, index, { middle, after, dx }, request, endsAtMlp);
  if (!endsAtMlp) {
    const activations = { normed, projected, queries, ...rows, attended };
    backThroughAttention(graph, index, batch, { before, middle, dx }, activations, request, isLowest);
  }
  memory.release(mark);
}

const OUTPUT = ['attn_output'];
const INPUTS = ['attn_q', 'attn_k', 'attn_v'];

/** What attention was computed with: normed and attended are tiles, as is projected, of q | k | v; the rest is token-major. */
type AttentionActivations = KeyValueRows & Record<'normed' | 'projected' | 'queries' | 'attended', Address>;

/** The way back through a layer's attention; where the layer is the lowest, dx stays, as nothing needs it any more. */
function backThroughAttention(
  graph: Graph,
  index: number,
  batch: Tokens,
  { before, middle, dx }: { before: Address; middle: Address; dx: Address },
  { normed, projected, attended, ...rest }: AttentionActivations,
  request: EffectRequest,
  isLowest: boolean,
): void {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const { width, heads, headDim, epsilon } = config;
  const layer = weights.layers[index];
  const tiles = tilesOf(batch.count);
  const mark = memory.mark();
  const tile = (features: number): Address => memory.allocate(tileBytes(batch.count, features));

  const [outputs, inputs] = [namesOf(index, ...OUTPUT), namesOf(index, ...INPUTS)];
  visitRows(graph, request, outputs, { gradient: dx, after: middle, before, factor: -2 });
  visitGroups(graph, request, { tensors: outputs, weights: layer.output, x: attended, gradient: dx });
  const dAttended = tile(heads * headDim);
  kernels.matmulTransposed({ dOut: dx, weights: layer.output, dx: dAttended, tiles, accumulate: false });
  const dProjected = tile(layer.qkv.rows);
  backThroughHeads(graph, layer, batch, { ...rest, projected, dAttended, dProjected });
  visitRows(graph, request, inputs, { gradient: dProjected, value: projected, factor: -2 });
  visitGroups(graph, request, { tensors: inputs, weights: layer.qkv, x: normed, gradient: dProjected });
  if (!isLowest) {
    const dNormed = tile(width);
    kernels.matmulTransposed({ dOut: dProjected, weights: layer.qkv, dx: dNormed, tiles, accumulate: false });
    const attentionNorm = { weight: layer.attentionNorm, features: width, tiles, epsilon };
    kernels.rmsNormBackward({ x: before, ...attentionNorm, dOut: dNormed, dx });
  }
  memory.release(mark);
}

/** The residual stream on both sides of an MLP, and its gradient, carried from after to before: tiles of width. */
interface AroundMlp {
  middle: Address;
  after: Address;
  dx: Address;
}

/** The way back through a layer's MLP, of all tokens that the request's owners have; dx stays where the way ends here. */
function backThroughMlp(
  graph: Graph,
  index: number,
  around: AroundMlp,
  request: EffectRequest,
  endsHere: boolean,
): void {
  const { memory } = graph.kernels;
  const { gateUp, down } = graph.weights.layers[index];
  const stacks = {
    outputs: { tensors: namesOf(index, 'ffn_down'), weights: down },
    units: { tensors: namesOf(index, 'ffn_gate', 'ffn_up'), weights: gateUp },
  };
  const mark = memory.mark();
  const added = summing(graph, request, Object.values(stacks));
  if (added) {
    for (const span of spansOf(request.owners.tokenCount)) {
      const from = (x: Address): Address => x + tileBytes(span.first, graph.config.width);
      const part = { middle: from(around.middle), after: from(around.after), dx: from(around.dx) };
      spanThroughMlp(graph, index, stacks, part, { ...added, owners: inSpan(request.owners, span) }, endsHere);
    }
    handOutSums(graph, added, Object.values(stacks));
  } else {
    spanThroughMlp(graph, index, stacks, around, request, endsHere);
  }
  memory.release(mark);
}

/** The same of some tokens that follow one another, those that the request's owners have. */
function spanThroughMlp(
  graph: Graph,
  index: number,
  { outputs, units }: Record<'outputs' | 'units', Stacked>,
  { middle, after, dx }: AroundMlp,
  request: EffectRequest,
  endsHere: boolean,
): void {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const { width, mlp, epsilon } = config;
  const layer = weights.layers[index];
  const count = request.owners.tokenCount;
  const tiles = tilesOf(count);
  const mark = memory.mark();
  const tile = (features: number): Address => memory.allocate(tileBytes(count, features));

  const [normed, gateUp] = [tile(width), tile(2 * mlp)];
  const norm = { x: middle, weight: layer.mlpNorm, features: width, tiles, epsilon };
  kernels.rmsNorm({ ...norm, out: normed });
  const products = multiplyGroups(graph, request, { ...units, x: normed, out: gateUp });
  if (products === undefined) {
    graph.multiply({ x: normed, weights: layer.gateUp, out: gateUp, tiles, tokenCount: count, accumulate: false });
  }
  visitRows(graph, request, outputs.tensors, { gradient: dx, after, before: middle, factor: -2 });
  const [dHidden, hidden, product] = [tile(mlp), tile(mlp), tile(mlp)];
  kernels.matmulTransposed({ dOut: dx, weights: layer.down, dx: dHidden, tiles, accumulate: false });
  const dGateUp = gateUp;
  kernels.swigluBackward({ gateUp, dHidden, dGateUp, hidden, product, features: mlp, tiles });
  visitGroups(graph, request, { ...outputs, x: hidden, gradient: dx });
  visitRows(graph, request, namesOf(index, 'ffn_up'), { gradient: dHidden, value: hidden, factor: -2 });
  visitRows(graph, request, namesOf(index, 'ffn_gate'), { gradient: dHidden, value: product, factor: -1 });
  visitGroups(graph, request, { ...units, x: normed, gradient: dGateUp, products });
  if (!endsHere) {
    const dNormed = tile(width);
    kernels.matmulTransposed({ dOut: dGateUp, weights: layer.gateUp, dx: dNormed, tiles, accumulate: false });
    kernels.rmsNormBackward({ ...norm, dOut: dNormed, dx });
  }
  memory.release(mark);
}

/** The same of some tokens of the streams alone. */
function backThroughMlpOf(
  graph: Graph,
  index: number,
  { rows, owners }: SomeTokens,
  { middle, after, dx }: AroundMlp,
  request: EffectRequest,
  endsHere: boolean,
): void {
  const { config, kernels } = graph;
  const { memory } = kernels;
  const of = { rows, rowCount: owners.tokenCount, features: config.width };
  const mark = memory.mark();
  const [middleOf, afterOf, dxOf] = [middle, after, dx].map((x) => {
    const out = memory.allocate(tileBytes(owners.tokenCount, config.width));
    kernels.gather({ ...of, x, out });
    return out;
  });
  backThroughMlp(graph, index, { middle: middleOf, after: afterOf, dx: dxOf }, { ...request, owners }, endsHere);
  kernels.scatter({ ...of, x: dxOf, out: dx });
  memory.release(mark);
}

const namesOf = (layer: number, ...parts: string[]): string[] => parts.map((part) => `blk.${layer}.${part}.weight`);

/** The gradient of attention and of the splitting into heads: dAttended (tiles) → dProjected (tiles of qkv.rows). */
function backThroughHeads(
  { config, kernels }: Graph,
  layer: LayerWeights,
  batch: Tokens,
  {
    projected,
    dAttended,
    dProjected,
    ...rows
  }: KeyValueRows & Record<'queries' | 'projected' | 'dAttended' | 'dProjected', Address>,
): void {
  const { heads, kvHeads, headDim } = config;
  const { memory } = kernels;
  const { count } = batch;
  const mark = memory.mark();
  const dQueries = memory.allocate(count * heads * headDim * 4);
  const dKeys = memory.allocate(count * kvHeads * headDim * 4);
  const dValues = memory.allocate(count * kvHeads * headDim * 4);
  kernels.attentionBackward({
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

function streamOf({ config, kernels }: Graph, x: Address, tokenCount: number): Float32Array {
  return kernels.memory.f32(x, tileBytes(tokenCount, config.width) / 4);
}

function allocateZeros({ kernels: { memory } }: Graph, tokenCount: number, features: number): Address {
  const address = memory.allocate(tileBytes(tokenCount, features));
  memory.f32(address, tileBytes(tokenCount, features) / 4).fill(0);
  return address;
}
