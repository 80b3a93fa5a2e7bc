/** The search for the first bad commit. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findFirstBad, type HistoryNode } from '../../src/search/first-bad.js';

const line = (length: number): HistoryNode<number>[] => Array.from({ length }, (_, id) => ({ id, parents: [id - 1] }));

async function search(nodes: readonly HistoryNode<number>[], bad: number, isBad: (id: number) => boolean) {
  let tests = 0;
  const found = await findFirstBad(nodes, bad, async (id) => {
    tests += 1;
    return isBad(id);
  });
  return { found, tests };
}

describe('the first bad commit', () => {
  test.each([1, 2, 3, 64, 65])('of a line of %i is found wherever it is, in log₂ tests', async (length) => {
    for (let first = 0; first < length; first++) {
      const { found, tests } = await search(line(length), length - 1, (id) => id >= first);
      expect(found).toBe(first);
      expect(tests).toBeLessThanOrEqual(Math.ceil(Math.log2(length)));
    }
  });

  test('of a history with merges is bad while its parents are good, and costs little more than on a line', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 60 }),
        fc.infiniteStream(fc.nat()),
        fc.nat(),
        async (size, draw, at) => {
          const nodes = Array.from({ length: size }, (_, id): HistoryNode<number> => {
            const parents = id === 0 ? [-1] : [id - 1, ...(id % 5 === 0 ? [Number(draw.next().value) % id] : [])];
            return { id, parents: [...new Set(parents)] };
          });
          const first = at % size;
          const descends = (id: number): boolean =>
            id === first || nodes[id].parents.some((p) => p >= first && descends(p));
          const { found, tests } = await search(nodes, size - 1, descends);
          expect(found).toBe(first);
          expect(tests).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(size)));
        },
      ),
    );
  });

  test('of a fork is looked for on the side that is bad', async () => {
    //  0 ─ 1 ─ 2 ─ 6
    //   ╲─ 3 ─ 4 ─ 5 ╱
    const nodes = [[-1], [0], [1], [0], [3], [4], [2, 5]].map((parents, id) => ({ id, parents }));
    for (const first of [3, 4, 5]) {
      expect((await search(nodes, 6, (id) => (id >= first && id !== 6 ? id >= 3 : id === 6))).found).toBe(first);
    }
    expect((await search(nodes, 6, (id) => id === 6)).found).toBe(6);
  });
});
