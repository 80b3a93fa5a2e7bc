import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomFromState, seededRandom, shuffle } from '../../src/search/random.js';

const draw = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random.nextUint32());
};

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('random numbers', () => {
  test('follow the reference implementation of xoshiro128**', () => {
    const random = randomFromState([1, 2, 3, 4]);
    const first = Array.from({ length: 8 }, () => random.nextUint32());
    expect(first).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849]);
  });

  test('are the golden ones of a seed', () => {
    expect(draw(0, 3)).toEqual([583574135, 1491729995, 3958530960]);
    expect(draw(1, 3)).toEqual([3744230918, 4085411741, 3160389862]);
    expect(draw(Number.MAX_SAFE_INTEGER, 3)).toEqual([3917684004, 3606723152, 26689331]);
  });

  test('are the same for the same seed and others for another', () => {
    fc.assert(
      fc.property(seeds, seeds, (a, b) => {
        expect(draw(a, 4)).toEqual(draw(a, 4));
        if (a !== b) expect(draw(a, 4)).not.toEqual(draw(b, 4));
      }),
    );
  });

  test('stay within their ranges', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
        const random = seededRandom(seed);
        const integer = random.nextInt(n);
        expect(Number.isInteger(integer) && integer >= 0 && integer < n).toBe(true);
        const float = random.nextFloat();
        expect(float >= 0 && float < 1).toBe(true);
      }),
    );
  });

  test('are spread evenly', () => {
    const random = seededRandom(7);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[random.nextInt(10)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  test('shuffle to a permutation', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer()), (seed, items) => {
        const shuffled = shuffle([...items], seededRandom(seed));
        expect([...shuffled].sort()).toEqual([...items].sort());
      }),
    );
  });

  test.each([-1, 1.5, NaN, 2 ** 53])('refuse the seed %p', (seed) => {
    expect(() => seededRandom(seed)).toThrow(RangeError);
  });
});
