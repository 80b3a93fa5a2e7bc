import { describe, expect, test } from '@jest/globals';
import { answerFor, guidedFor } from '../../src/search/recommended.js';
import { letterProbes } from './small-engine.js';

const set = (name: string, count: number) => letterProbes(count).map((probe) => ({ ...probe, set: name }));
const isBold = (probes: ReturnType<typeof set>): boolean => {
  const [strategy, fitness] = [guidedFor(probes).settings, answerFor(probes).settings];
  expect(Number(strategy.heldBack) > 0).toBe(Number(strategy.step) > 128);
  expect(Number(strategy.heldBack) > 0).toBe(Number(fitness.rightLossWeight) > 0);
  return Number(strategy.heldBack) > 0;
};

describe('the method that suits the probes', () => {
  test('is cautious with few and bolder with many', () => {
    expect(isBold(set('a', 99))).toBe(false);
    expect(isBold(set('a', 100))).toBe(true);
  });

  test('goes by the smallest of several sets', () => {
    expect(isBold([...set('a', 200), ...set('b', 60)])).toBe(false);
    expect(isBold([...set('a', 200), ...set('b', 100)])).toBe(true);
  });

  test('puts what it is told to around the ranking', () => {
    const seen: unknown[] = [];
    guidedFor(set('a', 100), { layers: [1] }, (ranking) => (seen.push(ranking.settings), ranking));
    expect(seen).toEqual([
      { unit: ['scale-bit'], bits: [9, 8], z: 0.5, projections: ['ffn_gate', 'ffn_up', 'ffn_down'], layers: [1] },
    ]);
  });
});
