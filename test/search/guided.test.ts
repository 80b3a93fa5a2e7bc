import { describe, expect, test } from '@jest/globals';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { gapFitness } from '../../src/search/fitness/gap.js';
import { carriesOver, splitProbes } from '../../src/search/hold-back.js';
import { compactSize } from '../../src/patch/compact.js';
import { maskFlips, maskOf } from '../../src/patch/mask.js';
import { lowerBound } from '../../src/search/ranking.js';
import { guided } from '../../src/search/strategies/guided.js';
import type { SearchProblem } from '../../src/search/strategy.js';
import { favouring, letterProbes, smallEngine, type RowEffect, type SmallEngine } from './small-engine.js';

const probes = letterProbes(12);
const controls = [{ prompt: 'sky:', correct: 'blue', wrong: 'grey' }];
const right = probes.map(({ prompt, correct }) => prompt + correct);
/** Help every probe. */
const PLANTED = ['blk.0.ffn_up.weight:3', 'blk.1.ffn_gate.weight:6', 'blk.2.ffn_up.weight:1'];
/** Helps a single probe, and that one much. */
const NARROW = 'blk.1.ffn_up.weight:4';
/** Helps all, and destroys what the controls hold. */
const HARMFUL = 'blk.2.ffn_gate.weight:5';

function planted(): SmallEngine {
  const effects: Record<string, RowEffect> = {};
  for (const key of PLANTED) effects[key] = favouring(right, 2);
  effects[NARROW] = favouring([right[0]], 9);
  const helps = favouring(right, 1);
  const hurts = favouring(['sky:x', 'sky:bx', 'sky:blx', 'sky:blux'], 9);
  effects[HARMFUL] = (context, token) => helps(context, token) + hurts(context, token);
  return smallEngine(effects);
}

const problemFor = (engine: SmallEngine, overrides: Partial<SearchProblem> = {}): SearchProblem => ({
  engine,
  probes,
  controls,
  fitness: answerFitness(),
  seed: 5,
  budget: {},
  now: () => 0,
  ...overrides,
});

const keys = (flips: readonly { tensor: string; row: number }[]) => flips.map(({ tensor, row }) => `${tensor}:${row}`);

