/** Where gradients begin, at the logits, and where they end, in effects of rows. */
import { expect, test } from '@jest/globals';
import type { Kernels } from '../../../src/engine/kernels/kernels.js';
import {
  describeBackends,
  fromTiles,
  largestError,
  placeEmpty,
  placeF32,
  placeI32,
  randomValues,
  readF32,
  sameBits,
  toTiles,
  wasmByThreads,
} from './backends.js';
import { differentiate, perToken } from './differences.js';

const TOKENS = 9;
const TILES = 2;
const VOCABULARY = 70;

const logSumExp = (logits: Float64Array): number => Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));

/** Logits in memory with their logSumExp. */
function placeLogits(kernels: Kernels, logits: Float32Array) {
  const placed = { logits: placeF32(kernels, toTiles(logits, TOKENS, VOCABULARY)), logSumExp: placeEmpty(kernels, 16) };
  const argmax = placeEmpty(kernels, 16);
  kernels.summarizeLogits({ ...placed, vocabulary: VOCABULARY, tiles: TILES, argmax });
  return placed;
}

/** Tiles of 1 for 9 tokens, with what unused lanes must hold. */
const padTo16 = (values: number[], unused: number): number[] => [...values, ...Array(16 - values.length).fill(unused)];

const weights = Array.from({ length: TOKENS }, (_, t) => (t === 4 ? 0 : 0.3 * t - 1));
const targets = weights.map((weight, t) => (weight === 0 ? -1 : (t * 67) % VOCABULARY));

function answer(kernels: Kernels, logits: Float32Array): Float32Array {
  const placed = placeLogits(kernels, logits);
  kernels.answerGradient({
    ...placed,
    vocabulary: VOCABULARY,
    tiles: TILES,
    targets: placeI32(kernels, padTo16(targets, -1)),
    weights: placeF32(kernels, padTo16(weights, 0)),
    out: placed.logits,
  });
  return fromTiles(readF32(kernels, placed.logits, 16 * VOCABULARY), 16, VOCABULARY);
}

/** An effects case: two groups, tokens of owners 0, none, 1, 1, none, none, 2, …, which add to what is there. */
function effects(kernels: Kernels, features: number) {
  const owners = [0, 0, -1, 1, 1, 1, -1, -1, 2, 2, 3, 3, 3];
  const gradient = randomValues(owners.length * features, 20);
  const values = [21, 23].map((seed) => randomValues(owners.length * features, seed));
  const before = randomValues(2 * 5 * features, 22);
  const out = placeF32(kernels, before);
  kernels.rowEffects({
    gradient: placeF32(kernels, toTiles(gradient, owners.length, features)),
    value: placeF32(
      kernels,
      values.flatMap((value) => [...toTiles(value, owners.length, features)]),
    ),
    factor: -2,
    groups: 2,
    tokenCount: owners.length,
    owners: placeI32(kernels, owners),
    ownerCount: 5,
    out,
    features,
  });
  const expected = Float64Array.from(before);
  values.forEach((value, group) =>
    gradient.forEach((g, i) => {
      const owner = owners[Math.floor(i / features)];
      if (owner >= 0) expected[(group * 5 + owner) * features + (i % features)] += -2 * g * value[i];
    }),
  );
  return { actual: readF32(kernels, out, expected.length), expected };
}

