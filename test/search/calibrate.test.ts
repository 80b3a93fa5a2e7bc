/** What a calibration finds out about the probes of the shipped model, held against what the model says and scores. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { bytesSource } from '../../src/gguf/source.js';
import { matchesAnswer } from '../../src/search/answers.js';
import { type CalibratedProbe, calibrate } from '../../src/search/calibrate.js';
import { deviations } from '../../src/search/calibrate/deviations.js';
import { answerProbes } from '../../src/search/evaluate.js';
import { scoreProbes } from '../../src/search/flip-effects.js';
import { parseProbes, type Probe } from '../../src/search/probes.js';
import { fixture, fixtureModel } from '../paths.js';

const read = (file: string) => parseProbes(readFileSync(fixture('probes', file)), file).probes;
const probes: Probe[] = [...read('calculus.json').slice(0, 40), ...read('knowledge.json').slice(0, 10)];
const sureFrom = Math.log(10);

let engine: Engine;
let judged: CalibratedProbe[];
beforeAll(async () => {
  engine = await openEngine(bytesSource(readFileSync(fixtureModel)), { threads: 1 });
  judged = await calibrate(engine, probes, { sureFrom });
});
afterAll(() => engine.dispose());

describe('calibration', () => {
  test('tells wrong, nearly wrong and sure apart by what the model says, and by margins that scores confirm', async () => {
    const answers = await answerProbes(engine, probes);
    expect(judged.map(({ generated }) => generated)).toEqual(answers.map(({ generated }) => generated));
    expect(judged.map(({ standing }) => standing === 'wrong')).toEqual(answers.map(({ correct }) => !correct));
    const standings = new Set(judged.map(({ standing }) => standing));
    expect([...standings].sort()).toEqual(['near', 'sure', 'wrong']);
    const measured = judged.filter(({ wrong }) => wrong !== undefined);
    expect(measured.length).toBeGreaterThan(40);
    const { margin } = scoreProbes(
      engine,
      measured.map(({ probe, wrong }) => ({ ...probes[probe], wrong: wrong ?? '' })),
    );
    measured.forEach((each, i) => {
      expect(each.margin).toBeCloseTo(margin?.[i] ?? NaN, 4);
      expect(matchesAnswer(each.wrong ?? '', probes[each.probe])).toBe(false);
      if (each.standing !== 'wrong') expect(each.standing === 'sure').toBe((each.margin ?? NaN) >= sureFrom);
    });
  });

  test('finds wrong answers at least as likely as those of the file, where these can serve', () => {
    const { margin } = scoreProbes(engine, probes);
    const worse = judged.filter(
      (each) => each.margin !== undefined && each.margin > (margin?.[each.probe] ?? NaN) + 1e-3,
    );
    // The file's cannot, where one of the answers is the beginning of the other.
    const nested = ({ correct, wrong = '' }: Probe): boolean => correct.startsWith(wrong) || wrong.startsWith(correct);
    expect(worse.filter(({ probe }) => !nested(probes[probe]))).toEqual([]);
    expect(judged.some(({ probe, wrong }) => wrong !== undefined && wrong !== probes[probe].wrong)).toBe(true);
  });

  test('an answer that the model gives is the wrong one, where it can serve', () => {
    const given = judged.filter(({ standing }) => standing === 'wrong');
    expect(given.length).toBeGreaterThan(10);
    // A likelier whole answer than the greedy one is possible; it is rare.
    const same = given.filter(({ wrong, generated }) => wrong === generated.trimEnd());
    expect(same.length).toBeGreaterThan(given.length * 0.8);
  });

  test('can be interrupted', async () => {
    const signal = AbortSignal.abort();
    await expect(() => calibrate(engine, probes, { sureFrom, signal })).toFailWithCode('INTERRUPTED');
  });
});

test('deviations leave the right answer, the likeliest first', () => {
  const [given] = deviations(engine, probes.slice(0, 1), { maximumTokens: 20, count: 3 });
  expect(given).toHaveLength(3);
  expect(given.every(({ ended }) => ended)).toBe(true);
  expect(given.map(({ text }) => text)).not.toContain(probes[0].correct);
  expect(new Set(given.map(({ text }) => text)).size).toBe(3);
});
