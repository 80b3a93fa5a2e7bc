/** Owns the plain backend's products with one-bit matrices, and how it reads single weights. */
import { BLOCK_COLUMNS, LANES, type BitMatrix, type Memory } from './kernels.js';
import { BLOCK_BYTES, tiled, type Args } from './layout.js';

/** Quantized activations are integers up to this, and magnitudes count as at least so much (2⁻¹⁰⁰) among the largest. */
const LARGEST = 511;
const SMALLEST = 2 ** -100;

/** Reads single weights of a matrix: `sign(row, column)` is ±1, `scale(row, block)` its factor. */
export function readWeights(memory: Memory, { bits, scales, rows, columns }: BitMatrix) {
  const blocks = columns / BLOCK_COLUMNS;
  const signs = memory.u8(bits, blocks * rows * BLOCK_BYTES);
  const factors = memory.f32(scales, blocks * rows);
  return {
    blocks,
    sign(row: number, column: number): number {
      const within = column % BLOCK_COLUMNS;
      const block = (column - within) / BLOCK_COLUMNS;
      const byte = signs[(block * rows + row) * BLOCK_BYTES + (within >> 3)];
      return (byte >> (within & 7)) & 1 ? 1 : -1;
    },
    scale: (row: number, block: number): number => factors[block * rows + row],
  };
}

/** Kernel `matmul` of the interface. */
export function matmul(memory: Memory, args: Args<'matmul'>): void {
  multiply(memory, memory.f32(args.x, args.tiles * args.weights.columns * LANES), args);
}

/** Kernel `matmulGroups` of the interface. */
export function matmulGroups(memory: Memory, { x, weights, groups, out, tiles }: Args<'matmulGroups'>): void {
  const { rows, columns } = weights;
  const source = memory.f32(x, tiles * columns * LANES);
  for (let group = 0; group < groups.count; group++) {
    const first = (groups.first + group) * BLOCK_COLUMNS;
    // Activations of zero add nothing to what the others make.
    const alone = source.map((value, i) => {
      const column = Math.floor(i / LANES) % columns;
      return column >= first && column < first + BLOCK_COLUMNS ? value : 0;
    });
    multiply(memory, alone, { weights, out: out + group * tiles * rows * LANES * 4, tiles, accumulate: false });
  }
}

/** Kernel `matmulQuantized` of the interface. */
export function matmulQuantized(memory: Memory, args: Args<'matmulQuantized'>): void {
  const { columns } = args.weights;
  const source = Float64Array.from(memory.f32(args.x, args.tiles * columns * LANES));
  for (let token = 0; token < args.tiles * LANES; token++) {
    for (let first = 0; first < columns; first += BLOCK_COLUMNS) {
      const at = Array.from({ length: BLOCK_COLUMNS }, (_, i) => tiled(token, first + i, columns));
      const largest = at.reduce((most, i) => Math.max(most, Math.abs(source[i])), SMALLEST);
      // In float32, as the fast kernel does, so that both round a value halfway between to the same side.
      const inverse = Math.fround(LARGEST / largest);
      for (const i of at) source[i] = (roundToEven(Math.fround(source[i] * inverse)) * largest) / LARGEST;
    }
  }
  multiply(memory, source, args);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const above = value - floor;
  if (above !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** W·source for activations that are no longer in the kernels' memory. */
function multiply(
  memory: Memory,
  source: ArrayLike<number>,
  { weights, out, tiles, accumulate }: Omit<Args<'matmul'>, 'x'>,
): void {
  const { rows, columns } = weights;
  const { blocks, sign, scale } = readWeights(memory, weights);
  const target = memory.f32(out, tiles * rows * LANES);
  const signs = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) signs[column] = sign(row, column);
    for (let token = 0; token < tiles * LANES; token++) {
      let product = 0;
      for (let block = 0; block < blocks; block++) {
        let sum = 0;
        for (let column = block * BLOCK_COLUMNS; column < (block + 1) * BLOCK_COLUMNS; column++) {
          sum += signs[column] * source[tiled(token, column, columns)];
        }
        product += scale(row, block) * sum;
      }
      const at = tiled(token, row, rows);
      target[at] = accumulate ? target[at] + product : product;
    }
  }
}

/** Kernel `matmulTransposed` of the interface. */
export function matmulTransposed(memory: Memory, args: Args<'matmulTransposed'>): void {
  const { weights, tiles, accumulate } = args;
  const { rows, columns } = weights;
  const { sign, scale } = readWeights(memory, weights);
  const dOut = memory.f32(args.dOut, tiles * rows * LANES);
  const dx = memory.f32(args.dx, tiles * columns * LANES);
  const factors = new Float64Array(rows);
  for (let column = 0; column < columns; column++) {
    const block = Math.floor(column / BLOCK_COLUMNS);
    for (let row = 0; row < rows; row++) factors[row] = sign(row, column) * scale(row, block);
    for (let token = 0; token < tiles * LANES; token++) {
      const at = tiled(token, column, columns);
      let sum = accumulate ? dx[at] : 0;
      for (let row = 0; row < rows; row++) sum += factors[row] * dOut[tiled(token, row, rows)];
      dx[at] = sum;
    }
  }
}