describeBackends('effects', (kernels) => {
  test('answerGradient is that of the weighted log-probabilities of the targets, also in place', () => {
    const logits = randomValues(TOKENS * VOCABULARY, 1, 3);
    const actual = answer(kernels, logits);
    const expected = perToken(logits, VOCABULARY, (token, t) =>
      differentiate(token, (x) => (targets[t] < 0 ? 0 : weights[t] * (x[targets[t]] - logSumExp(x)))),
    );
    expect(largestError(actual, expected)).toBeLessThan(1e-6);
    // A token without a target, and the lanes without a token, pull nowhere.
    const idle = [4, 9, 10, 11, 12, 13, 14, 15];
    for (const t of idle) {
      expect(actual.subarray(t * VOCABULARY, (t + 1) * VOCABULARY).every((value) => value === 0)).toBe(true);
    }
  });

  test('divergenceGradient is that of −weight·KL, also in place, and exactly 0 for equal logits', () => {
    const before = randomValues(TOKENS * VOCABULARY, 2, 3);
    const after = randomValues(TOKENS * VOCABULARY, 3, 3);
    const reference = placeLogits(kernels, before);
    const present = placeLogits(kernels, after);
    const run = (from: typeof present, out: number): Float32Array => {
      kernels.divergenceGradient({
        ...from,
        reference: reference.logits,
        referenceLogSumExp: reference.logSumExp,
        vocabulary: VOCABULARY,
        tiles: TILES,
        weights: placeF32(kernels, padTo16(weights, 0)),
        out,
      });
      return fromTiles(readF32(kernels, out, 16 * VOCABULARY), TOKENS, VOCABULARY);
    };
    const apart = placeEmpty(kernels, 16 * VOCABULARY);
    expect(run(reference, apart).every((value) => value === 0)).toBe(true);

    const expected = perToken(after, VOCABULARY, (token, t) => {
      const p = Float64Array.from(before.subarray(t * VOCABULARY, (t + 1) * VOCABULARY));
      const sum = logSumExp(p);
      const divergence = (q: Float64Array): number => {
        const total = logSumExp(q);
        return p.reduce((kl, logit, i) => kl + Math.exp(logit - sum) * (logit - sum - q[i] + total), 0);
      };
      return differentiate(token, (q) => -weights[t] * divergence(q));
    });
    const actual = run(present, apart);
    expect(largestError(actual, expected)).toBeLessThan(1e-6);
    expect(sameBits(run(present, present.logits), actual)).toBe(true);
  });

  test('scatter puts tokens back where gather took them, and touches no other', () => {
    const features = 5;
    const x = randomValues(20 * features, 4);
    const rows = [17, 3, 0, 9, 12, 8, 1, 19, 5, 4];
    const given = { rows: placeI32(kernels, rows), rowCount: rows.length, features };
    const picked = placeEmpty(kernels, 16 * features);
    kernels.gather({ ...given, x: placeF32(kernels, toTiles(x, 20, features)), out: picked });
    const out = placeEmpty(kernels, 24 * features);
    kernels.scatter({ ...given, x: picked, out });
    const actual = fromTiles(readF32(kernels, out, 24 * features), 24, features);
    const expected = Array.from({ length: 24 * features }, (_, i) =>
      rows.includes(Math.floor(i / features)) ? x[i] : NaN,
    );
    expect(Array.from(actual)).toEqual(expected);
  });

  test.each([
    ['add', (a: number, b: number) => a + b],
    ['subtract', (a: number, b: number) => a - b],
  ] as const)('%s does so value by value, also in place', (name, combined) => {
    const a = randomValues(104, 5);
    const b = randomValues(104, 6);
    const out = placeF32(kernels, a);
    const sentinel = placeF32(kernels, [42]);
    kernels[name]({ a: out, b: placeF32(kernels, b), out, count: 104 });
    expect(readF32(kernels, out, 104)).toEqual(a.map((value, i) => combined(value, b[i])));
    expect(readF32(kernels, sentinel, 1)[0]).toBe(42);
  });

  test.each([{ features: 1 }, { features: 6 }, { features: 35 }, { features: 128 }])(
    'rowEffects sums per owner for $features features',
    ({ features }) => {
      const { actual, expected } = effects(kernels, features);
      expect(largestError(actual, expected)).toBeLessThan(1e-6);
    },
  );
});

test('gradients at the logits and effects are the same to the last bit for any number of threads', () => {
  const logits = randomValues(TOKENS * VOCABULARY, 7, 3);
  const [one, ...others] = wasmByThreads.map((kernels) => [effects(kernels, 131).actual, answer(kernels, logits)]);
  for (const other of others) other.forEach((result, i) => expect(sameBits(result, one[i])).toBe(true));
});
