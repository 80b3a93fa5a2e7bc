/** The search for the flips that make a patch bad. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findGuiltyFlips } from '../../src/search/guilty-flips.js';

const patch = Array.from({ length: 90 }, (_, flip) => flip);

/** Judges subsets by whether they have all of one of the sets, and remembers what it was asked as the caller does. */
function judge(...sets: readonly (readonly number[])[]) {
  const asked = new Map<string, boolean>();
  const isBad = async (flips: readonly number[]) => {
    const answer = sets.some((set) => set.every((flip) => flips.includes(flip)));
    asked.set(flips.join(), answer);
    return answer;
  };
  return { asked, isBad };
}

describe('the guilty flips', () => {
  test('are one of ninety, found in seven tests and confirmed in two', async () => {
    for (const flip of patch) {
      const { asked, isBad } = judge([flip]);
      expect(await findGuiltyFlips(patch, isBad, 8)).toEqual({ flips: [flip], sufficient: true, necessary: true });
      expect(asked.size).toBeLessThanOrEqual(7 + 2);
    }
  });

  test('are all of those that act together only, and no other', async () => {
    const together = fc.uniqueArray(fc.constantFrom(...patch), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(together, async (set) => {
        const { asked, isBad } = judge(set);
        const sorted = [...set].sort((a, b) => a - b);
        expect(await findGuiltyFlips(patch, isBad, 8)).toEqual({ flips: sorted, sufficient: true, necessary: true });
        expect(asked.size).toBeLessThanOrEqual(set.length * 9 + 2);
      }),
    );
  });

  test('are not called necessary where others do the same', async () => {
    const { isBad } = judge([20], [70]);
    expect(await findGuiltyFlips(patch, isBad, 8)).toEqual({ flips: [20], sufficient: true, necessary: false });
  });

  test('are not called sufficient where more act together than are looked for', async () => {
    const { isBad } = judge([1, 2, 3, 50]);
    expect(await findGuiltyFlips(patch, isBad, 2)).toEqual({ flips: [3, 50], sufficient: false, necessary: true });
  });

  test('are bad together and none of them can be spared, whatever the judge does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 4 }), { minLength: 1 }),
        async (sets) => {
          const twelve = patch.slice(0, 12);
          // Flip 11 cures what the sets do, unless all flips are there: no judge has to be monotone.
          const { isBad: plain } = judge(...sets.map((set) => [...new Set(set)]));
          const isBad = async (flips: readonly number[]) =>
            flips.length === 12 || (flips.length > 0 && (await plain(flips)) && !flips.includes(11));
          const { flips, sufficient } = await findGuiltyFlips(twelve, isBad, 12);
          expect(sufficient).toBe(true);
          expect(await isBad(flips)).toBe(true);
          for (const flip of flips) {
            const without = flips.filter((other) => other !== flip);
            if (without.length > 0 && flips.length < 12) expect(await isBad(without)).toBe(false);
          }
        },
      ),
    );
  });
});