describe('the guided search', () => {
  test('finds what helps most probes, and neither what fits one of them nor what harms controls', async () => {
    const engine = planted();
    const result = await guided().search(problemFor(engine));
    expect(keys(result.flips)).toEqual(expect.arrayContaining(PLANTED));
    expect(keys(result.flips)).not.toContain(NARROW);
    expect(keys(result.flips)).not.toContain(HARMFUL);
    expect(result.objectiveAfter).toBeGreaterThan(result.objectiveBefore);
    expect(result.stoppedBy).toBe('exhausted');
  });

  test('leaves the engine as it was, also when interrupted', async () => {
    for (const signal of [undefined, AbortSignal.abort()]) {
      const engine = planted();
      const result = await guided().search(problemFor(engine, signal ? { signal } : {}));
      expect(engine.flipped.size).toBe(0);
      expect(engine.openBatches()).toBe(0);
      if (signal) expect(result).toMatchObject({ stoppedBy: 'interrupted', flips: [] });
    }
  });

  test('leaves the engine as it was when an evaluation fails', async () => {
    const engine = planted();
    const answer = answerFitness();
    const failing: typeof answer = {
      ...answer,
      prepare: (...args) => ({
        ...answer.prepare(...args),
        evaluateAbove: () => {
          throw new Error('out of order');
        },
      }),
    };
    await expect(guided().search(problemFor(engine, { fitness: failing }))).rejects.toThrow('out of order');
    expect(engine.flipped.size).toBe(0);
  });

  test('gives the same for the same seed', async () => {
    const [first, second] = [planted(), planted()];
    expect(await guided().search(problemFor(first))).toEqual(await guided().search(problemFor(second)));
  });

  test('keeps to its budget of flips', async () => {
    const result = await guided().search(problemFor(planted(), { budget: { flips: 2 } }));
    expect(result.flips).toHaveLength(2);
    expect(result.stoppedBy).toBe('flips');
  });

  test('returns the state in which the held-back probes were answered best', async () => {
    const result = await guided({ heldBack: 0.25, patience: 1 }).search(problemFor(planted()));
    expect(result.history.length).toBe(result.accepted);
    expect(['held-back', 'exhausted']).toContain(result.stoppedBy);
  });

  test('takes back what does nothing for the held-back probes', async () => {
    const { searched, heldBack } = splitProbes(probes, 0.25, 5);
    // Helps all that is searched on, and loses what is held back.
    const helps = favouring(
      searched.map(({ prompt, correct }) => prompt + correct),
      1,
    );
    const hurts = favouring(
      heldBack.map(({ prompt, wrong }) => prompt + wrong),
      9,
    );
    const effects: Record<string, RowEffect> = {
      [NARROW]: (context, token) => helps(context, token) + hurts(context, token),
    };
    for (const key of PLANTED) effects[key] = favouring(right, 2);
    expect(heldBack.length).toBeGreaterThan(0);
    const engine = smallEngine(effects);
    const whole = await guided().search(problemFor(engine, { probes: searched }));
    expect(keys(whole.flips)).toEqual(expect.arrayContaining([...PLANTED, NARROW]));
    const pruned = await guided({ heldBack: 0.25 }).search(problemFor(engine));
    expect(keys(pruned.flips).sort()).toEqual([...PLANTED].sort());
    expect(pruned.objectiveAfter).toBeLessThan(whole.objectiveAfter);
    expect(engine.flipped.size).toBe(0);
  });

  test('finds nothing where the held-back probes gain nothing', async () => {
    const { searched, heldBack } = splitProbes(probes, 0.25, 5);
    const learnt = favouring(
      searched.map(({ prompt, correct }) => prompt + correct),
      3,
    );
    const engine = smallEngine(Object.fromEntries(PLANTED.map((key) => [key, learnt])));
    expect((await guided().search(problemFor(engine, { probes: searched }))).flips).not.toEqual([]);
    expect(heldBack.length).toBeGreaterThan(0);
    const result = await guided({ heldBack: 0.25 }).search(problemFor(engine));
    expect(result.flips).toEqual([]);
    expect(result.stoppedBy).toBe('held-back');
    expect(result.objectiveAfter).toBe(result.objectiveBefore);
  });

  test('holds nothing back of sets that the model knows already', async () => {
    const sets = probes.map((probe, i) => ({ ...probe, set: i < 3 ? '0123456789abcdef' : 'fedcba9876543210' }));
    const known = ['0123456789ab'];
    const { searched, heldBack } = splitProbes(sets, 0.25, 5, known);
    expect(heldBack.length).toBeGreaterThan(0);
    expect(new Set(heldBack.map(({ set }) => set))).toEqual(new Set(['fedcba9876543210']));
    expect(searched).toHaveLength(sets.length - heldBack.length);
    expect(splitProbes(sets, 0.25, 5, [...known, 'fedcba987654']).heldBack).toEqual([]);
    // The known ones alone gain, and cannot speak for the others.
    const learnt = favouring(
      searched.map(({ prompt, correct }) => prompt + correct),
      3,
    );
    const engine = smallEngine(Object.fromEntries(PLANTED.map((key) => [key, learnt])));
    const result = await guided({ heldBack: 0.25, known }).search(problemFor(engine, { probes: sets }));
    expect([result.flips, result.stoppedBy]).toEqual([[], 'held-back']);
  });

  test('after a rehearsal that ends well, finds by all probes what it finds without holding back', async () => {
    const engine = planted();
    const whole = await guided().search(problemFor(engine));
    for (const seed of [1, 2, 3]) {
      const { flips, history } = await guided({ heldBack: 0.25 }).search(problemFor(engine, { seed }));
      expect(flips).toEqual(whole.flips);
      // What the rehearsal found, taken back, and found again.
      expect(maskFlips(maskOf(history.map(({ flip }) => flip)))).toEqual(whole.flips);
      expect(history.length).toBeGreaterThan(whole.history.length);
      expect(history.some(({ heldBackRight }) => heldBackRight !== undefined)).toBe(true);
    }
  });

  test('can be interrupted between any two evaluations', async () => {
    const evaluated = async (stopAfter: number) => {
      const engine = planted();
      const controller = new AbortController();
      let trials = 0;
      const result = await guided({ step: 2, heldBack: 0.25 }).search(
        problemFor(engine, {
          signal: controller.signal,
          onProgress: () => (trials += 1) === stopAfter && controller.abort(),
        }),
      );
      expect(engine.flipped.size).toBe(0);
      return { result, trials };
    };
    const { result: whole, trials } = await evaluated(Infinity);
    for (let stopAfter = 1; stopAfter < trials; stopAfter++) {
      const { result } = await evaluated(stopAfter);
      expect(result.stoppedBy).toBe('interrupted');
      // Where it ended is where a search of as many trials ends.
      expect(result.iterations).toBeLessThanOrEqual(whole.iterations);
    }
  });

  test('ends when rounds gain hardly anything more', async () => {
    const whole = await guided({ step: 1, patience: 1 }).search(problemFor(planted()));
    const gains = whole.history.map(
      ({ objective }, i) => objective - (whole.history[i - 1]?.objective ?? whole.objectiveBefore),
    );
    const [first, second] = gains;
    const leastGain = (1.01 * second) / (first + second);
    const settled = await guided({ step: 1, patience: 1, leastGain }).search(problemFor(planted()));
    expect(settled).toMatchObject({ stoppedBy: 'exhausted', accepted: 2 });
    expect(whole.accepted).toBeGreaterThan(2);
  });

  test('gives up what it misses least where the patch would be too large', async () => {
    const whole = await guided().search(problemFor(planted()));
    const mostBytes = compactSize(whole.flips) - 1;
    const small = await guided({ mostBytes }).search(problemFor(planted()));
    expect(compactSize(small.flips)).toBeLessThanOrEqual(mostBytes);
    expect(small.stoppedBy).toBe('exhausted');
    expect(small.objectiveAfter).toBeGreaterThan(small.objectiveBefore);
    expect(small.objectiveAfter).toBeLessThan(whole.objectiveAfter);
  });

  test('works on the published fitness too', async () => {
    const result = await guided().search(problemFor(planted(), { fitness: gapFitness(), budget: { flips: 4 } }));
    expect(keys(result.flips)).toEqual(expect.arrayContaining(PLANTED));
  });

  test('records the parts it was made of', async () => {
    const { method } = await guided({ ranking: lowerBound({ z: 1 }) }).search(problemFor(planted()));
    expect(method).toMatchObject({
      strategy: {
        name: 'guided',
        settings: { step: 8, depth: 8, heldBack: 0, patience: 8, leastGain: 0, mostBytes: 1024 },
      },
      parts: {
        ranking: {
          name: 'lower-bound',
          settings: { unit: ['row'], z: 1, projections: ['ffn_gate', 'ffn_up', 'ffn_down'] },
        },
        acceptance: { name: 'rising', settings: { minimumGain: 0 } },
      },
      seed: 5,
    });
  });
});

