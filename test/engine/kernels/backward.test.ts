/** The way back through norms, activation, heads and attention, against differences of what they compute. */
import { expect, test } from '@jest/globals';
import type { Kernels } from '../../../src/engine/kernels/kernels.js';
import {
  describeBackends,
  fromTiles,
  largestError,
  placeEmpty,
  placeF32,
  placeI32,
  plain,
  randomNumbers,
  randomValues,
  readF32,
  sameBits,
  toTiles,
  wasmByThreads,
} from './backends.js';
import { differentiate, dot, perToken } from './differences.js';

const TOKENS = 9;
const TILES = 2;
const EPSILON = 1e-3;

const normalize = (x: Float64Array, weight: ArrayLike<number>): Float64Array =>
  x.map((value, f) => (value * weight[f]) / Math.sqrt(dot(x, x) / x.length + EPSILON));

const activate = (gateUp: Float64Array): Float64Array =>
  gateUp.slice(0, gateUp.length / 2).map((gate, f) => (gate / (1 + Math.exp(-gate))) * gateUp[gateUp.length / 2 + f]);

/** Rotary embedding by angles of which cosines and sines are given, scaled by `scale`. */
const turn = (x: Float64Array, cosines: ArrayLike<number>, sines: ArrayLike<number>, scale: number): Float64Array => {
  const half = x.length / 2;
  return x.map((value, d) => {
    const other = d < half ? -x[d + half] : x[d - half];
    return (value * cosines[d % half] + other * sines[d % half]) * scale;
  });
};

/** Attention in a small case that has everything: heads grouped by three, shared rows, a row twice in a path, an unused row. */
function attentionCase(headDim: number, heads = 6, kvHeads = 2, rows = 11) {
  const random = randomNumbers(headDim);
  const paths = Array.from({ length: TOKENS }, (_, t) =>
    Array.from({ length: 1 + (t % 6) }, () => Math.floor(random() * (rows - 1))),
  );
  const offsets = [0];
  for (const path of paths) offsets.push(offsets[offsets.length - 1] + path.length);
  const queries = randomValues(TOKENS * heads * headDim, 1, headDim ** -0.5);
  const keys = randomValues(rows * kvHeads * headDim, 2);
  const values = randomValues(rows * kvHeads * headDim, 3);
  const dOut = randomValues(TOKENS * heads * headDim, 4);

  const attend = (q: Float64Array, k: Float64Array, v: Float64Array): Float64Array => {
    const out = new Float64Array(TOKENS * heads * headDim);
    const at = (x: Float64Array, head: number): Float64Array => x.subarray(head * headDim, (head + 1) * headDim);
    for (let t = 0; t < TOKENS; t++) {
      for (let h = 0; h < heads; h++) {
        const rowHeads = paths[t].map((row) => row * kvHeads + Math.floor((h * kvHeads) / heads));
        const weights = rowHeads.map((row) => Math.exp(dot(at(q, t * heads + h), at(k, row))));
        const total = weights.reduce((sum, weight) => sum + weight);
        const mixed = at(out, t * heads + h);
        rowHeads.forEach((row, i) => at(v, row).forEach((value, d) => (mixed[d] += (weights[i] / total) * value)));
      }
    }
    return out;
  };

  const run = (kernels: Kernels) => {
    const given = {
      queries: placeF32(kernels, queries),
      keys: placeF32(kernels, keys),
      values: placeF32(kernels, values),
      pathOffsets: placeI32(kernels, offsets),
      path: placeI32(kernels, paths.flat()),
      longestPath: 6,
      tokenCount: TOKENS,
      heads,
      kvHeads,
      headDim,
    };
    const out = placeEmpty(kernels, TILES * 8 * heads * headDim);
    kernels.attention({ ...given, out });
    const gradients = {
      dQueries: placeEmpty(kernels, queries.length),
      dKeys: placeEmpty(kernels, keys.length),
      dValues: placeEmpty(kernels, values.length),
    };
    const dOutTiles = placeF32(kernels, toTiles(dOut, TOKENS, heads * headDim));
    kernels.attentionBackward({ ...given, rowCount: rows, dOut: dOutTiles, ...gradients });
    return {
      out: fromTiles(readF32(kernels, out, TILES * 8 * heads * headDim), TOKENS, heads * headDim),
      dQueries: readF32(kernels, gradients.dQueries, queries.length),
      dKeys: readF32(kernels, gradients.dKeys, keys.length),
      dValues: readF32(kernels, gradients.dValues, values.length),
    };
  };
  const expected = () => {
    const [q, k, v] = [queries, keys, values].map((x) => Float64Array.from(x));
    return {
      out: attend(q, k, v),
      dQueries: differentiate(q, (x) => dot(attend(x, k, v), dOut)),
      dKeys: differentiate(k, (x) => dot(attend(q, x, v), dOut)),
      dValues: differentiate(v, (x) => dot(attend(q, k, x), dOut)),
    };
  };
  return { run, expected, lastRow: (rows - 1) * kvHeads * headDim };
}

