import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mcNemarExact, wilsonInterval } from '../../src/search/statistics.js';

const counts = fc.integer({ min: 0, max: 400 });

describe("McNemar's exact test", () => {
  test.each([
    [0, 0, 1],
    [1, 0, 1],
    [1, 1, 1],
    [2, 3, 1],
    [5, 0, 0.0625],
    [10, 2, 0.03857421875],
    [25, 0, 5.9604644775390625e-8],
    [600, 500, 0.0028195449914],
    [1000, 1000, 1],
    [131, 21, 1.2597915e-20],
  ])('of %p fixed and %p broke is %p', (fixed, broke, p) => {
    const relative = mcNemarExact(fixed, broke) / p;
    expect(relative).toBeGreaterThan(0.9999);
    expect(relative).toBeLessThan(1.0001);
  });

  test('is symmetric, within (0, 1], and smaller for a clearer result', () => {
    fc.assert(
      fc.property(counts, counts, (fixed, broke) => {
        const p = mcNemarExact(fixed, broke);
        expect(p).toBe(mcNemarExact(broke, fixed));
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        if (fixed > broke) expect(mcNemarExact(fixed + 1, broke)).toBeLessThanOrEqual(p);
      }),
    );
  });
});

describe("Wilson's interval", () => {
  test.each([
    [0, 0, 0, 1],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [5, 10, 0.2366, 0.7634],
    [25, 106, 0.1652, 0.325],
  ])('of %p in %p is %p … %p', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  test('holds the rate', () => {
    fc.assert(
      fc.property(counts, counts, (successes, failures) => {
        const { rate, low, high } = wilsonInterval(successes, successes + failures);
        expect(0 <= low && low <= rate && rate <= high && high <= 1).toBe(true);
      }),
    );
  });
});
