/**
 * Owns the first-order effects of a matrix's rows and groups, from its input, its output and the gradient of its output.
 *
 * With y = W·x, inverting the bits of row r negates y_r: Δy_r = −2·y_r, at every token, exactly. Inverting one group of
 * it changes y_r by −2 times the part of y_r that the group's columns make up. An effect is Σ over tokens of ∂F/∂y_r · Δy_r.
 */
import type { EffectScope, EffectVisitor } from './engine.js';
import { type Graph, tileBytes, tilesOf } from './forward.js';
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

/** Tiles whose group products are computed at a time: those of some thousand rows stay in cache. */
const GROUP_TILES = 16;

/**
 * Hands out factor · Σ gradient·value of the rows of some tensors that are stacked in one matrix. gradient and value are
 * tiles of its rows; only their `first` … rows are visited when the matrix stacks more tensors.
 */
export function visitRows(
  graph: Graph,
  request: EffectRequest,
  tensors: readonly string[],
  { gradient, value, factor }: { gradient: Address; value: Address; factor: number },
): void {
  if (request.scope.unit !== 'row' || !isAnyIn(request.scope, tensors)) return;
  const features = tensors.reduce((sum, tensor) => sum + rowsOf(graph, tensor), 0);
  const { memory } = graph.kernels;
  const mark = memory.mark();
  const out = zeros(graph, request.owners.count * features);
  addEffects(graph, request.owners, { gradient, value, factor, out, features });
  handOut(graph, request, tensors, undefined, out, features);
  memory.release(mark);
}

/**
 * Hands out the effects of the groups of the tensors stacked in `weights`, group after group: x tiles of its columns,
 * gradient tiles of its rows. The part of an output that 128 columns make is the product with the matrix of these columns.
 */
export function visitGroups(
  graph: Graph,
  request: EffectRequest,
  tensors: readonly string[],
  { weights, x, gradient }: { weights: BitMatrix; x: Address; gradient: Address },
): void {
  if (request.scope.unit !== 'group' || !isAnyIn(request.scope, tensors)) return;
  const { kernels } = graph;
  const { memory } = kernels;
  const { rows, columns } = weights;
  const { owners } = request;
  const mark = memory.mark();
  const out = memory.allocate(owners.count * rows * 4);
  const most = Math.min(GROUP_TILES * LANES, owners.tokenCount);
  const input = memory.allocate(tileBytes(most, BLOCK_COLUMNS));
  const part = memory.allocate(tileBytes(most, rows));
  for (let group = 0; group < columns / BLOCK_COLUMNS; group++) {
    const block = {
      bits: weights.bits + group * rows * (BLOCK_COLUMNS / 8),
      scales: weights.scales + group * rows * 4,
      rows,
      columns: BLOCK_COLUMNS,
    };
    memory.f32(out, owners.count * rows).fill(0);
    for (let first = 0; first < owners.tokenCount; first += most) {
      const tokenCount = Math.min(most, owners.tokenCount - first);
      const tiles = tilesOf(tokenCount);
      copyColumns(graph, x + tileBytes(first, columns), columns, group, tiles, input);
      kernels.matmul({ x: input, weights: block, out: part, tiles, accumulate: false });
      const span = { ofToken: owners.ofToken + first * 4, count: owners.count, tokenCount };
      const products = { gradient: gradient + tileBytes(first, rows), value: part, factor: -2, out, features: rows };
      addEffects(graph, span, products);
    }
    handOut(graph, request, tensors, group, out, rows);
  }
  memory.release(mark);
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

const rowsOf = ({ weights }: Graph, tensor: string): number => weights.slots.get(tensor)?.rows ?? 0;

function zeros({ kernels: { memory } }: Graph, length: number): Address {
  const address = memory.allocate(length * 4);
  memory.f32(address, length).fill(0);
  return address;
}
