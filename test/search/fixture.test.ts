/** The search on the model that ships with the project. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../src/engine/engine.js';
import { openEngine } from '../../src/engine/open.js';
import { bytesSource } from '../../src/gguf/source.js';
import { auditProbes } from '../../src/search/audit.js';
import { answerProbes } from '../../src/search/evaluate.js';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { parseProbes } from '../../src/search/probes.js';
import { greedy } from '../../src/search/strategies/greedy.js';
import { fixture, fixtureModel } from '../paths.js';

const read = (file: string) => parseProbes(readFileSync(fixture('probes', file)), file).probes;
const probes = read('calculus.json').slice(0, 24);
const controls = read('knowledge.json').slice(0, 6);

async function withEngine<T>(threads: number, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEngine(bytesSource(readFileSync(fixtureModel)), { threads });
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
  }
}

const search = (threads: number) =>
  withEngine(threads, async (engine) => {
    const before = await answerProbes(engine, probes);
    const problem = { engine, probes, controls, fitness: answerFitness({ lossWeight: 0 }), seed: 4, now: () => 0 };
    const result = await greedy().search({ ...problem, budget: { iterations: 15 } });
    expect(await answerProbes(engine, probes)).toEqual(before);
    const fitness = problem.fitness.prepare(engine, probes, controls);
    engine.toggle(result.flips);
    expect(fitness.evaluate().objective).toBe(result.objectiveAfter);
    return result;
  });

describe('on the model that ships', () => {
  test('a search gains, restores the model, and is the same for any number of threads', async () => {
    const alone = await search(1);
    expect(alone.flips.length).toBeGreaterThan(2);
    expect(alone.objectiveAfter).toBeGreaterThan(alone.objectiveBefore);
    expect(await search(2)).toEqual(alone);
  });

  test('facts are known, and an audit sees that their distractors are not', async () => {
    await withEngine(1, async (engine) => {
      const facts = read('knowledge.json');
      const answers = await answerProbes(engine, facts);
      expect(answers.every(({ correct }) => correct)).toBe(true);
      const [weak] = auditProbes({ probes: facts, engine }).filter(({ code }) => code === 'WEAK_DISTRACTOR');
      expect(weak.data).toMatchObject({ compared: 30 });
      expect(weak.probes.length).toBeGreaterThan(10);
    });
  });
});
