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
}

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

/** Bytes that the products of all groups of a matrix may take, to be kept from forward to back. */
const KEPT_BYTES = 512 << 20;

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
  addEffects(graph, request.owners, { gradient, value, factor, out, features });
  handOut(graph, request, tensors, undefined, out, features);
  memory.release(mark);
}

/** The products of each group of a matrix with its own 128 columns, of all tokens: (groups) tiles of the matrix's rows. */
export type GroupProducts = Address;

/**
 * Multiplies as the groups of the tensors stacked in `weights` do, one by one, and adds up to out = W·x what they make: x tiles
 * of its columns, out tiles of its rows. The products are for `visitGroups`, which so need not multiply again. Undefined, with
 * nothing done, where nobody asks for these groups, or where their products would take too much memory.
 */
export function multiplyGroups(
  graph: Graph,
  { scope, owners }: EffectRequest,
  tensors: readonly string[],
  { weights, x, out }: { weights: BitMatrix; x: Address; out: Address },
): GroupProducts | undefined {
  const { kernels } = graph;
  const { memory } = kernels;
  const { rows, columns } = weights;
  const [groups, bytes] = [columns / BLOCK_COLUMNS, tileBytes(owners.tokenCount, rows)];
  if (scope.unit !== 'group' || !isAnyIn(scope, tensors) || groups * bytes > KEPT_BYTES) return undefined;
  const products = memory.allocate(groups * bytes);
  forSpans(graph, owners.tokenCount, ({ first, count }, input) => {
    const sum = { out: out + tileBytes(first, rows), count: tileBytes(count, rows) / 4 };
    for (let group = 0; group < groups; group++) {
      const product = products + group * bytes + tileBytes(first, rows);
      const from = x + tileBytes(first, columns);
      multiplyGroup(graph, weights, group, { x: from, input, out: product, tiles: tilesOf(count) });
      if (group === 0) memory.f32(sum.out, sum.count).set(memory.f32(product, sum.count));
      else kernels.add({ ...sum, a: sum.out, b: product });
    }
  });
  return products;
}

/**
 * Hands out the effects of the groups of the tensors stacked in `weights`, group after group: x tiles of its columns,
 * gradient tiles of its rows. The part of an output that 128 columns make is the product with the matrix of these columns.
 */
export function visitGroups(
  graph: Graph,
  request: EffectRequest,
  tensors: readonly string[],
  { weights, x, gradient, products }: { weights: BitMatrix; x: Address; gradient: Address; products?: GroupProducts },
): void {
  if (request.scope.unit !== 'group' || !isAnyIn(request.scope, tensors)) return;
  const { memory } = graph.kernels;
  const { rows, columns } = weights;
  const { owners } = request;
  const mark = memory.mark();
  const out = memory.allocate(owners.count * rows * 4);
  const part = memory.allocate(tileBytes(Math.min(SPAN, owners.tokenCount), rows));
  for (let group = 0; group < columns / BLOCK_COLUMNS; group++) {
    memory.f32(out, owners.count * rows).fill(0);
    forSpans(graph, owners.tokenCount, ({ first, count }, input) => {
      let value = part;
      if (products !== undefined) {
        value = products + group * tileBytes(owners.tokenCount, rows) + tileBytes(first, rows);
      } else {
        const from = x + tileBytes(first, columns);
        multiplyGroup(graph, weights, group, { x: from, input, out: part, tiles: tilesOf(count) });
      }
      const ofSpan = { ofToken: owners.ofToken + first * 4, count: owners.count, tokenCount: count };
      addEffects(graph, ofSpan, {
        gradient: gradient + tileBytes(first, rows),
        value,
        factor: -2,
        out,
        features: rows,
      });
    });
    handOut(graph, request, tensors, group, out, rows);
  }
  memory.release(mark);
}

/** Visits spans of tokens, with room for the columns of a group of them. */
function forSpans(
  { kernels: { memory } }: Graph,
  tokenCount: number,
  visit: (span: Span, input: Address) => void,
): void {
  const mark = memory.mark();
  const input = memory.allocate(tileBytes(Math.min(SPAN, tokenCount), BLOCK_COLUMNS));
  for (let first = 0; first < tokenCount; first += SPAN) {
    visit({ first, count: Math.min(SPAN, tokenCount - first) }, input);
  }
  memory.release(mark);
}

/** out = what one group makes of W·x: x tiles of W's columns, input room for tiles of 128, out tiles of W's rows. */
function multiplyGroup(
  graph: Graph,
  weights: BitMatrix,
  group: number,
  { x, input, out, tiles }: { x: Address; input: Address; out: Address; tiles: number },
): void {
  const { rows, columns } = weights;
  copyColumns(graph, x, columns, group, tiles, input);
  const block = {
    bits: weights.bits + group * rows * (BLOCK_COLUMNS / 8),
    scales: weights.scales + group * rows * 4,
    rows,
    columns: BLOCK_COLUMNS,
  };
  graph.kernels.matmul({ x: input, weights: block, out, tiles, accumulate: false });
}

function addEffects(
  { kernels }: Graph,
  owners: Owners,
  products: { gradient: Address; value: Address; factor: number; out: Address; features: number },
): void {
  const { ofToken, count, tokenCount } = owners;
  kernels.rowEffects({ ...products, owners: ofToken, ownerCount: count, tokenCount });
}

/** Copies the 128 columns of a group out of tiles of `columns`. */
function copyColumns({ kernels }: Graph, x: Address, columns: number, group: number, tiles: number, to: Address): void {
  const bytes = BLOCK_COLUMNS * LANES * 4;
  const all = kernels.memory.u8(0, Math.max(x + tiles * columns * LANES * 4, to + tiles * bytes));
  for (let tile = 0; tile < tiles; tile++) {
    const from = x + (tile * columns + group * BLOCK_COLUMNS) * LANES * 4;
    all.copyWithin(to + tile * bytes, from, from + bytes);
  }
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
  const all = graph.kernels.memory.f32(out, owners.count * features);
  let first = 0;
  for (const tensor of tensors) {
    const rows = rowsOf(graph, tensor);
    if (isAnyIn(scope, [tensor])) {
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
