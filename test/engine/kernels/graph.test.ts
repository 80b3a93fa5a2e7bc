/** The kernels around the matrix products: embeddings, norms, attention, activation and what is read off logits. */
import { expect, test } from '@jest/globals';
import type { Kernels } from '../../../src/engine/kernels/kernels.js';
import {
  describeBackends,
  fromTiles,
  largestError,
  placeEmpty,
  placeF32,
  placeI32,
  placeMatrix,
  randomMatrix,
  randomNumbers,
  randomValues,
  readF32,
  sameBits,
  toTiles,
  wasmByThreads,
} from './backends.js';

const TOKENS = 13;
const TILES = 2;

/** A small case of attention: keys of 20 rows, each token seeing a path of its own. */
function attend(kernels: Kernels, headDim: number): { actual: Float32Array; expected: Float64Array } {
  const heads = 6;
  const kvHeads = 2;
  const rows = 20;
  const queries = randomValues(TOKENS * heads * headDim, 1, 0.5);
  const keys = randomValues(rows * kvHeads * headDim, 2);
  const values = randomValues(rows * kvHeads * headDim, 3);
  const random = randomNumbers(4);
  const paths = Array.from({ length: TOKENS }, (_, t) =>
    Array.from({ length: t + 1 }, () => Math.floor(random() * rows)),
  );
  const offsets = [0];
  for (const path of paths) offsets.push(offsets[offsets.length - 1] + path.length);

  const out = placeEmpty(kernels, TILES * 8 * heads * headDim);
  kernels.attention({
    queries: placeF32(kernels, queries),
    keys: placeF32(kernels, keys),
    values: placeF32(kernels, values),
    pathOffsets: placeI32(kernels, offsets),
    path: placeI32(kernels, paths.flat()),
    longestPath: TOKENS,
    tokenCount: TOKENS,
    heads,
    kvHeads,
    headDim,
    out,
  });

  const expected = new Float64Array(TOKENS * heads * headDim);
  for (let t = 0; t < TOKENS; t++) {
    for (let h = 0; h < heads; h++) {
      const row = (key: number): number => (key * kvHeads + Math.floor(h / 3)) * headDim;
      const weights = paths[t].map((key) => {
        let dot = 0;
        for (let d = 0; d < headDim; d++) dot += queries[(t * heads + h) * headDim + d] * keys[row(key) + d];
        return Math.exp(dot);
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let d = 0; d < headDim; d++) {
        const mixed = paths[t].reduce((sum, key, i) => sum + (weights[i] / total) * values[row(key) + d], 0);
        expected[(t * heads + h) * headDim + d] = mixed;
      }
    }
  }
  const size = TILES * 8 * heads * headDim;
  return { actual: fromTiles(readF32(kernels, out, size), TOKENS, heads * headDim), expected };
}

/** Runs a kernel over logits of 13 tokens and returns both of its results. */
function summarize(kernels: Kernels, logits: Float32Array, vocabulary: number) {
  const args = {
    logits: placeF32(kernels, toTiles(logits, TOKENS, vocabulary)),
    vocabulary,
    tiles: TILES,
    logSumExp: placeEmpty(kernels, TILES * 8),
    argmax: placeEmpty(kernels, TILES * 8),
  };
  kernels.summarizeLogits(args);
  return {
    ...args,
    sums: readF32(kernels, args.logSumExp, TOKENS),
    winners: Array.from(kernels.memory.i32(args.argmax, TOKENS)),
  };
}

function logSumExp(logits: ArrayLike<number>): number {
  const highest = Array.from(logits).reduce((a, b) => Math.max(a, b));
  return highest + Math.log(Array.from(logits).reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
}

describeBackends('graph', (kernels) => {
  test('embed writes the rows of the tokens, and zeros beside them', () => {
    const matrix = randomMatrix(50, 256, 1);
    const tokens = Array.from({ length: TOKENS }, (_, i) => (i * 17) % 50);
    const out = placeEmpty(kernels, TILES * 8 * 256);
    const weights = placeMatrix(kernels, matrix);
    kernels.embed({ tokens: placeI32(kernels, tokens), tokenCount: TOKENS, weights, out });
    const rows = fromTiles(readF32(kernels, out, TILES * 8 * 256), 16, 256);
    const expected = tokens.flatMap((token) => Array.from(matrix.values.subarray(token * 256, (token + 1) * 256)));
    expect(Array.from(rows)).toEqual([...expected, ...Array(3 * 256).fill(0)]);
  });

  test('rmsNorm normalises each token, also in place', () => {
    const x = randomValues(TOKENS * 200, 2, 3);
    const weight = randomValues(200, 3);
    const address = placeF32(kernels, toTiles(x, TOKENS, 200));
    const args = { x: address, weight: placeF32(kernels, weight), features: 200, tiles: TILES, epsilon: 1e-5 };
    kernels.rmsNorm({ ...args, out: address });
    const expected = Float64Array.from(x, (value, i) => {
      const token = x.subarray(i - (i % 200), i - (i % 200) + 200);
      const mean = token.reduce((sum, v) => sum + v * v, 0) / 200;
      return (value / Math.sqrt(mean + 1e-5)) * weight[i % 200];
    });
    expect(largestError(fromTiles(readF32(kernels, address, 16 * 200), TOKENS, 200), expected)).toBeLessThan(5e-7);
  });

  test.each([{ headDim: 16 }, { headDim: 64 }])(
    'splitHeads norms, turns and scales heads of $headDim',
    ({ headDim }) => {
      const [heads, kvHeads, firstRow] = [4, 2, 3];
      const features = (heads + 2 * kvHeads) * headDim;
      const projected = randomValues(TOKENS * features, 5);
      const queryNorm = randomValues(headDim, 6);
      const keyNorm = randomValues(headDim, 7);
      const positions = Array.from({ length: TOKENS }, (_, i) => (i * 5) % 11);
      const angles = Array.from({ length: (11 * headDim) / 2 }, (_, i) => i * 0.37);
      const queries = placeEmpty(kernels, TOKENS * heads * headDim);
      const keys = placeEmpty(kernels, (TOKENS + firstRow) * kvHeads * headDim);
      const values = placeEmpty(kernels, (TOKENS + firstRow) * kvHeads * headDim);
      // Whatever lies behind the last row is somebody else's.
      const sentinel = placeF32(kernels, [42]);
      kernels.splitHeads({
        projected: placeF32(kernels, toTiles(projected, TOKENS, features)),
        tokenCount: TOKENS,
        heads,
        kvHeads,
        headDim,
        queryNorm: placeF32(kernels, queryNorm),
        keyNorm: placeF32(kernels, keyNorm),
        epsilon: 1e-6,
        positions: placeI32(kernels, positions),
        cosines: placeF32(kernels, angles.map(Math.cos)),
        sines: placeF32(kernels, angles.map(Math.sin)),
        queries,
        keys,
        values,
        firstRow,
      });

      const head = (token: number, index: number, norm: Float32Array, scale: number): number[] => {
        const from = token * features + index * headDim;
        const x = Array.from(projected.subarray(from, from + headDim));
        const inverse = 1 / Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / headDim + 1e-6);
        const normed = x.map((value, d) => value * inverse * norm[d]);
        return normed.map((value, d) => {
          const half = headDim / 2;
          const angle = angles[positions[token] * half + (d % half)];
          const other = d < half ? -normed[d + half] : normed[d - half];
          return (value * Math.cos(angle) + other * Math.sin(angle)) * scale;
        });
      };
      const every = (count: number, pick: (token: number, h: number) => number[]): number[] =>
        Array.from({ length: TOKENS }, (_, t) => Array.from({ length: count }, (_, h) => pick(t, h)).flat()).flat();
      const written = (address: number): Float32Array =>
        readF32(kernels, address, (TOKENS + firstRow) * kvHeads * headDim).slice(firstRow * kvHeads * headDim);

      const wantedQueries = every(heads, (t, h) => head(t, h, queryNorm, 1 / Math.sqrt(headDim)));
      const wantedKeys = every(kvHeads, (t, h) => head(t, heads + h, keyNorm, 1));
      const wantedValues = every(kvHeads, (t, h) => {
        const from = t * features + (heads + kvHeads + h) * headDim;
        return Array.from(projected.subarray(from, from + headDim));
      });
      expect(largestError(readF32(kernels, queries, wantedQueries.length), wantedQueries)).toBeLessThan(5e-7);
      expect(largestError(written(keys), wantedKeys)).toBeLessThan(5e-7);
      expect(Array.from(written(values))).toEqual(wantedValues);
      expect(Array.from(readF32(kernels, keys, firstRow * kvHeads * headDim)).every(Number.isNaN)).toBe(true);
      expect(readF32(kernels, sentinel, 1)[0]).toBe(42);
    },
  );

  test.each([{ headDim: 16 }, { headDim: 64 }, { headDim: 80 }])(
    'attention mixes the values of its path ($headDim)',
    ({ headDim }) => {
      const { actual, expected } = attend(kernels, headDim);
      expect(largestError(actual, expected)).toBeLessThan(1e-6);
    },
  );

  test('attention survives scores far apart', () => {
    const args = {
      queries: placeF32(kernels, Array(16).fill(100)),
      keys: placeF32(kernels, [...Array(16).fill(100), ...Array(16).fill(-100)]),
      values: placeF32(kernels, [...Array(16).fill(3), ...Array(16).fill(5)]),
      pathOffsets: placeI32(kernels, [0, 2]),
      path: placeI32(kernels, [0, 1]),
      out: placeEmpty(kernels, 128),
    };
    kernels.attention({ ...args, longestPath: 2, tokenCount: 1, heads: 1, kvHeads: 1, headDim: 16 });
    expect(Array.from(fromTiles(readF32(kernels, args.out, 128), 1, 16))).toEqual(Array(16).fill(3));
  });

  test('swiglu is silu(gate)·up, for extreme gates too', () => {
    const gates = [0, 1, -1, 20, -20, 90, -90, 1e4, -1e4, 1e-30];
    const gateUp = toTiles([...gates, ...gates.map(() => 0.5)], 1, 20);
    const out = placeEmpty(kernels, 80);
    kernels.swiglu({ gateUp: placeF32(kernels, gateUp), out, features: 10, tiles: 1 });
    const actual = fromTiles(readF32(kernels, out, 80), 1, 10);
    gates.forEach((gate, i) => {
      const expected = (0.5 * gate) / (1 + Math.exp(-gate));
      expect(Math.abs(actual[i] - expected)).toBeLessThanOrEqual(3e-7 * Math.abs(expected) + 1e-37);
    });
  });

  test('gather picks tokens in any order, and zeros beside them', () => {
    const x = randomValues(TOKENS * 5, 8);
    const rows = [12, 0, 7, 7, 8, 1, 2, 3, 11];
    const out = placeEmpty(kernels, 16 * 5);
    kernels.gather({
      x: placeF32(kernels, toTiles(x, TOKENS, 5)),
      rows: placeI32(kernels, rows),
      rowCount: rows.length,
      out,
      features: 5,
    });
    const expected = rows.flatMap((row) => Array.from(x.subarray(row * 5, row * 5 + 5)));
    expect(Array.from(fromTiles(readF32(kernels, out, 80), 16, 5))).toEqual([...expected, ...Array(35).fill(0)]);
  });

  test('summarizeLogits gives log Σ exp and the first of the likeliest tokens', () => {
    const logits = randomValues(TOKENS * 300, 9, 10);
    logits.fill(-1000, 0, 300);
    logits[5] = logits[6] = 80;
    logits.fill(-2, 300, 600);
    const { sums, winners } = summarize(kernels, logits, 300);
    const rows = Array.from({ length: TOKENS }, (_, t) => Array.from(logits.subarray(t * 300, (t + 1) * 300)));
    expect(winners).toEqual(rows.map((row) => row.indexOf(Math.max(...row))));
    rows.forEach((row, t) => expect(Math.abs(sums[t] - logSumExp(row))).toBeLessThan(4e-6));
  });

  test('divergence is KL(reference ‖ present), and exactly 0 for equal logits', () => {
    const reference = summarize(kernels, randomValues(TOKENS * 300, 10, 3), 300);
    const presentLogits = randomValues(TOKENS * 300, 11, 3);
    const present = summarize(kernels, presentLogits, 300);
    const out = placeEmpty(kernels, TILES * 8);
    const given = {
      reference: reference.logits,
      referenceLogSumExp: reference.logSumExp,
      vocabulary: 300,
      tiles: TILES,
    };
    kernels.divergence({ ...given, logits: present.logits, logSumExp: present.logSumExp, out });
    const p = fromTiles(readF32(kernels, reference.logits, 16 * 300), TOKENS, 300);
    const expected = Array.from({ length: TOKENS }, (_, t) => {
      const before = p.subarray(t * 300, (t + 1) * 300);
      const after = presentLogits.subarray(t * 300, (t + 1) * 300);
      const [a, b] = [logSumExp(before), logSumExp(after)];
      return before.reduce((sum, logit, i) => sum + Math.exp(logit - a) * (logit - a - after[i] + b), 0);
    });
    expect(largestError(readF32(kernels, out, TOKENS), expected)).toBeLessThan(1e-6);

    kernels.divergence({ ...given, logits: reference.logits, logSumExp: reference.logSumExp, out });
    expect(Array.from(readF32(kernels, out, TOKENS))).toEqual(Array(TOKENS).fill(0));
  });
});

test('attention is the same to the last bit for any number of threads', () => {
  const [one, ...others] = wasmByThreads.map((kernels) => attend(kernels, 64).actual);
  for (const other of others) expect(sameBits(other, one)).toBe(true);
});

test('exp is accurate to 2e-7 over its whole range', () => {
  // With up = 1 and a gate g far below 0, silu(g) = g·exp(g) to within float32: what is measured is exp.
  const [kernels] = wasmByThreads;
  const gates = Float32Array.from({ length: 4000 }, (_, i) => -18 - i * 0.0163);
  const address = placeF32(kernels, toTiles([...gates, ...gates.map(() => 1)], 1, 8000));
  const out = placeEmpty(kernels, 8 * 4000);
  kernels.swiglu({ gateUp: address, out, features: 4000, tiles: 1 });
  const actual = fromTiles(readF32(kernels, out, 8 * 4000), 1, 4000);
  const errors = actual.map((value, i) => Math.abs(value / (gates[i] / (1 + Math.exp(-gates[i]))) - 1));
  expect(Math.max(...errors)).toBeLessThan(3.2e-7);
});

test('heads that are not whole vectors are refused', async () => {
  await expect(() => attend(wasmByThreads[0], 24)).toFailWithCode('ARCHITECTURE_UNSUPPORTED');
});
