import { describe, expect, test } from '@jest/globals';
import { decodeHalf, encodeHalf } from '../../src/gguf/half.js';
import type { EffectScope, Engine, GainResponse } from '../../src/engine/engine.js';
import { withEffects } from '../../src/engine/gain-sums.js';
import { createPlainKernels } from '../../src/engine/kernels/plain.js';
import type { Flip } from '../../src/patch/flip.js';
import type { ProbeEffects } from '../../src/search/fitness.js';
import { lowerBound, type LowerBoundSettings } from '../../src/search/ranking.js';

const tensor = 'blk.0.ffn_up.weight';
const kernels = createPlainKernels();

/** Ranks by the effects of some probes on the rows of a tensor, or on one group of each. */
function rankAll(
  settings: Partial<LowerBoundSettings>,
  effects: readonly (readonly number[])[],
  {
    strata = [effects.map((_, probe) => probe)],
    cost,
    scales = [],
    most = 100,
    made = [],
    respond = (perProbe) => response(perProbe),
  }: RankOptions = {},
) {
  const withBit = (scale: number, bit?: number): number =>
    bit === undefined ? scale : decodeHalf(encodeHalf(scale) ^ (1 << bit));
  const engine: Pick<Engine, 'scales' | 'withEffects'> = {
    scales: (_, bit) => Float32Array.from(scales, (scale) => withBit(scale, bit)),
    withEffects: (...asked) => withEffects(kernels, ...asked),
  };
  const visitEffects = ({ unit, includes = () => true }: EffectScope, visit: (effects: ProbeEffects) => void): void => {
    if (!includes(tensor)) return;
    visit({
      ...{ tensor, group: unit === 'group' ? 0 : undefined, owners: effects.length, rows: effects[0].length },
      values: Float32Array.from(effects.flat()),
      cost: cost && Float32Array.from(cost),
    });
  };
  const perProbe = new Float64Array(effects.length);
  return lowerBound(settings).rank({ engine, fitness: { visitEffects, strata, respond }, perProbe, most, made });
}

/** The gain itself, unless told otherwise by what is measured of a probe and its index. */
function response(
  perProbe: Float64Array,
  rise: (value: number, probe: number) => number = () => 1,
  price: (value: number, probe: number) => number = () => 0,
): GainResponse {
  return {
    rise: perProbe.map(rise),
    fall: perProbe.map(() => 1),
    lead: perProbe,
    price: perProbe.map(price),
  };
}

const rank = (...asked: Parameters<typeof rankAll>) => rankAll(...asked).gaining;

interface RankOptions {
  readonly strata?: readonly (readonly number[])[];
  readonly cost?: readonly number[];
  readonly scales?: readonly number[];
  readonly most?: number;
  readonly made?: readonly Flip[];
  readonly respond?: (perProbe: Float64Array) => GainResponse;
}

