/**
 * Owns the first-order effects of a matrix's rows and groups, from its input, its output and the gradient of its output.
 *
 * With y = W·x, inverting the bits of row r negates y_r: Δy_r = −2·y_r, at every token, exactly. Inverting one group of
 * it changes y_r by −2 times the part of y_r that the group's columns make up. An effect is Σ over tokens of ∂F/∂y_r · Δy_r.
 */
import type { EffectScope, EffectVisitor } from './engine.js';
import { type Graph, type Span, tileBytes, tilesOf } from './forward.js';
import { type Address, type BitMatrix, BLOCK_COLUMNS, LANES } from './kernels/kernels.js';

/** Whose fitness each token serves. */
export interface Owners {
  /** i32 (tokens): non-decreasing. */
  ofToken: Address;
  count: number;
  tokenCount: number;
}

/** Where effects go, and of what. */
export interface EffectRequest {
  owners: Owners;
  scope: EffectScope;
  visit: EffectVisitor;
  /** Where effects of groups are added up instead of being handed out: see `summing`. */
  sums?: GroupSums;
}

/** Tensors that are stacked in one matrix. */
export interface Stacked {
  tensors: readonly string[];
  weights: BitMatrix;
}

/** Effects of all groups of some matrices: (groups, owners, rows) each, by its first tensor. */
type GroupSums = ReadonlyMap<string, Address>;

/** Whether any of some tensors is in scope. */
export const isAnyIn = ({ includes = () => true }: EffectScope, tensors: readonly string[]): boolean =>
  tensors.some((tensor) => includes(tensor));

/** A stream with and without what was added to it: tiles of its features. */
interface Added {
  after: Address;
  before: Address;
}

/** Tokens whose group products are computed at a time: those of some thousand rows stay in cache. */
const SPAN = 16 * LANES;

/** Bytes that sums, and the products of a span, may take. */
const SUMMING_BYTES = 2 ** 30;

/**
 * The request as one that adds up the effects of groups in room that is allocated here, so that tokens can be taken span after
 * span, and what a span's groups make is at hand for them. `handOutSums` ends it. Undefined where no groups are asked for, or
 * where there is not the room: then all tokens are taken at once, and groups are handed out one by one.
 */
export function summing(graph: Graph, request: EffectRequest, stacks: readonly Stacked[]): EffectRequest | undefined {
  const { scope, owners } = request;
  const asked = stacks.filter(({ tensors }) => isAnyIn(scope, tensors));
  const features = asked.reduce((sum, { weights }) => sum + groupsOf(weights).count * weights.rows, 0);
  if (scope.unit !== 'group' || features === 0) return undefined;
  if (features * (owners.count + SPAN) * 4 > SUMMING_BYTES) return undefined;
  const sums = asked.map(({ tensors, weights }): [string, Address] => {
    return [tensors[0], zeros(graph, groupsOf(weights).count * owners.count * weights.rows)];
  });
  return { ...request, sums: new Map(sums) };
}

/** Hands out what was added up. */
export function handOutSums(graph: Graph, request: EffectRequest, stacks: readonly Stacked[]): void {
  for (const { tensors, weights } of stacks) {
    const sums = request.sums?.get(tensors[0]);
    for (let group = 0; sums !== undefined && group < groupsOf(weights).count; group++) {
      const out = sums + group * request.owners.count * weights.rows * 4;
      handOut(graph, request, tensors, group, out, weights.rows);
    }
  }
}

/** Spans of tokens, of which the last may be shorter. */
export const spansOf = (tokenCount: number): Span[] =>
  Array.from({ length: Math.ceil(tokenCount / SPAN) }, (_, i) => ({
    first: i * SPAN,
    count: Math.min(SPAN, tokenCount - i * SPAN),
  }));

/** Those of the owners' tokens that a span has. */
export const inSpan = (owners: Owners, { first, count }: Span): Owners => ({
  ...{ ofToken: owners.ofToken + first * 4, count: owners.count, tokenCount: count },
});

/**
 * Hands out factor · Σ gradient·value of the rows of some tensors that are stacked in one matrix. gradient and value are
 * tiles of its rows. Where the value is what was added to a stream, that is `after` less `before`.
 */
export function visitRows(
  graph: Graph,
  request: EffectRequest,
  tensors: readonly string[],
  { gradient, factor, ...given }: { gradient: Address; factor: number } & ({ value: Address } | Added),
): void {
  if (request.scope.unit !== 'row' || !isAnyIn(request.scope, tensors)) return;
  const features = tensors.reduce((sum, tensor) => sum + rowsOf(graph, tensor), 0);
  const { memory } = graph.kernels;
  const mark = memory.mark();
  const out = zeros(graph, request.owners.count * features);
  const value = 'value' in given ? given.value : difference(graph, given, request.owners.tokenCount, features);
  addEffects(graph, request.owners, { gradient, value, factor, groups: 1, out, features });
  handOut(graph, request, tensors, undefined, out, features);
  memory.release(mark);
}

/** The products of each group of a matrix with its own 128 columns: (groups) tiles of the matrix's rows. */
export type GroupProducts = Address;

/**
 * Multiplies as the groups of a matrix do, one by one, and adds up to out = W·x what they make: x tiles of its columns, out
 * tiles of its rows. The products are for `visitGroups`, which so need not multiply again. Undefined, with nothing done, where
 * the effects of these groups are not added up.
 */
