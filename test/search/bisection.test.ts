/** What it costs to find a commit and the flip inside it, wherever they are. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findFirstBad } from '../../src/search/first-bad.js';
import { findGuiltyFlips } from '../../src/search/guilty-flips.js';

/**
 * Looks for one guilty flip in a line of commits of so many flips each, as the workflow does: both ends are evaluated, and
 * equal states once. → evaluations in all, those that only say whether the flip acts alone included
 */
async function evaluationsOf(sizes: readonly number[], guilty: { commit: number; flip: number }): Promise<number> {
  const ends: number[] = [];
  for (const size of sizes) ends.push((ends.at(-1) ?? 0) + size);
  const [start, end] = [ends[guilty.commit] - sizes[guilty.commit], ends[guilty.commit]];
  const culprit = start + guilty.flip;
  const flips = Array.from({ length: ends[ends.length - 1] }, (_, flip) => flip);
  const evaluated = new Set<string>();
  const isBad = async (state: readonly number[]): Promise<boolean> => {
    evaluated.add(state.join());
    return state.includes(culprit);
  };
  await isBad([]);
  await isBad(flips);

  const nodes = sizes.map((suspects, id) => ({ id, parents: [id - 1], suspects }));
  const commit = await findFirstBad(nodes, sizes.length - 1, (id) => isBad(flips.slice(0, ends[id])));
  const result = await findGuiltyFlips(
    flips.slice(start, end),
    (some) => isBad([...flips.slice(0, start), ...some]),
    8,
  );
  expect({ commit, ...result }).toEqual({
    ...{ commit: guilty.commit, flips: [culprit], sufficient: true, necessary: true },
  });
  return evaluated.size;
}

const commits = Array.from({ length: 64 }, (_, commit) => commit);
const flipsOf90 = [0, 1, 44, 45, 89];

describe('a regression among 64 commits, in one of 90 flips', () => {
  test.each([1, 2, 5, 12])(
    'takes 14 evaluations beyond the first at most, certainty included, where other commits have %i flips',
    async (others) => {
      for (const commit of commits) {
        const sizes = commits.map((each) => (each === commit ? 90 : others));
        for (const flip of flipsOf90) {
          expect((await evaluationsOf(sizes, { commit, flip })) - 1).toBeLessThanOrEqual(14);
        }
      }
    },
  );

  test('takes no more where it is in another commit than the one of 90 flips', async () => {
    for (const large of [0, 31, 32, 63]) {
      const sizes = commits.map((each) => (each === large ? 90 : 1));
      for (const commit of commits.filter((each) => each !== large)) {
        expect((await evaluationsOf(sizes, { commit, flip: 0 })) - 1).toBeLessThanOrEqual(14);
      }
    }
  });

  test('takes 14 to be found and two to be certain where all commits have 90: no test of yes and no can do better', async () => {
    const sizes = commits.map(() => 90);
    for (const commit of commits) {
      for (const flip of flipsOf90) {
        expect((await evaluationsOf(sizes, { commit, flip })) - 1).toBeLessThanOrEqual(14 + 2);
      }
    }
  });
});

test('both searches together take the logarithm of all flips and two, the bad end and certainty as many again', async () => {
  const lines = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 200 })), {
    ...{ minLength: 1, maxLength: 40 },
  });
  await fc.assert(
    fc.asyncProperty(lines, fc.nat(), fc.nat(), async (sizes, at, inside) => {
      const commit = at % sizes.length;
      const bound = Math.ceil(Math.log2(sizes.reduce((sum, size) => sum + size))) + 2;
      const evaluations = await evaluationsOf(sizes, { commit, flip: inside % sizes[commit] });
      expect(evaluations).toBeLessThanOrEqual(1 + bound + 1 + 2);
    }),
    { numRuns: 300 },
  );
});