describe('holding probes back', () => {
  const set = [...letterProbes(20), { prompt: 'q0:', correct: 'other', category: 'even' }];

  test('takes its share of every category, and keeps probes of one prompt together', () => {
    const { searched, heldBack } = splitProbes(set, 0.25, 3);
    expect([...searched, ...heldBack]).toHaveLength(set.length);
    const count = (category: string) =>
      new Set(heldBack.filter((p) => p.category === category).map((p) => p.prompt)).size;
    expect([count('even'), count('odd')]).toEqual([3, 3]);
    const prompts = new Set(searched.map(({ prompt }) => prompt));
    expect(heldBack.some(({ prompt }) => prompts.has(prompt))).toBe(false);
  });

  test('follows the seed, and leaves small sets whole', () => {
    expect(splitProbes(set, 0.25, 3)).toEqual(splitProbes(set, 0.25, 3));
    expect(splitProbes(set, 0.25, 4)).not.toEqual(splitProbes(set, 0.25, 3));
    expect(splitProbes(set.slice(0, 5), 0.5, 3).heldBack).toEqual([]);
  });

  test('says that something was found when held-back probes gain more than by chance', () => {
    // Mean 1, standard error 1/√3 and 1: t = 1.73 and 1.
    expect(carriesOver(Float64Array.of(0, 0, 2, 2))).toBe(true);
    expect(carriesOver(Float64Array.of(-1, 0, 2, 3))).toBe(false);
    expect(carriesOver(Float64Array.of(-1, -1, -1))).toBe(false);
    expect(carriesOver(Float64Array.of(0, 0))).toBe(false);
    expect(carriesOver(Float64Array.of(0.5))).toBe(true);
    expect(carriesOver(Float64Array.of())).toBe(false);
  });
});
