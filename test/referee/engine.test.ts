import { beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { type ModelShape, writeRandomModel } from '../../bench/random-model.js';
import { openEngine } from '../../src/engine/open.js';
import { openFile } from '../../src/gguf/source.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { type Agreement, type Comparison, compareWithReferee, summarizeAgreement, TIE } from './agreement.js';
import { openReferee } from './llama.js';
import { refereePrompts } from './prompts.js';

/** What the Bonsai models have and the fixture has not: a head of its own, heads of 128, more than two queries a key. */
const bonsaiLike: ModelShape = {
  layers: 3,
  width: 256,
  mlp: 640,
  heads: 8,
  kvHeads: 2,
  headDim: 128,
  vocabulary: 400,
  tied: false,
};

/** Compares both on groups of prompts. */
async function compareOn(path: string, groups: readonly (readonly string[])[]): Promise<Comparison[]> {
  const source = openFile(path);
  const engine = await openEngine(source);
  source.close();
  const referee = await openReferee(path);
  try {
    const comparisons: Comparison[] = [];
    for (const prompts of groups) comparisons.push(...(await compareWithReferee(engine, referee, prompts)));
    return comparisons;
  } finally {
    await referee.dispose();
    await engine.dispose();
  }
}

/** What remains of comparisons where a prediction differs although there is no tie. */
const clearDisagreements = (comparisons: readonly Comparison[]): Comparison[] =>
  comparisons.filter(
    ({ sameTop, topMargin, partingMargin = 0 }) => (!sameTop && topMargin > TIE) || partingMargin > TIE,
  );

describe('the engine and llama.cpp, on the fixture model', () => {
  let comparisons: Comparison[];
  let agreement: Agreement;

  beforeAll(async () => {
    comparisons = await compareOn(fixtureModel, Object.values(refereePrompts()));
    agreement = summarizeAgreement(comparisons);
  });

  test('read prompts of every kind as the same tokens', () => {
    expect(agreement.prompts).toBeGreaterThan(1000);
    expect(comparisons.filter(({ sameIds }) => !sameIds)).toEqual([]);
  });

  test('prefer the same tokens wherever there is no tie', () => {
    expect(clearDisagreements(comparisons)).toEqual([]);
  });

  test('give the next tokens the same log-probabilities', () => {
    expect(agreement.meanDifference).toBeLessThanOrEqual(0.02);
    expect(agreement.maximumDifference).toBeLessThan(0.2);
  });

  test('are less than half as far from unrounded activations as llama.cpp is', () => {
    const [ours, theirs] = agreement.meanErrors;
    expect(ours).toBeLessThan(theirs / 2);
  });

  test('generate the same text for 99 % of the prompts', () => {
    expect(agreement.sameTexts / agreement.prompts).toBeGreaterThanOrEqual(0.99);
  });
});

describe('the engine and llama.cpp, on a model of another shape', () => {
  test('compute the same', async () => {
    const path = join(temporaryDirectory(), 'random.gguf');
    writeRandomModel(path, bonsaiLike, 1);
    const { facts, code } = refereePrompts();
    const comparisons = await compareOn(path, [facts.slice(0, 10), code.slice(0, 10)]);
    const agreement = summarizeAgreement(comparisons);
    expect(agreement.sameIds).toBe(agreement.prompts);
    expect(agreement.meanDifference).toBeLessThanOrEqual(0.02);
    expect(clearDisagreements(comparisons)).toEqual([]);
  });
});
