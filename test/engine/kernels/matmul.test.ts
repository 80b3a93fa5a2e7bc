/** The one-bit matrix product and the layout of its weights. */
import { describe, expect, test } from '@jest/globals';
import type { BitMatrix, Kernels } from '../../../src/engine/kernels/kernels.js';
import {
  describeBackends,
  fromTiles,
  largestError,
  placeEmpty,
  placeF32,
  placeMatrix,
  randomMatrix,
  randomValues,
  readF32,
  sameBits,
  toTiles,
  wasmByThreads,
  type RandomMatrix,
} from './backends.js';

/** W·x in float64: (tokens, rows). */
function exactProduct({ rows, columns, values }: RandomMatrix, x: ArrayLike<number>, tokens: number): Float64Array {
  const result = new Float64Array(tokens * rows);
  for (let t = 0; t < tokens; t++) {
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += values[r * columns + c] * x[t * columns + c];
      result[t * rows + r] = sum;
    }
  }
  return result;
}

const products = ['matmul', 'matmulQuantized'] as const;
type Product = (typeof products)[number];

/** What the product makes of activations (tokens, columns) before it multiplies. */
function taken(product: Product, x: Float32Array): Float64Array {
  const result = Float64Array.from(x);
  if (product === 'matmul') return result;
  for (let first = 0; first < x.length; first += 128) {
    const block = result.subarray(first, first + 128);
    const step = block.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 511;
    if (step > 0) block.forEach((value, i) => (block[i] = Math.round(value / step) * step));
  }
  return result;
}

/** Runs a product on token-major x and returns token-major results. */
function multiply(
  kernels: Kernels,
  weights: BitMatrix,
  x: Float32Array,
  tokens: number,
  product: Product = 'matmul',
): Float32Array {
  const tiles = Math.ceil(tokens / 8);
  const out = placeEmpty(kernels, tiles * 8 * weights.rows);
  const source = placeF32(kernels, toTiles(x, tokens, weights.columns));
  kernels[product]({ x: source, weights, out, tiles, accumulate: false });
  return fromTiles(readF32(kernels, out, tiles * 8 * weights.rows), tokens, weights.rows);
}

const shapes = [
  { rows: 5, columns: 128, tokens: 1 },
  { rows: 7, columns: 128, tokens: 9 },
  { rows: 64, columns: 384, tokens: 8 },
  { rows: 130, columns: 256, tokens: 33 },
  { rows: 1537, columns: 128, tokens: 3 },
];

