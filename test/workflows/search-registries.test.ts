/** What a search finds by base, words, category and evidence, and what it makes of counts. */
import { describe, expect, test } from '@jest/globals';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import type { HeldOut, VersionEntry } from '../../src/registry/namespace-index.js';
import { matches, resultOf } from '../../src/workflows/search-registries.js';

const sha256 = 'ab'.repeat(32);

/** A version of which one file was measured: `[fixed, broke, keptRight, keptWrong]`, or none. */
function entryOf(counts?: readonly [number, number, number, number]): VersionEntry {
  const [fixed = 0, broke = 0, keptRight = 0, keptWrong = 0] = counts ?? [];
  const heldOut: HeldOut[] = counts ? [{ name: 'x.json', sha256, fixed, broke, keptRight, keptWrong }] : [];
  return {
    ...{ patch: sha256 as PatchId, base: `9e${'0'.repeat(62)}` as WeightsId, baseName: 'Bonsai 8B', flips: 3 },
    ...{ description: 'Derivatives of polynomials', categories: ['poly_deriv'], heldOut, texts: [], signers: [] },
    ...{ sha256, bytes: 10 },
  };
}

const result = (counts?: Parameters<typeof entryOf>[0]) => resultOf('lab', 'mathlab/calc', '1.0.0', entryOf(counts));

test('what follows from the counts is computed from them', () => {
  expect(result([24, 3, 47, 77])).toMatchObject({ fixed: 24, broke: 3, count: 151, gain: 21, verdict: 'better' });
  // At most three heads in 27 throws, or at least 24.
  expect(result([24, 3, 47, 77]).p).toBeCloseTo((2 * (1 + 27 + 351 + 2925)) / 2 ** 27, 12);
  // Wilson's bounds are where the share that was seen is 1.96 standard deviations away.
  const { low, high } = result([24, 3, 47, 77]).fixRate;
  for (const bound of [low, high]) {
    expect(Math.abs(24 / 101 - bound) / Math.sqrt((bound * (1 - bound)) / 101)).toBeCloseTo(1.95996, 5);
  }
  expect(result()).toMatchObject({ count: 0, gain: 0, p: 1, verdict: 'unchanged', fixRate: { low: 0, high: 1 } });
});

describe('is found', () => {
  const measured = result([24, 3, 47, 77]);
  test.each([
    [{}, true],
    [{ text: 'calc' }, true],
    [{ text: 'POLYNOMIALS mathlab' }, true],
    [{ text: 'poly_deriv' }, true],
    [{ text: 'calc integrals' }, false],
    [{ base: '9e00' }, true],
    [{ base: '9E00' }, true],
    [{ base: 'bonsai' }, true],
    [{ base: 'e00' }, false],
    [{ category: 'Poly_Deriv' }, true],
    [{ category: 'poly' }, false],
    [{ minGain: 21 }, true],
    [{ minGain: 22 }, false],
    [{ evidence: 'measured' }, true],
    [{ evidence: 'better' }, true],
    [{ text: 'calc', base: 'bonsai', category: 'poly_deriv', minGain: 1, evidence: 'better' }, true],
  ] as const)('by %j: %s', (request, found) => {
    expect(matches(measured, request)).toBe(found);
  });

  test('by evidence only where there is some', () => {
    expect(matches(result(), { evidence: 'any' })).toBe(true);
    expect(matches(result(), { evidence: 'measured' })).toBe(false);
    expect(matches(result(), { minGain: 0 })).toBe(false);
    // Five of six is what chance makes in one of five cases.
    expect(matches(result([5, 1, 10, 10]), { evidence: 'measured' })).toBe(true);
    expect(matches(result([5, 1, 10, 10]), { evidence: 'better' })).toBe(false);
    expect(matches(result([3, 24, 10, 10]), { evidence: 'better' })).toBe(false);
  });
});
