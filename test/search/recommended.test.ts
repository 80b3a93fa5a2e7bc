import { describe, expect, test } from '@jest/globals';
import { guidedFor, recommendedFitness } from '../../src/search/recommended.js';
import { letterProbes } from './small-engine.js';

const set = (name: string, count: number) => letterProbes(count).map((probe) => ({ ...probe, set: name }));
/** Standard errors that a promise must be above 0. */
function zOf(probes: ReturnType<typeof set>): number {
  let z = NaN;
  guidedFor(probes, {}, (ranking) => ((z = Number(ranking.settings.z)), ranking));
  return z;
}

describe('the method that suits the probes', () => {
  test('is bolder with many', () => {
    expect(zOf(set('a', 99))).toBe(2.5);
    expect(zOf(set('a', 100))).toBe(2);
  });

  test('goes by the smallest of several sets, and counts the error of each as its own', () => {
    expect(zOf([...set('a', 200), ...set('b', 60)])).toBe(1.77);
    expect(zOf([...set('a', 200), ...set('b', 100)])).toBe(1.41);
  });

  test('rehearses, and records which sets cannot judge', () => {
    expect(guidedFor(set('a', 60)).settings).toMatchObject({ heldBack: 0.33 });
    expect(guidedFor(set('a', 60)).settings).not.toHaveProperty('known');
    const [old, fresh] = [set('0123456789abcdef', 60), set('fedcba9876543210', 60)];
    const known = ['0123456789abcdef'];
    expect(guidedFor([...old, ...fresh], { known }).settings).toMatchObject({
      heldBack: 0.33,
      known: ['0123456789ab'],
    });
    expect(guidedFor(old, { known }).settings).toMatchObject({ heldBack: 0 });
    expect(guidedFor(old, { known }).settings).not.toHaveProperty('known');
  });

  test('of many probes holds what is known, and searches for the others as if there were nothing else', () => {
    const [old, fresh] = [set('0123456789abcdef', 200), set('fedcba9876543210', 100)];
    const known = ['0123456789abcdef'];
    const seen: unknown[] = [];
    const strategy = guidedFor([...old, ...fresh], { known }, (ranking) => (seen.push(ranking.settings.z), ranking));
    expect([strategy.settings.mostBytes, ...seen]).toEqual([1024, 2]);
    expect(recommendedFitness([...old, ...fresh], known).settings).toMatchObject({ known: ['0123456789ab'] });
  });

  test('of few searches for both', () => {
    const [old, fresh] = [set('0123456789abcdef', 200), set('fedcba9876543210', 60)];
    const known = ['0123456789abcdef'];
    expect(guidedFor([...old, ...fresh], { known }).settings.mostBytes).toBe(2048);
    expect(recommendedFitness([...old, ...fresh], known).settings).toEqual(recommendedFitness().settings);
  });

  test('searches for all where all are known', () => {
    const [one, other] = [set('0123456789abcdef', 100), set('fedcba9876543210', 100)];
    const known = ['0123456789abcdef', 'fedcba9876543210'];
    expect(guidedFor([...one, ...other], { known }).settings.mostBytes).toBe(2048);
    expect(recommendedFitness([...one, ...other], known).settings).toEqual(recommendedFitness().settings);
  });

  test('gives every set its room', () => {
    const roomOf = (probes: ReturnType<typeof set>) => guidedFor(probes).settings.mostBytes;
    expect(roomOf(set('a', 60))).toBe(1024);
    expect(roomOf([...set('a', 60), ...set('b', 60)])).toBe(2048);
    expect(roomOf([...set('a', 100), ...set('b', 100), ...set('c', 100), ...set('d', 100)])).toBe(4096);
  });

  test('puts what it is told to around the ranking', () => {
    const seen: unknown[] = [];
    guidedFor(set('a', 100), { layers: [1] }, (ranking) => (seen.push(ranking.settings), ranking));
    expect(seen).toEqual([
      { unit: ['scale-bit'], bits: [10], z: 2, projections: ['ffn_gate', 'ffn_up', 'ffn_down'], layers: [1] },
    ]);
  });
});
