import { describe, expect, test } from '@jest/globals';
import type { Flip } from '../../src/patch/flip.js';
import { COURSE_LIMIT, courseOf } from '../../src/search/course.js';
import { scoreProbes } from '../../src/search/flip-effects.js';
import { measureLikelihoods, measureMargins } from '../../src/search/likelihood.js';
import { measureChange } from '../../src/search/measure.js';
import { assertHeldOut, sharedPrompts } from '../../src/search/overlap.js';
import { parseText } from '../../src/search/texts.js';
import { verdictOf } from '../../src/search/statistics.js';
import { favouring, letterProbes, smallEngine } from './small-engine.js';

const flips: Flip[] = [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 0 }];
const probes = letterProbes(4);
const set = { name: 'letters', sha256: '', probes, role: 'heldout' };
const text = parseText(Buffer.from('ab\n\nab\n'), 'text.txt');

/** Says the right thing, and nothing more, to the first `right` probes. */
const speaker = (right: number) =>
  favouring(
    probes.map(({ prompt, correct, wrong }, i) => `${prompt}${i < right ? correct : wrong}\n`),
    20,
  );

describe('measuring a change', () => {
  test('compares the states before and after, and leaves the engine as it was', async () => {
    const engine = smallEngine({ 'blk.0.ffn_up.weight:0': (...at) => 3 * speaker(3)(...at) }, speaker(1));
    const progress: [number, number][] = [];
    const measured = await measureChange(
      engine,
      flips,
      { probes: [set], texts: [text] },
      { onProgress: (done, total) => progress.push([done, total]) },
    );
    expect(measured.probes[0].set).toBe(set);
    expect(measured.probes[0].comparison).toMatchObject({ rightBefore: 1, rightAfter: 3, fixed: 2, broke: 0 });
    expect(measured.texts[0].comparison).toMatchObject({ tokens: 2 });
    expect(progress).toEqual([
      [4, 12],
      [8, 12],
      [12, 12],
    ]);
    expect([engine.flipped.size, engine.openBatches()]).toEqual([0, 0]);
  });

  test('leaves the engine as it was when it is interrupted half way', async () => {
    const engine = smallEngine();
    const stop = new AbortController();
    const options = { signal: stop.signal, onProgress: () => stop.abort() };
    await expect(measureChange(engine, flips, { probes: [set], texts: [] }, options)).toFailWithCode('INTERRUPTED');
    expect(engine.flipped.size).toBe(0);
  });
});

test('likelihoods are those of whole answers, before and after', async () => {
  const engine = smallEngine({ 'blk.0.ffn_up.weight:0': favouring(['q0:A'], 30) });
  const { before, after } = await measureLikelihoods(engine, flips, probes);
  expect(after[0]).toBeCloseTo(0, 5);
  expect(before[0]).toBeLessThan(-1);
  expect(after.slice(1)).toEqual(before.slice(1));
  const asked = probes.map((probe) => ({ ...probe, wrong: 'Z' }));
  const margins = await measureMargins(engine, flips, asked, { before, after });
  const { margin } = scoreProbes(engine, asked);
  expect(margins?.before).toEqual([...(margin ?? [])]);
  expect(margins?.after[0]).toBeGreaterThan(margins?.before[0] ?? Infinity);
  expect(
    await measureMargins(engine, flips, [...asked, { prompt: 'p', correct: 'c' }], { before, after }),
  ).toBeUndefined();
  expect([engine.flipped.size, engine.openBatches()]).toEqual([0, 0]);
});

describe('the course of a search', () => {
  const flip: Flip = flips[0];
  const result = (iterations: number[]) =>
    ({
      objectiveBefore: -9,
      history: iterations.map((iteration) => ({ iteration, flip, objective: iteration })),
    }) as never;

  test('has a point for each accepted iteration, and the start', () => {
    expect(courseOf(result([2, 2, 5])).map(({ iteration, objective }) => [iteration, objective])).toEqual([
      [0, -9],
      [2, 2],
      [5, 5],
    ]);
  });

  test('of a long search is an even choice with both ends', () => {
    const course = courseOf(result(Array.from({ length: 1000 }, (_, i) => i + 1)));
    expect(course).toHaveLength(COURSE_LIMIT);
    expect([course[0].iteration, course[COURSE_LIMIT - 1].iteration]).toEqual([0, 1000]);
    expect(new Set(course.map(({ iteration }) => iteration)).size).toBe(COURSE_LIMIT);
  });
});

describe('what is held out', () => {
  const prompt = (text: string) => ({ prompt: text, correct: 'x' });
  const setOf = (name: string, ...prompts: string[]) => ({ name, sha256: '', probes: prompts.map(prompt) });

  test('shares no prompt with what is searched on, whatever its spacing', async () => {
    const held = setOf('held', 'a', ' b  c ', 'd');
    expect(sharedPrompts(held.probes, setOf('seen', 'b c', 'D').probes)).toEqual([1]);
    await expect(() => assertHeldOut([held], [setOf('other', 'e'), setOf('seen', 'b c')])).toFailWithCode(
      'PROBES_OVERLAP',
    );
    assertHeldOut([held], [setOf('other', 'D')]);
  });
});

test.each([
  [0, 0, 'unchanged'],
  [5, 0, 'not significant'],
  [6, 0, 'better'],
  [0, 6, 'worse'],
  [20, 14, 'not significant'],
] as const)('%i fixed and %i broke is %s', (fixed, broke, verdict) => {
  expect(verdictOf(fixed, broke)).toBe(verdict);
});
