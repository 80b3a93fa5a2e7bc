import { describe, expect, test } from '@jest/globals';
import { guidedFor } from '../../src/search/recommended.js';
import { letterProbes } from './small-engine.js';

const set = (name: string, count: number) => letterProbes(count).map((probe) => ({ ...probe, set: name }));
const holdsBack = (probes: ReturnType<typeof set>): boolean => Number(guidedFor(probes).settings.heldBack) > 0;

describe('the method that suits the probes', () => {
  test('holds back some of many', () => {
    expect(holdsBack(set('a', 99))).toBe(false);
    expect(holdsBack(set('a', 100))).toBe(true);
  });

  test('goes by the smallest of several sets', () => {
    expect(holdsBack([...set('a', 200), ...set('b', 60)])).toBe(false);
    expect(holdsBack([...set('a', 200), ...set('b', 100)])).toBe(true);
  });

  test('puts what it is told to around the ranking', () => {
    const seen: unknown[] = [];
    guidedFor(set('a', 100), { layers: [1] }, (ranking) => (seen.push(ranking.settings), ranking));
    expect(seen).toEqual([
      { unit: ['scale-bit'], bits: [10], z: 2, projections: ['ffn_gate', 'ffn_up', 'ffn_down'], layers: [1] },
    ]);
  });
});