export function multiplyGroups(
  graph: Graph,
  { sums, owners }: EffectRequest,
  { tensors, weights, x, out }: Stacked & { x: Address; out: Address },
): GroupProducts | undefined {
  if (!sums?.has(tensors[0])) return undefined;
  const { kernels } = graph;
  const { memory } = kernels;
  const bytes = tileBytes(owners.tokenCount, weights.rows);
  const groups = groupsOf(weights);
  const products = memory.allocate(groups.count * bytes);
  kernels.matmulGroups({ x, weights, groups, out: products, tiles: tilesOf(owners.tokenCount) });
  if (groups.count === 1) memory.f32(out, bytes / 4).set(memory.f32(products, bytes / 4));
  for (let group = 1; group < groups.count; group++) {
    kernels.add({ a: group === 1 ? products : out, b: products + group * bytes, out, count: bytes / 4 });
  }
  return products;
}

/**
 * Hands out the effects of the groups of a matrix, group after group, or adds them up: x tiles of its columns, gradient tiles
 * of its rows. The part of an output that 128 columns make is the product with the matrix of these columns.
 */
export function visitGroups(
  graph: Graph,
  request: EffectRequest,
  { products, ...of }: Stacked & { x: Address; gradient: Address; products?: GroupProducts },
): void {
  const { tensors, weights } = of;
  if (request.scope.unit !== 'group' || !isAnyIn(request.scope, tensors)) return;
  const { memory } = graph.kernels;
  const { owners } = request;
  const sums = request.sums?.get(tensors[0]);
  const mark = memory.mark();
  if (sums !== undefined) {
    const whole = { first: 0, count: owners.tokenCount };
    addGroupEffects(graph, owners, whole, { ...of, groups: groupsOf(weights), products, out: sums });
  } else {
    const out = memory.allocate(owners.count * weights.rows * 4);
    for (let group = 0; group < groupsOf(weights).count; group++) {
      memory.f32(out, owners.count * weights.rows).fill(0);
      for (const span of spansOf(owners.tokenCount)) {
        addGroupEffects(graph, owners, span, { ...of, groups: { first: group, count: 1 }, out });
      }
      handOut(graph, request, tensors, group, out, weights.rows);
    }
  }
  memory.release(mark);
}

/** Adds what some groups have for effects in a span of tokens to out: (groups, owners, rows). */
function addGroupEffects(
  graph: Graph,
  owners: Owners,
  span: Span,
  of: Omit<Stacked, 'tensors'> & {
    x: Address;
    gradient: Address;
    groups: Span;
    products?: GroupProducts;
    out: Address;
  },
): void {
  const { kernels } = graph;
  const { memory } = kernels;
  const { weights, groups, out, products } = of;
  const { rows, columns } = weights;
  const mark = memory.mark();
  const value = products ?? memory.allocate(groups.count * tileBytes(span.count, rows));
  if (products === undefined) {
    const x = of.x + tileBytes(span.first, columns);
    kernels.matmulGroups({ x, weights, groups, out: value, tiles: tilesOf(span.count) });
  }
  const gradient = of.gradient + tileBytes(span.first, rows);
  const factors = { gradient, value, factor: -2, groups: groups.count, out, features: rows };
  addEffects(graph, inSpan(owners, span), factors);
  memory.release(mark);
}

/** All groups of a matrix. */
const groupsOf = ({ columns }: BitMatrix): Span => ({ first: 0, count: columns / BLOCK_COLUMNS });

function addEffects(
  { kernels }: Graph,
  owners: Owners,
  factors: { gradient: Address; value: Address; factor: number; groups: number; out: Address; features: number },
): void {
  const { ofToken, count, tokenCount } = owners;
  kernels.rowEffects({ ...factors, owners: ofToken, ownerCount: count, tokenCount });
}

/** Cuts effects (owners, features) into the stacked tensors' own, of those in scope. */
function handOut(
  graph: Graph,
  { owners, scope, visit }: EffectRequest,
  tensors: readonly string[],
  group: number | undefined,
  out: Address,
  features: number,
): void {
  let first = 0;
  for (const tensor of tensors) {
    const rows = rowsOf(graph, tensor);
    if (isAnyIn(scope, [tensor])) {
      // A view anew: what is handed out may have more memory allocated.
      const all = graph.kernels.memory.f32(out, owners.count * features);
      const values = new Float32Array(owners.count * rows);
      for (let owner = 0; owner < owners.count; owner++) {
        const start = owner * features + first;
        values.set(all.subarray(start, start + rows), owner * rows);
      }
      visit({ tensor, group, owners: owners.count, rows, values });
    }
    first += rows;
  }
}

function difference({ kernels }: Graph, { after, before }: Added, tokenCount: number, features: number): Address {
  const out = kernels.memory.allocate(tileBytes(tokenCount, features));
  kernels.subtract({ a: after, b: before, out, count: tileBytes(tokenCount, features) / 4 });
  return out;
}

const rowsOf = ({ weights }: Graph, tensor: string): number => weights.slots.get(tensor)?.rows ?? 0;

function zeros({ kernels: { memory } }: Graph, length: number): Address {
  const address = memory.allocate(length * 4);
  memory.f32(address, length).fill(0);
  return address;
}
