import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { parseProbes, type Probe } from '../../src/search/probes.js';
import { divideProbes, nearDuplicates } from '../../src/search/split.js';
import { fixture } from '../paths.js';

const probe = (prompt: string, correct: string, category = 'c'): Probe => ({ prompt, correct, category });

describe('near-duplicates', () => {
  test.each([
    ['case, spacing and punctuation', probe('2 + 2 =', ' 4'), probe('2+2:', ' four')],
    ['the same question in other words', probe('Is 44 prime? Answer:', ' No'), probe('Prime test for 44:', ' No')],
  ])('are prompts that differ in %s', (_, a, b) => {
    expect(nearDuplicates([a, probe('other', ' x'), b])).toEqual([[0, 2], [1]]);
  });

  test.each([
    ['another answer', probe('12 + 3 =', ' 15'), probe('12 * 3 =', ' 36')],
    ['other numbers', probe('Is 44 prime?', ' No'), probe('Is 46 prime?', ' No')],
    ['another category', probe('half of 4 =', ' 2', 'a'), probe('root of 4 =', ' 2', 'b')],
  ])('are not prompts with %s', (_, a, b) => {
    expect(nearDuplicates([a, b])).toEqual([[0], [1]]);
  });

  test('are so by way of a third one', () => {
    const chain = [probe('Is 7 prime', ' Yes'), probe('is 7 prime?', ' yes'), probe('Prime: 7', ' yes')];
    expect(nearDuplicates(chain)).toEqual([[0, 1, 2]]);
  });
});

describe('a division', () => {
  const set = parseProbes(readFileSync(fixture('probes', 'calculus-large.json')), 'c').probes;

  test('keeps every probe, on one side, with its kin, whatever the seed and share', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0.05, max: 0.95, noNaN: true }), (seed, share) => {
        const { search, heldOut } = divideProbes(set, share, seed);
        expect(search.length + heldOut.length).toBe(set.length);
        const both = [...search, ...heldOut];
        for (const group of nearDuplicates(both)) {
          expect(new Set(group.map((index) => index < search.length)).size).toBe(1);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('takes its share of every category, the same again', () => {
    const { search, heldOut } = divideProbes(set, 0.3, 5);
    expect(divideProbes(set, 0.3, 5)).toEqual({ search, heldOut });
    expect(divideProbes(set, 0.3, 6)).not.toEqual({ search, heldOut });
    for (const category of new Set(set.map((each) => each.category))) {
      const count = (probes: readonly Probe[]) => probes.filter((each) => each.category === category).length;
      expect(Math.abs(count(heldOut) - 0.3 * count(set))).toBeLessThanOrEqual(4);
    }
  });
});