describeBackends('one-bit products', (kernels) => {
  describe.each(products)('%s', (product) => {
    test.each(shapes)('is W·x for $rows × $columns and $tokens tokens', ({ rows, columns, tokens }) => {
      const matrix = randomMatrix(rows, columns, rows);
      const x = randomValues(tokens * columns, tokens);
      const actual = multiply(kernels, placeMatrix(kernels, matrix), x, tokens, product);
      expect(largestError(actual, exactProduct(matrix, taken(product, x), tokens))).toBeLessThan(1e-6);
    });

    test('adds to what is there when it accumulates', () => {
      const matrix = randomMatrix(40, 256, 5);
      const x = randomValues(8 * 256, 6);
      const before = randomValues(8 * 40, 7);
      const weights = placeMatrix(kernels, matrix);
      const out = placeF32(kernels, toTiles(before, 8, 40));
      kernels[product]({ x: placeF32(kernels, toTiles(x, 8, 256)), weights, out, tiles: 1, accumulate: true });
      const expected = exactProduct(matrix, taken(product, x), 8).map((value, i) => value + before[i]);
      expect(largestError(fromTiles(readF32(kernels, out, 8 * 40), 8, 40), expected)).toBeLessThan(1e-6);
    });

    test('negates a row exactly when its bits are inverted, and leaves the others alone', () => {
      const matrix = randomMatrix(9, 256, 8);
      const x = randomValues(8 * 256, 9);
      const weights = placeMatrix(kernels, matrix);
      const before = multiply(kernels, weights, x, 8, product);
      for (let block = 0; block < 2; block++) {
        const bytes = kernels.memory.u8(weights.bits + (block * 9 + 4) * 16, 16);
        bytes.forEach((byte, i) => (bytes[i] = ~byte));
      }
      const after = multiply(kernels, weights, x, 8, product);
      expect(after).toEqual(before.map((value, i) => (i % 9 === 4 ? -value : value)));
    });

    test('gives a token the same result wherever it stands and whatever stands beside it', () => {
      const weights = placeMatrix(kernels, randomMatrix(600, 256, 10));
      const x = randomValues(256, 11);
      const alone = multiply(kernels, weights, x, 1, product);
      for (const place of [3, 7, 12, 20]) {
        const crowd = randomValues(21 * 256, place);
        crowd.set(x, place * 256);
        const all = multiply(kernels, weights, crowd, 21, product);
        expect(sameBits(all.slice(place * 600, (place + 1) * 600), alone)).toBe(true);
      }
    });
  });

  test('groups make what adds up to the product, any of them apart', () => {
    const [rows, columns, tokens] = [130, 512, 9];
    const weights = placeMatrix(kernels, randomMatrix(rows, columns, 15));
    const x = randomValues(tokens * columns, 16);
    const source = placeF32(kernels, toTiles(x, tokens, columns));
    const groupsFrom = (first: number, count: number): Float32Array[] => {
      const out = placeEmpty(kernels, count * 16 * rows);
      kernels.matmulGroups({ x: source, weights, groups: { first, count }, out, tiles: 2 });
      const each = Array.from({ length: count }, (_, i) => readF32(kernels, out + i * 16 * rows * 4, 16 * rows));
      return each.map((tiles) => fromTiles(tiles, tokens, rows));
    };
    const all = groupsFrom(0, 4);
    const sum = all[0].map((value, i) => value + all[1][i] + all[2][i] + all[3][i]);
    expect(largestError(sum, multiply(kernels, weights, x, tokens))).toBeLessThan(1e-6);
    groupsFrom(1, 2).forEach((group, i) => expect(sameBits(group, all[1 + i])).toBe(true));
    // Each is the product with activations that are zero elsewhere.
    const alone = x.map((value, i) => (Math.floor((i % columns) / 128) === 2 ? value : 0));
    expect(largestError(all[2], multiply(kernels, weights, alone, tokens))).toBeLessThan(1e-6);
  });

  test('quantized activations cost a six-hundredth of a product, by the root of the mean square', () => {
    const matrix = randomMatrix(64, 1024, 12);
    const x = randomValues(16 * 1024, 13);
    const exact = exactProduct(matrix, x, 16);
    const actual = multiply(kernels, placeMatrix(kernels, matrix), x, 16, 'matmulQuantized');
    const norm = (values: Float64Array): number => Math.hypot(...values);
    expect(norm(exact.map((value, i) => actual[i] - value))).toBeLessThan(norm(exact) / 600);
  });

  test('quantized sums hold the largest block, and blocks of hardly anything or of nothing', () => {
    const matrix = randomMatrix(4, 256, 14);
    matrix.raw.forEach((_, i) => i % 18 > 1 && (matrix.raw[i] = 255));
    matrix.values.forEach((value, i) => (matrix.values[i] = Math.abs(value)));
    const weights = placeMatrix(kernels, matrix);
    for (const value of [1, -3e30, 1e-29]) {
      const actual = multiply(kernels, weights, new Float32Array(256).fill(value), 1, 'matmulQuantized');
      expect(largestError(actual, exactProduct(matrix, new Float32Array(256).fill(value), 1))).toBeLessThan(1e-6);
    }
    for (const value of [0, 2 ** -149, -(2 ** -130)]) {
      const actual = multiply(kernels, weights, new Float32Array(256).fill(value), 1, 'matmulQuantized');
      expect(actual.every((result) => Math.abs(result) < 1e-28)).toBe(true);
    }
  });

  test('regroups rows into their place of a stacked matrix', () => {
    const { memory } = kernels;
    const weights = { bits: memory.allocate(2 * 5 * 16), scales: memory.allocate(2 * 5 * 4), rows: 5, columns: 256 };
    memory.f32(weights.scales, 10).fill(0);
    const raw = memory.allocate(2 * 36);
    // Halves: 1, −2, the smallest subnormal, the largest number.
    const halves = [0x3c00, 0xc000, 0x0001, 0x7bff];
    const bytes = memory.u8(raw, 72);
    halves.forEach((half, block) => {
      bytes.fill(block + 1, block * 18, block * 18 + 18);
      bytes[block * 18] = half & 255;
      bytes[block * 18 + 1] = half >> 8;
    });
    kernels.regroup({ raw, weights, firstRow: 2, rowCount: 2 });
    expect(Array.from(memory.f32(weights.scales, 10))).toEqual([0, 0, 1, 2 ** -24, 0, 0, 0, -2, 65504, 0]);
    expect(Array.from(memory.u8(weights.bits + (5 + 3) * 16, 16))).toEqual(Array(16).fill(4));
  });
});