/** Heads with norms and rotary embedding whose cosines and sines carry a magnitude, as YaRN's do. */
function headsCase(headDim: number, heads = 3, kvHeads = 1, firstRow = 2) {
  const features = (heads + 2 * kvHeads) * headDim;
  const half = headDim / 2;
  const projected = randomValues(TOKENS * features, 5);
  const queryNorm = randomValues(headDim, 6);
  const keyNorm = randomValues(headDim, 7);
  const positions = Array.from({ length: TOKENS }, (_, t) => (t * 5) % 7);
  const angles = Array.from({ length: 7 * half }, (_, i) => i * 0.37);
  const cosines = Float32Array.from(angles, (angle) => 1.3 * Math.cos(angle));
  const sines = Float32Array.from(angles, (angle) => 1.3 * Math.sin(angle));
  const dQueries = randomValues(TOKENS * heads * headDim, 8);
  const dKeys = randomValues((firstRow + TOKENS) * kvHeads * headDim, 9);
  const dValues = randomValues((firstRow + TOKENS) * kvHeads * headDim, 10);

  /** One token: queries, key and value side by side. */
  const split = (x: Float64Array, token: number): Float64Array => {
    const at = positions[token] * half;
    const [cosine, sine] = [cosines, sines].map((table) => table.subarray(at, at + half));
    const out = Float64Array.from(x);
    for (let head = 0; head < heads + kvHeads; head++) {
      const from = head * headDim;
      const normed = normalize(x.slice(from, from + headDim), head < heads ? queryNorm : keyNorm);
      out.set(turn(normed, cosine, sine, head < heads ? 1 / Math.sqrt(headDim) : 1), from);
    }
    return out;
  };

  const run = (kernels: Kernels) => {
    const given = {
      projected: placeF32(kernels, toTiles(projected, TOKENS, features)),
      tokenCount: TOKENS,
      heads,
      kvHeads,
      headDim,
      queryNorm: placeF32(kernels, queryNorm),
      keyNorm: placeF32(kernels, keyNorm),
      epsilon: EPSILON,
      positions: placeI32(kernels, positions),
      cosines: placeF32(kernels, cosines),
      sines: placeF32(kernels, sines),
      firstRow,
    };
    const queries = placeEmpty(kernels, dQueries.length);
    const keys = placeEmpty(kernels, dKeys.length);
    const values = placeEmpty(kernels, dValues.length);
    kernels.splitHeads({ ...given, queries, keys, values });
    const gradients = {
      dQueries: placeF32(kernels, dQueries),
      dKeys: placeF32(kernels, dKeys),
      dValues: placeF32(kernels, dValues),
    };
    const apart = placeEmpty(kernels, TILES * 8 * features);
    kernels.splitHeadsBackward({ ...given, ...gradients, dProjected: apart });
    kernels.splitHeadsBackward({ ...given, ...gradients, dProjected: given.projected });
    return {
      queries: readF32(kernels, queries, dQueries.length),
      apart: fromTiles(readF32(kernels, apart, TILES * 8 * features), TILES * 8, features),
      inPlace: fromTiles(readF32(kernels, given.projected, TILES * 8 * features), TILES * 8, features),
    };
  };
  const expected = () => {
    const rows = (x: Float32Array, t: number): Float32Array =>
      x.subarray((firstRow + t) * kvHeads * headDim, (firstRow + t + 1) * kvHeads * headDim);
    const gradients = Array.from({ length: TOKENS }, (_, t) => [
      ...dQueries.subarray(t * heads * headDim, (t + 1) * heads * headDim),
      ...rows(dKeys, t),
      ...rows(dValues, t),
    ]);
    return {
      queries: perToken(projected, features, (x, t) => split(x, t).subarray(0, heads * headDim)),
      dProjected: perToken(projected, features, (x, t) => differentiate(x, (y) => dot(split(y, t), gradients[t]))),
    };
  };
  return { run, expected, size: TOKENS * features };
}

const smallAttention = attentionCase(16);
const smallAttentionExpected = smallAttention.expected();

