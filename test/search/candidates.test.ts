import { describe, expect, test } from '@jest/globals';
import { publishedLayers, scaleWeightedRows } from '../../src/search/candidates.js';
import { seededRandom } from '../../src/search/random.js';
import { smallEngine } from './small-engine.js';

describe('scale-weighted rows', () => {
  test('come as often as their scale says', () => {
    const source = scaleWeightedRows(smallEngine(), { layers: [1], projections: ['ffn_up'] });
    const random = seededRandom(3);
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 28_000; i++) {
      counts[source.next(random).row]++;
    }
    // The small engine's row r has scale r; 28 is the sum.
    counts.forEach((count, row) => expect(Math.abs(count - 1000 * row)).toBeLessThan(300));
    expect(counts[0]).toBe(0);
  });

  test('cover gate and up rows of all layers of a small model', () => {
    const source = scaleWeightedRows(smallEngine());
    const random = seededRandom(1);
    const seen = new Set(Array.from({ length: 3000 }, () => JSON.stringify(source.next(random))));
    expect(source.size).toBe(3 * 2 * 7);
    expect(seen.size).toBe(source.size);
  });

  test('are named with their settings', () => {
    expect(scaleWeightedRows(smallEngine(), { layers: [0, 2] })).toMatchObject({
      name: 'scale-weighted-rows',
      settings: { layers: [0, 2], projections: ['ffn_gate', 'ffn_up'] },
    });
  });

  test('need layers that exist', async () => {
    await expect(() => scaleWeightedRows(smallEngine(), { layers: [3] })).toFailWithCode('USAGE');
    await expect(() => scaleWeightedRows(smallEngine(), { layers: [] })).toFailWithCode('USAGE');
  });
});

test('the published layers are the early ones and the last but one', () => {
  expect(publishedLayers(36)).toEqual([1, 2, 3, 4, 34]);
  expect(publishedLayers(28)).toEqual([1, 2, 3, 4, 26]);
  expect(publishedLayers(6)).toEqual([0, 1, 2, 3, 4, 5]);
});
