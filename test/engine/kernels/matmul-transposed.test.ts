/** The one-bit matrix product of the backward pass. */
import { expect, test } from '@jest/globals';
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

/** Wᵀ·dOut in float64: (tokens, columns). */
function product({ rows, columns, values }: RandomMatrix, dOut: Float32Array, tokens: number): Float64Array {
  const result = new Float64Array(tokens * columns);
  for (let t = 0; t < tokens; t++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) result[t * columns + c] += values[r * columns + c] * dOut[t * rows + r];
    }
  }
  return result;
}

/** Runs the kernel on token-major dOut and returns token-major results; `before` is what it adds to, if given. */
function pull(kernels: Kernels, weights: BitMatrix, dOut: Float32Array, tokens: number, before?: Float32Array) {
  const tiles = Math.ceil(tokens / 8);
  const size = tiles * 8 * weights.columns;
  const dx = before ? placeF32(kernels, toTiles(before, tokens, weights.columns)) : placeEmpty(kernels, size);
  const source = placeF32(kernels, toTiles(dOut, tokens, weights.rows));
  kernels.matmulTransposed({ dOut: source, weights, dx, tiles, accumulate: before !== undefined });
  return fromTiles(readF32(kernels, dx, size), tokens, weights.columns);
}

const shapes = [
  { rows: 3, columns: 128, tokens: 1 },
  { rows: 16, columns: 256, tokens: 9 },
  { rows: 37, columns: 128, tokens: 20 },
  { rows: 130, columns: 384, tokens: 33 },
  { rows: 1537, columns: 128, tokens: 3 },
];

describeBackends('matmulTransposed', (kernels) => {
  test.each(shapes)('is Wᵀ·dOut for $rows × $columns and $tokens tokens', ({ rows, columns, tokens }) => {
    const matrix = randomMatrix(rows, columns, rows);
    const dOut = randomValues(tokens * rows, tokens);
    const actual = pull(kernels, placeMatrix(kernels, matrix), dOut, tokens);
    expect(largestError(actual, product(matrix, dOut, tokens))).toBeLessThan(1e-6);
  });

  test('adds to what is there when it accumulates', () => {
    const matrix = randomMatrix(40, 256, 5);
    const dOut = randomValues(8 * 40, 6);
    const before = randomValues(8 * 256, 7);
    const actual = pull(kernels, placeMatrix(kernels, matrix), dOut, 8, before);
    const expected = product(matrix, dOut, 8).map((value, i) => value + before[i]);
    expect(largestError(actual, expected)).toBeLessThan(1e-6);
  });

  test('loses a row’s part twice when the row’s bits are inverted', () => {
    const rows = 21;
    const flipped = 18;
    const matrix = randomMatrix(rows, 256, 8);
    const dOut = randomValues(9 * rows, 9);
    const weights = placeMatrix(kernels, matrix);
    const before = pull(kernels, weights, dOut, 9);
    // A gradient of that row alone: its part, exact.
    const part = pull(
      kernels,
      weights,
      dOut.map((value, i) => (i % rows === flipped ? value : 0)),
      9,
    );
    for (let block = 0; block < 2; block++) {
      const bytes = kernels.memory.u8(weights.bits + (block * rows + flipped) * 16, 16);
      bytes.forEach((byte, i) => (bytes[i] = ~byte));
    }
    const after = pull(kernels, weights, dOut, 9);
    const expected = before.map((value, i) => value - 2 * part[i]);
    expect(largestError(after, expected)).toBeLessThan(3e-7);
  });

  test('is exactly odd in the gradient', () => {
    const weights = placeMatrix(kernels, randomMatrix(45, 128, 12));
    const dOut = randomValues(9 * 45, 13);
    const straight = pull(kernels, weights, dOut, 9);
    const negated = pull(
      kernels,
      weights,
      dOut.map((value) => -value),
      9,
    );
    expect(negated).toEqual(straight.map((value) => -value));
  });

  test('gives a token the same result wherever it stands and whatever stands beside it', () => {
    const weights = placeMatrix(kernels, randomMatrix(75, 256, 10));
    const dOut = randomValues(75, 11);
    const alone = pull(kernels, weights, dOut, 1);
    for (const place of [3, 12, 20, 31, 37]) {
      const crowd = randomValues(38 * 75, place);
      crowd.set(dOut, place * 75);
      const all = pull(kernels, weights, crowd, 38);
      expect(sameBits(all.slice(place * 256, (place + 1) * 256), alone)).toBe(true);
    }
  });
});

test('one, two and three threads agree to the last bit', () => {
  for (const { rows, columns, tokens } of [
    { rows: 200, columns: 1280, tokens: 1 },
    { rows: 70, columns: 256, tokens: 100 },
  ]) {
    const matrix = randomMatrix(rows, columns, rows);
    const dOut = randomValues(tokens * rows, tokens);
    const [one, ...others] = wasmByThreads.map((kernels) => pull(kernels, placeMatrix(kernels, matrix), dOut, tokens));
    for (const other of others) expect(sameBits(other, one)).toBe(true);
  }
});

test('addresses above 2 GiB are addresses like any other', () => {
  const [kernels] = wasmByThreads;
  const matrix = randomMatrix(18, 128, 1);
  const dOut = randomValues(9 * 18, 2);
  const low = pull(kernels, placeMatrix(kernels, matrix), dOut, 9);
  const mark = kernels.memory.mark();
  // Reserved, not touched: it costs address space, not memory.
  kernels.memory.allocate(2 ** 31);
  const high = pull(kernels, placeMatrix(kernels, matrix), dOut, 9);
  kernels.memory.release(mark);
  expect(sameBits(high, low)).toBe(true);
});
