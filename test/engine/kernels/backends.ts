/** The backends that every kernel test runs over, and random data in their memory. */
import { afterAll, describe } from '@jest/globals';
import {
  BLOCK_COLUMNS,
  LANES,
  type Address,
  type BitMatrix,
  type Kernels,
} from '../../../src/engine/kernels/kernels.js';
import { tiled } from '../../../src/engine/kernels/layout.js';
import { createPlainKernels } from '../../../src/engine/kernels/plain.js';
import { createWasmKernels } from '../../../src/engine/kernels/wasm.js';

const open: Kernels[] = [];
afterAll(async () => {
  await Promise.all(open.splice(0).map((kernels) => kernels.dispose()));
});

/** Keeps a backend until the test file ends. */
export function keep(kernels: Kernels): Kernels {
  open.push(kernels);
  return kernels;
}

export const wasm = async (threads: number): Promise<Kernels> => keep(await createWasmKernels({ threads }));

export const plain = keep(createPlainKernels());
export const wasmByThreads = await Promise.all([wasm(1), wasm(2), wasm(3)]);

/** Defines the same tests for every backend. */
export function describeBackends(title: string, tests: (kernels: Kernels) => void): void {
  for (const kernels of [plain, ...wasmByThreads]) {
    describe(`${title} (${kernels.name}, ${kernels.threads} threads)`, () => tests(kernels));
  }
}

/** Seeded numbers in [0, 1): xorshift. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** About normally distributed values. */
export function randomValues(length: number, seed: number, spread = 1): Float32Array {
  const random = randomNumbers(seed * 7919 + 13);
  return Float32Array.from({ length }, () => (random() + random() + random() - 1.5) * 2 * spread);
}

export function placeF32({ memory }: Kernels, values: ArrayLike<number>): Address {
  const address = memory.allocate(values.length * 4);
  memory.f32(address, values.length).set(values);
  return address;
}

export function placeI32({ memory }: Kernels, values: ArrayLike<number>): Address {
  const address = memory.allocate(values.length * 4);
  memory.i32(address, values.length).set(values);
  return address;
}

/** A buffer of NaN, so that what a kernel leaves out shows. */
export const placeEmpty = (kernels: Kernels, length: number): Address =>
  placeF32(kernels, new Float32Array(length).fill(NaN));

export const readF32 = ({ memory }: Kernels, address: Address, length: number): Float32Array =>
  memory.f32(address, length).slice();

/** Token-major (tokens, features) → tiles; unused lanes hold a value that would show if it got anywhere. */
export function toTiles(rows: ArrayLike<number>, tokens: number, features: number): Float32Array {
  const tiles = new Float32Array(Math.ceil(tokens / LANES) * features * LANES).fill(1e6);
  for (let t = 0; t < tokens; t++)
    for (let f = 0; f < features; f++) tiles[tiled(t, f, features)] = rows[t * features + f];
  return tiles;
}

/** Tiles → token-major (tokens, features). */
export function fromTiles(tiles: ArrayLike<number>, tokens: number, features: number): Float32Array {
  const rows = new Float32Array(tokens * features);
  for (let t = 0; t < tokens; t++)
    for (let f = 0; f < features; f++) rows[t * features + f] = tiles[tiled(t, f, features)];
  return rows;
}

/** A random matrix, as a GGUF would store it and as numbers. */
export interface RandomMatrix {
  rows: number;
  columns: number;
  raw: Uint8Array;
  /** (rows, columns) */
  values: Float32Array;
}

export function randomMatrix(rows: number, columns: number, seed: number): RandomMatrix {
  const random = randomNumbers(seed + 77);
  const blocks = columns / BLOCK_COLUMNS;
  const raw = Uint8Array.from({ length: rows * blocks * 18 }, () => random() * 256);
  const values = new Float32Array(rows * columns);
  for (let block = 0; block < rows * blocks; block++) {
    // Half precision: exponent 9 … 12, any mantissa, so 2⁻⁶ ≤ scale < 2⁻².
    const exponent = 9 + Math.floor(random() * 4);
    const mantissa = Math.floor(random() * 1024);
    const half = (exponent << 10) | mantissa;
    raw[block * 18] = half & 255;
    raw[block * 18 + 1] = half >> 8;
    const scale = (1 + mantissa / 1024) * 2 ** (exponent - 15);
    for (let c = 0; c < BLOCK_COLUMNS; c++) {
      const bit = (raw[block * 18 + 2 + (c >> 3)] >> (c & 7)) & 1;
      values[block * BLOCK_COLUMNS + c] = bit ? scale : -scale;
    }
  }
  return { rows, columns, raw, values };
}

export function placeMatrix(kernels: Kernels, { rows, columns, raw }: RandomMatrix): BitMatrix {
  const { memory } = kernels;
  const weights = {
    bits: memory.allocate((rows * columns) / 8),
    scales: memory.allocate((rows * columns * 4) / BLOCK_COLUMNS),
    rows,
    columns,
  };
  const mark = memory.mark();
  const address = memory.allocate(raw.length);
  memory.u8(address, raw.length).set(raw);
  kernels.regroup({ raw: address, weights, firstRow: 0, rowCount: rows });
  memory.release(mark);
  return weights;
}

/** The largest |actual − expected|, relative to the largest |expected|; infinite when a value is missing. */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let error = 0;
  let size = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    error = Math.max(error, Number.isNaN(difference) ? Infinity : difference);
    size = Math.max(size, Math.abs(expected[i]));
  }
  return error / size;
}

/** Whether two results agree in every bit. */
export const sameBits = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(
    new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
    new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;