describe('the lower bound of rows', () => {
  // Row 0 helps all a little, row 1 one probe much, row 2 nobody.
  const effects = [
    [1, 6, -1],
    [1.1, 0, -1],
    [0.9, 0, -1],
    [1, 0, -1],
  ];
  const rows = (z: number, most?: number) => rank({ z }, effects, { most }).map(({ flip }) => flip.row);

  test('prefers what helps many to what helps one', () => {
    expect(rows(0)).toEqual([1, 0]);
    expect(rows(3)).toEqual([0]);
  });

  test('takes what helps a whole set for no accident', () => {
    const bound = (strata: number[][]) => rank({ z: 2 }, [[2], [2.1], [0], [0]], { strata });
    expect(bound([[0, 1, 2, 3]])).toEqual([]);
    const [{ score }] = bound([
      [0, 1],
      [2, 3],
    ]);
    // Mean 1.025; variance of the sum 2 · 0.005 · 2.
    expect(score).toBeCloseTo(1.025 - (2 * Math.sqrt(0.01)) / 4, 6);
    expect(bound([[0], [1], [2], [3]])).toEqual([]);
  });

  test('subtracts the cost', () => {
    expect(rank({ z: 0 }, effects, { cost: [0.2, 0, 0] }).find(({ flip }) => flip.row === 0)?.score).toBeCloseTo(
      0.8,
      5,
    );
  });

  test('gives no more than asked for, and of equals the first', () => {
    expect(rows(0, 1)).toEqual([1]);
    const many = [Array.from({ length: 1000 }, (_, row) => (row % 10 === 3 ? 2 : 1))];
    expect(rank({ z: 0 }, many, { most: 3 }).map(({ flip }) => flip.row)).toEqual([3, 13, 23]);
  });

  test('weighs what probes gain and lose as the fitness does', () => {
    const respond = (perProbe: Float64Array): GainResponse =>
      response(
        perProbe,
        (_, probe) => (probe === 0 ? 0 : 1),
        () => 4,
      );
    // What raises a solved probe is nothing, and what lowers any counts five times.
    expect(rank({ z: 0 }, [[1], [0]], { respond })).toEqual([]);
    expect(rank({ z: 0 }, [[0], [1]], { respond })).toMatchObject([{ score: 0.5 }]);
    expect(rank({ z: 0 }, [[-0.1], [1]], { respond })).toMatchObject([{ score: expect.closeTo(0.25, 6) }]);
  });

  test('takes in its turn what is best once those before it are flipped', () => {
    // Two kinds of probes, each solved once it is measured at 1: after a row for the one, rows for the other.
    const kinds = [
      [1, 1, 0.4],
      [0, 0, 0.4],
    ];
    const respond = (perProbe: Float64Array): GainResponse => response(perProbe, (value) => (value >= 1 ? 0 : 1));
    expect(rank({ z: 0 }, kinds, { respond }).map(({ flip }) => flip.row)).toEqual([0, 2]);
    expect(rank({ z: 0 }, kinds).map(({ flip }) => flip.row)).toEqual([0, 1, 2]);
  });

  test('looks ahead, before anything is flipped, at what promises nothing yet', () => {
    // The second row is worth it once the first has brought the first probe to where more counts.
    const effects = [
      [1, 2],
      [0, -3],
    ];
    const respond = (perProbe: Float64Array): GainResponse => response(perProbe, (value) => (value >= 1 ? 2 : 1));
    const rowsWith = (lookahead: number, made: Flip[] = []) =>
      rank({ z: 0, lookahead }, effects, { respond, made }).map(({ flip }) => flip.row);
    expect(rowsWith(0)).toEqual([0]);
    expect(rowsWith(2)).toEqual([0, 1]);
    expect(rowsWith(1)).toEqual([0]);
    expect(rowsWith(2, [{ kind: 'row', tensor, row: 0 }])).toEqual([0]);
  });

  test('looks again at all of very many when twice as many are chosen', () => {
    // Row 4500 is worth nothing until the first probe is solved, when nothing else is; thousands are better till then.
    const solving = Array.from({ length: 5000 }, (_, row) => (row === 4500 ? 0 : 0.1));
    const later = solving.map((_, row) => (row === 4500 ? 1 : 0));
    const respond = (perProbe: Float64Array): GainResponse =>
      response(perProbe, (_, probe) => Number(probe === 0 ? perProbe[0] < 0.95 : perProbe[0] >= 0.95));
    for (const lookahead of [0, 5000]) {
      const rows = rank({ z: 0, lookahead }, [solving, later], { respond }).map(({ flip }) => flip.row);
      expect(rows.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(rows.slice(10)).toEqual(lookahead === 0 ? [] : [4500]);
    }
  });

  test('lists what was made, to be undone, the least loss first', () => {
    const made = [0, 1, 2].map((row) => ({ kind: 'row', tensor, row }) as const);
    const { gaining, undoing } = rankAll({ z: 0 }, [[-3, 2, -1]], { made });
    expect(undoing.map(({ flip, score }) => [flip.row, score])).toEqual([
      [1, 2],
      [2, -1],
      [0, -3],
    ]);
    expect(gaining).toEqual([{ flip: made[1], score: 2 }]);
  });

  test('does not count what the cost would give back', () => {
    expect(rank({ z: 0 }, [[1]], { cost: [-7] })).toMatchObject([{ score: 1 }]);
  });

  test('refuses layers that the model lacks', async () => {
    await expect(() => rank({ layers: [7] }, effects)).toFailWithCode('USAGE');
  });
});

describe('the lower bound of bits of the scales', () => {
  // 1.25 has bit 8 set and bit 9 not: ×1.4 with bit 9, ×0.8 without bit 8.
  const ranked = (effect: number, scale = 1.25, bits = [9, 8]) =>
    rank({ unit: 'scale-bit', z: 0, bits }, [[effect]], { scales: [scale] });

  test('chooses the bit that moves the scale to where the effect asks for', () => {
    // Inverting the signs helps: so does making less of the group.
    expect(ranked(1)).toEqual([
      { flip: { kind: 'scale-bit', tensor, row: 0, group: 0, bit: 8 }, score: expect.closeTo(0.1) },
    ]);
    expect(ranked(-1)).toEqual([
      { flip: { kind: 'scale-bit', tensor, row: 0, group: 0, bit: 9 }, score: expect.closeTo(0.2) },
    ]);
  });

  test('of the bits that may be flipped', () => {
    expect(ranked(1, 1.25, [9])).toEqual([]);
    expect(ranked(-1, 1.25, [8])).toEqual([]);
    expect(ranked(-1, 1.25, [7, 6])).toMatchObject([{ flip: { bit: 7 } }]);
  });

  test('has the part of the effect that the change of the scale has of its loss of sign', () => {
    for (const scale of [0.00734, 1.999, -0.5, 6e-8]) {
      const half = encodeHalf(Math.fround(scale));
      const stored = decodeHalf(half);
      for (const effect of [1, -1]) {
        for (const { flip, score } of ranked(effect, stored, [9])) {
          expect(flip).toMatchObject({ bit: 9 });
          const change = (decodeHalf(half ^ (1 << 9)) - stored) / (-2 * stored);
          expect(score).toBeCloseTo(effect * change, 6);
        }
      }
    }
  });

  test('takes no part of nothing', () => {
    expect(ranked(1, 0)).toEqual([]);
  });

  test('halves or doubles by the lowest bit of the exponent, but never beyond what a scale can be', () => {
    // 1.25 has an odd exponent field, 15; 2.5 has 16, and 40,000 the greatest of finite numbers, 30.
    expect(ranked(1, 1.25, [10])).toMatchObject([{ flip: { bit: 10 }, score: expect.closeTo(0.25) }]);
    expect(ranked(-1, 2.5, [10])).toMatchObject([{ flip: { bit: 10 }, score: expect.closeTo(0.5) }]);
    expect(ranked(-1, 40000, [10])).toEqual([]);
    expect(ranked(1, 40000, [10])).toEqual([]);
  });

  test('is surer of a small step than of a large one', () => {
    const effects = [[2.2], [0.2]];
    const bits = (z: number) =>
      rank({ unit: 'scale-bit', z, bits: [9, 8] }, effects, { scales: [1.75] }).map(({ score }) => score);
    // ×5/7 without bit 9: a seventh of the mean 1.2, less a seventh of the error 1.
    expect(bits(1)[0]).toBeCloseTo((1.2 - 1) / 7, 6);
    expect(bits(2)).toEqual([]);
  });
});
