import { describe, expect, test } from '@jest/globals';
import { rising } from '../../src/search/acceptance.js';
import type { CandidateSource } from '../../src/search/candidates.js';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { worstProbes } from '../../src/search/screening.js';
import type { Budget } from '../../src/search/stopping.js';
import { greedy } from '../../src/search/strategies/greedy.js';
import type { SearchProblem, SearchProgress } from '../../src/search/strategy.js';
import { favouring, letterProbes, type RowEffect, type SmallEngine, smallEngine } from './small-engine.js';

const probes = letterProbes(12);
const controls = [{ prompt: 'sky:', correct: 'blue' }];
const rightAnswers = probes.map(({ prompt, correct }) => prompt + correct);

/** Three rows help, one helps and hurts controls more, all others hurt. */
const PLANTED = ['blk.0.ffn_gate.weight:5', 'blk.1.ffn_up.weight:7', 'blk.2.ffn_up.weight:2'];
const HARMFUL = 'blk.1.ffn_gate.weight:6';

function planted(): SmallEngine {
  const effects: Record<string, RowEffect> = {};
  for (const layer of [0, 1, 2]) {
    for (const kind of ['ffn_gate', 'ffn_up']) {
      for (let row = 0; row < 8; row++) {
        effects[`blk.${layer}.${kind}.weight:${row}`] = favouring(rightAnswers, -0.5);
      }
    }
  }
  for (const key of PLANTED) effects[key] = favouring(rightAnswers, 2);
  const helps = favouring(rightAnswers, 1);
  const hurts = favouring(['sky:x', 'sky:bx', 'sky:blx', 'sky:blux'], 9);
  effects[HARMFUL] = (context, token) => helps(context, token) + hurts(context, token);
  return smallEngine(effects);
}

function problemFor(engine: SmallEngine, overrides: Partial<SearchProblem> = {}): SearchProblem {
  return {
    engine,
    probes,
    controls,
    fitness: answerFitness(),
    seed: 11,
    budget: { iterations: 150 },
    now: () => 0,
    ...overrides,
  };
}

const keys = (flips: readonly { tensor: string; row: number }[]) => flips.map(({ tensor, row }) => `${tensor}:${row}`);

