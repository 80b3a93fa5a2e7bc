import { describe, expect, test } from '@jest/globals';
import { answerProbes, compareAnswers, type ProbeAnswer } from '../../src/search/evaluate.js';
import { favouring, letterProbes, smallEngine } from './small-engine.js';

const answers = (marks: string): ProbeAnswer[] =>
  [...marks].map((mark) => ({ generated: mark, correct: mark === 'r' }));

describe('answering probes', () => {
  const probes = letterProbes(5);
  const said = (index: number, text: string) => favouring([`q${index}:${text}`], 20);
  const speaker = () =>
    smallEngine({}, (context, token) =>
      [said(0, 'A\n'), said(1, 'b\n'), said(2, ' C\nq3:'), said(3, 'DD\n'), said(4, 'EEEEEEEEEEEEEEEEE')].reduce(
        (sum, effect) => sum + effect(context, token),
        0,
      ),
    );

  test('gives the first line and whether it is the answer', async () => {
    const given = await answerProbes(speaker(), probes);
    expect(given.slice(0, 4)).toEqual([
      { generated: 'A', correct: true },
      { generated: 'b', correct: false },
      { generated: ' C', correct: true },
      { generated: 'DD', correct: false },
    ]);
  });

  test('counts an answer without an end as wrong', async () => {
    const endless = { prompt: 'q4:', correct: 'E'.repeat(9), alternates: ['E'] };
    const [given] = await answerProbes(speaker(), [endless]);
    expect(given).toEqual({ generated: 'E'.repeat(17), correct: false });
  });

  test('does not depend on the size of the batches, and reports after each', async () => {
    const progress: number[] = [];
    const small = await answerProbes(speaker(), probes, {
      batchSize: 2,
      onProgress: ({ answered }) => progress.push(answered),
    });
    expect(small).toEqual(await answerProbes(speaker(), probes));
    expect(progress).toEqual([2, 4, 5]);
  });

  test('ends when it is interrupted', async () => {
    const controller = new AbortController();
    const evaluation = answerProbes(speaker(), probes, {
      batchSize: 2,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(evaluation).toFailWithCode('INTERRUPTED');
  });
});

describe('comparing answers', () => {
  test('counts what changed, in all and by category', () => {
    const comparison = compareAnswers(letterProbes(8), answers('rwwwwwwr'), answers('wrrrrrwr'));
    expect(comparison).toEqual({
      total: 8,
      fixed: 5,
      broke: 1,
      keptRight: 1,
      keptWrong: 1,
      rightBefore: 2,
      rightAfter: 6,
      p: 0.21875,
      fixRate: { rate: 5 / 6, low: expect.closeTo(0.4365, 4), high: expect.closeTo(0.9699, 4) },
      perCategory: [
        { category: 'even', total: 4, fixed: 2, broke: 1, keptRight: 0, keptWrong: 1 },
        { category: 'odd', total: 4, fixed: 3, broke: 0, keptRight: 1, keptWrong: 0 },
      ],
      fixedProbes: [1, 2, 3, 4, 5],
      brokeProbes: [0],
    });
  });

  test('finds no change between equal answers', () => {
    const same = compareAnswers(letterProbes(3), answers('rwr'), answers('rwr'));
    expect(same).toMatchObject({ fixed: 0, broke: 0, keptRight: 2, keptWrong: 1, p: 1, fixRate: { rate: 0, low: 0 } });
  });

  test('gives plain data', () => {
    const comparison = compareAnswers(letterProbes(3), answers('rrr'), answers('rrr'));
    expect(JSON.parse(JSON.stringify(comparison))).toEqual(comparison);
  });
});