test('a single token has the same bits alone as in a tile', () => {
  for (const kernels of wasmByThreads) {
    for (const { rows, columns } of [
      { rows: 5, columns: 128 },
      { rows: 16, columns: 384 },
      { rows: 1300, columns: 256 },
    ]) {
      const weights = placeMatrix(kernels, randomMatrix(rows, columns, rows));
      const values = randomValues(columns, rows);
      values.fill(0, 3, 60);
      // The largest sums there are, of either sign.
      values.fill(2, 128);
      const x = placeF32(kernels, toTiles(values, 1, columns));
      kernels.memory
        .u8(weights.bits + Math.floor(columns / 256) * rows * 16, 32)
        .fill(255, 16)
        .fill(0, 0, 16);
      for (const accumulate of [false, true]) {
        const before = toTiles(randomValues(rows, 3), 1, rows);
        const [alone, inTile] = [1, undefined].map((tokenCount) => {
          const out = placeF32(kernels, before);
          kernels.matmulQuantized({ x, weights, out, tiles: 1, tokenCount, accumulate });
          return readF32(kernels, out, 8 * rows);
        });
        expect(sameBits(fromTiles(alone, 1, rows), fromTiles(inTile, 1, rows))).toBe(true);
        expect(alone.every(Number.isFinite)).toBe(true);
      }
    }
  }
});

test('one, two and three threads agree to the last bit', () => {
  for (const { rows, tokens } of [
    { rows: 1537, tokens: 1 },
    { rows: 1200, tokens: 20 },
    { rows: 65, tokens: 100 },
  ]) {
    const matrix = randomMatrix(rows, 256, rows);
    const x = randomValues(tokens * 256, tokens);
    for (const product of products) {
      const [one, ...others] = wasmByThreads.map((kernels) =>
        multiply(kernels, placeMatrix(kernels, matrix), x, tokens, product),
      );
      for (const other of others) expect(sameBits(other, one)).toBe(true);
    }
  }
});

test('addresses above 2 GiB are addresses like any other', () => {
  const [kernels] = wasmByThreads;
  const matrix = randomMatrix(12, 128, 1);
  const x = randomValues(9 * 128, 2);
  const low = multiply(kernels, placeMatrix(kernels, matrix), x, 9);
  const mark = kernels.memory.mark();
  // Reserved, not touched: it costs address space, not memory.
  kernels.memory.allocate(2 ** 31);
  const high = multiply(kernels, placeMatrix(kernels, matrix), x, 9);
  kernels.memory.release(mark);
  expect(sameBits(high, low)).toBe(true);
});