describe('the greedy search', () => {
  test('finds the rows that help, and no others', async () => {
    const engine = planted();
    const result = await greedy().search(problemFor(engine, { budget: {} }));
    expect(keys(result.flips)).toEqual(PLANTED);
    expect(result).toMatchObject({ stoppedBy: 'exhausted', accepted: 3 });
    expect(result.objectiveAfter).toBeGreaterThan(result.objectiveBefore);
    expect(result.history.map(({ objective }) => objective)).toEqual(
      result.history.map(({ objective }) => objective).sort((a, b) => a - b),
    );
  });

  test('states the objective that its flips give', async () => {
    const engine = planted();
    const result = await greedy().search(problemFor(engine));
    const fitness = answerFitness().prepare(engine, probes, controls);
    engine.toggle(result.flips);
    expect(fitness.start.objective).toBe(result.objectiveBefore);
    expect(fitness.evaluate().objective).toBe(result.objectiveAfter);
  });

  test('gives the same result for the same seed, another path for another', async () => {
    const first = await greedy().search(problemFor(planted()));
    expect(await greedy().search(problemFor(planted()))).toEqual(first);
    const other = await greedy().search(problemFor(planted(), { seed: 12 }));
    expect(other.history).not.toEqual(first.history);
  });

  test('screening spares work', async () => {
    const screened = await greedy().search(problemFor(planted()));
    const unscreened = await greedy({ minimum: probes.length }).search(problemFor(planted()));
    expect(screened.evaluations).toBeGreaterThan(0);
    expect(screened.evaluations).toBeLessThan(unscreened.evaluations);
  });

  test.each<[Budget, string]>([
    [{ iterations: 5 }, 'iterations'],
    [{ flips: 1 }, 'flips'],
    [{ flips: 0 }, 'flips'],
    [{ seconds: 3 }, 'time'],
  ])('keeps to the budget %j', async (budget, stoppedBy) => {
    let milliseconds = 0;
    const result = await greedy().search(problemFor(planted(), { budget, now: () => (milliseconds += 10) }));
    expect(result.stoppedBy).toBe(stoppedBy);
    expect(result.iterations).toBeLessThanOrEqual(budget.iterations ?? Infinity);
    expect(result.flips.length).toBeLessThanOrEqual(budget.flips ?? Infinity);
  });

  test('keeps what it found when it is interrupted', async () => {
    const controller = new AbortController();
    const engine = planted();
    const result = await greedy().search(
      problemFor(engine, {
        budget: {},
        signal: controller.signal,
        onProgress: ({ accepted }) => accepted === 2 && controller.abort(),
      }),
    );
    expect(result).toMatchObject({ stoppedBy: 'interrupted', accepted: 2 });
    expect(result.flips).toHaveLength(2);
  });

  test.each(['ends', 'is interrupted', 'fails'])('leaves the engine as it was when it %s', async (how) => {
    const engine = planted();
    const found = { kind: 'row', tensor: 'blk.2.ffn_gate.weight', row: 1 } as const;
    engine.toggle([found]);
    const controller = new AbortController();
    const search = greedy().search(
      problemFor(engine, {
        signal: controller.signal,
        onProgress: ({ accepted }) => {
          if (accepted === 2 && how === 'fails') throw new Error('the listener failed');
          if (accepted === 2 && how === 'is interrupted') controller.abort();
        },
      }),
    );
    if (how === 'fails') await expect(search).rejects.toThrow('the listener failed');
    else await search;
    expect([...engine.flipped]).toEqual(keys([found]));
    expect(engine.openBatches()).toBe(0);
  });

  test('restores a candidate whose evaluation fails', async () => {
    const engine = planted();
    const failing = answerFitness();
    const search = greedy().search(
      problemFor(engine, {
        fitness: {
          ...failing,
          prepare: (...subject) => ({
            ...failing.prepare(...subject),
            evaluateAbove: () => {
              throw new Error('out of memory');
            },
          }),
        },
      }),
    );
    await expect(search).rejects.toThrow('out of memory');
    expect(engine.flipped.size).toBe(0);
  });

  test('reports every iteration', async () => {
    const events: SearchProgress[] = [];
    let milliseconds = 0;
    const now = () => milliseconds;
    await greedy().search(
      problemFor(planted(), {
        now,
        budget: { iterations: 10 },
        onProgress: (event) => {
          events.push(event);
          milliseconds += 100;
        },
      }),
    );
    expect(events.map(({ iterations }) => iterations)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(events.at(-1)).toMatchObject({ elapsedMs: 900, secondsLeft: 0 });
    expect(events[4].secondsLeft).toBeCloseTo(0.4, 6);
    expect(events.every(({ gain }) => gain >= 0)).toBe(true);
  });

  test('records the parts it was made of', async () => {
    const { method } = await greedy({ share: 0.5 }).search(
      problemFor(planted(), { budget: { iterations: 1 }, acceptance: rising(0.01) }),
    );
    expect(method).toEqual({
      strategy: { name: 'greedy', settings: { share: 0.5, minimum: 8 } },
      fitness: {
        name: 'answer',
        settings: { ceiling: -0.02, divergenceWeight: 4, doubt: 0, floor: 0, lossWeight: 2, rightLossWeight: 0 },
      },
      parts: {
        candidates: {
          name: 'scale-weighted-rows',
          settings: { layers: [0, 1, 2], projections: ['ffn_gate', 'ffn_up'] },
        },
        acceptance: { name: 'rising', settings: { minimumGain: 0.01 } },
      },
      seed: 11,
      budget: { iterations: 1 },
    });
  });

  test('takes a flip back when that helps', async () => {
    // Row 5 helps alone; with row 7 it only costs, so that it has to go again.
    const first = 'blk.0.ffn_up.weight:5';
    const second = 'blk.0.ffn_up.weight:7';
    const engine: SmallEngine = smallEngine({}, (context, token) => {
      const strength = engine.flipped.has(second) ? (engine.flipped.has(first) ? 2 : 4) : 1;
      return engine.flipped.size === 0 ? 0 : favouring(rightAnswers, strength)(context, token);
    });
    const order = [5, 7, 5];
    const given: CandidateSource = {
      name: 'given',
      settings: {},
      size: 2,
      next: () => ({ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: order.shift() ?? 5 }),
    };
    const result = await greedy({ candidates: () => given }).search(problemFor(engine, { budget: { iterations: 3 } }));
    expect(result.accepted).toBe(3);
    expect(keys(result.flips)).toEqual([second]);
  });
});

test('the worst probes are those of the lowest scores', () => {
  expect(worstProbes(Float64Array.of(-1, -3, -2, -3, 0), 3)).toEqual([1, 2, 3]);
  expect(worstProbes(Float64Array.of(-1, -1, -1), 2)).toEqual([0, 1]);
});