describeBackends('backward', (kernels) => {
  test('rmsNormBackward adds the gradient of the normalised features', () => {
    const features = 70;
    const x = randomValues(TOKENS * features, 1, 2);
    const weight = randomValues(features, 2);
    const dOut = randomValues(TOKENS * features, 3);
    const before = randomValues(TOKENS * features, 4);
    const dx = placeF32(kernels, toTiles(before, TOKENS, features));
    kernels.rmsNormBackward({
      x: placeF32(kernels, toTiles(x, TOKENS, features)),
      weight: placeF32(kernels, weight),
      dOut: placeF32(kernels, toTiles(dOut, TOKENS, features)),
      dx,
      features,
      tiles: TILES,
      epsilon: EPSILON,
    });
    const expected = perToken(x, features, (token, t) => {
      const gradient = dOut.subarray(t * features, (t + 1) * features);
      const change = differentiate(token, (y) => dot(normalize(y, weight), gradient));
      return change.map((value, f) => value + before[t * features + f]);
    });
    const actual = fromTiles(readF32(kernels, dx, TILES * 8 * features), TOKENS, features);
    expect(largestError(actual, expected)).toBeLessThan(1e-6);
  });

  test('swigluBackward is the gradient for gate and up, also in place', () => {
    const features = 21;
    const gateUp = randomValues(TOKENS * 2 * features, 5, 4);
    const dHidden = randomValues(TOKENS * features, 6);
    const source = placeF32(kernels, toTiles(gateUp, TOKENS, 2 * features));
    const apart = placeEmpty(kernels, TILES * 8 * 2 * features);
    const given = {
      gateUp: source,
      dHidden: placeF32(kernels, toTiles(dHidden, TOKENS, features)),
      features,
      tiles: TILES,
    };
    const forward = placeEmpty(kernels, TILES * 8 * features);
    kernels.swiglu({ ...given, out: forward });
    const [hidden, product] = [placeEmpty(kernels, TILES * 8 * features), placeEmpty(kernels, TILES * 8 * features)];
    kernels.swigluBackward({ ...given, hidden, product, dGateUp: apart });
    kernels.swigluBackward({ ...given, hidden, product, dGateUp: source });
    const expected = perToken(gateUp, 2 * features, (token, t) =>
      differentiate(token, (y) => dot(activate(y), dHidden.subarray(t * features, (t + 1) * features))),
    );
    for (const address of [apart, source]) {
      const actual = fromTiles(readF32(kernels, address, TILES * 16 * features), TOKENS, 2 * features);
      expect(largestError(actual, expected)).toBeLessThan(1e-6);
    }
    const values = (address: number): Float32Array => readF32(kernels, address, TILES * 8 * features);
    expect(sameBits(values(hidden), values(forward))).toBe(true);
    expect(fromTiles(values(product), TOKENS, features)).toEqual(
      Float32Array.from({ length: TOKENS * features }, (_, i) => {
        const at = Math.floor(i / features) * 2 * features + (i % features);
        return gateUp[at] * gateUp[at + features];
      }),
    );
  });

  test('swigluBackward survives gates far from 0', () => {
    const gates = [-1e4, -100, -30, 30, 100, 1e4];
    const dGateUp = placeEmpty(kernels, 8 * 12);
    kernels.swigluBackward({
      gateUp: placeF32(kernels, toTiles([...gates, ...gates.map(() => 2)], 1, 12)),
      dHidden: placeF32(kernels, toTiles([3, 3, 3, 3, 3, 3], 1, 6)),
      hidden: placeEmpty(kernels, 8 * 6),
      product: placeEmpty(kernels, 8 * 6),
      dGateUp,
      features: 6,
      tiles: 1,
    });
    const actual = fromTiles(readF32(kernels, dGateUp, 8 * 12), 1, 12);
    const expected = [0, 0, 0, 6, 6, 6, 0, 0, 0, 90, 300, 3e4];
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  });

  test('attentionBackward is the gradient for queries, keys and values, 0 where nothing attends', () => {
    const { run, lastRow } = smallAttention;
    const actual = run(kernels);
    for (const name of ['out', 'dQueries', 'dKeys', 'dValues'] as const) {
      expect(largestError(actual[name], smallAttentionExpected[name])).toBeLessThan(1e-6);
    }
    expect(Array.from(actual.dKeys.subarray(lastRow))).toEqual(Array(32).fill(0));
    expect(Array.from(actual.dValues.subarray(lastRow))).toEqual(Array(32).fill(0));
  });

  test('splitHeadsBackward goes through scale, rotation and norms, also in place', () => {
    const { run, expected, size } = headsCase(16);
    const { queries, apart, inPlace } = run(kernels);
    const wanted = expected();
    expect(largestError(queries, wanted.queries)).toBeLessThan(1e-6);
    expect(largestError(apart, wanted.dProjected)).toBeLessThan(1e-6);
    expect(sameBits(inPlace, apart)).toBe(true);
    expect(apart.subarray(size).every((value) => value === 0)).toBe(true);
  });
});

test.each([{ headDim: 64 }, { headDim: 80 }])(
  'heads and attention of $headDim agree with the plain backend, and to the last bit for any number of threads',
  ({ headDim }) => {
    const heads = headsCase(headDim, 6, 3, 1);
    const attention = attentionCase(headDim, 6, 3, 20);
    const run = (kernels: Kernels) => ({ ...attention.run(kernels), dProjected: heads.run(kernels).apart });
    const expected = run(plain);
    const [one, ...others] = wasmByThreads.map(run);
    for (const name of ['dQueries', 'dKeys', 'dValues', 'dProjected'] as const) {
      expect(largestError(one[name], expected[name])).toBeLessThan(1e-6);
      for (const other of others) expect(sameBits(other[name], one[name])).toBe(true);
    }
  },
);

test('heads that are not whole vectors are refused', async () => {
  await expect(() => headsCase(24).run(wasmByThreads[0])).toFailWithCode('ARCHITECTURE_UNSUPPORTED');
});
