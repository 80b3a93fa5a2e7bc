import { describe, expect, test } from '@jest/globals';
import type { Engine } from '../../src/engine/engine.js';
import { answerFitness } from '../../src/search/fitness/answer.js';
import { gapFitness } from '../../src/search/fitness/gap.js';
import type { Probe } from '../../src/search/probes.js';
import { asciiTokenizer, favouring, letterProbes, type SmallEngine, smallEngine } from './small-engine.js';

const GOOD = 'blk.1.ffn_up.weight';
const row = { kind: 'row', tensor: GOOD, row: 3 } as const;
const probes: Probe[] = [
  { prompt: 'one:', correct: 'ab', wrong: 'cd' },
  { prompt: 'two:', correct: 'abc', wrong: 'x' },
];
const controls: Probe[] = [{ prompt: 'sky:', correct: 'blue', wrong: 'red' }];
const helps = favouring(['one:ab', 'two:abc'], 3);
const hurts = favouring(['sky:red'], 2);
const both = () => smallEngine({ [`${GOOD}:3`]: (context, token) => helps(context, token) + hurts(context, token) });

/** log p of every token of an answer, from the logits themselves. */
function logsOf(engine: Engine, prompt: string, answer: string): number[] {
  return [...answer].map((letter, at) => distributionOf(engine, prompt + answer.slice(0, at))[letter.charCodeAt(0)]);
}

/** log p of every token after a text. */
function distributionOf(engine: Engine, text: string): number[] {
  const [logits] = engine.lastLogits([asciiTokenizer.encode(text)]);
  const logSum = Math.log([...logits].reduce((sum, logit) => sum + Math.exp(logit), 0));
  return Array.from(logits, (logit) => logit - logSum);
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const average = (values: number[]) => total(values) / values.length;

/** A function of the engine, unflipped and flipped. */
function beforeAndAfter<T>(engine: SmallEngine, measure: (engine: Engine) => T): [T, T] {
  const before = measure(engine);
  engine.toggle([row]);
  const after = measure(engine);
  engine.toggle([row]);
  return [before, after];
}

describe('the gap fitness', () => {
  const gap = (engine: Engine, { prompt, correct, wrong }: Probe) =>
    total(logsOf(engine, prompt, correct)) - total(logsOf(engine, prompt, wrong ?? ''));

  test('is the rise of the mean gap less λ times what controls lost', () => {
    const engine = both();
    const [gaps0, gaps1] = beforeAndAfter(engine, () => probes.map((probe) => gap(engine, probe)));
    const [control0, control1] = beforeAndAfter(engine, () => gap(engine, controls[0]));
    const fitness = gapFitness().prepare(engine, probes, controls);
    expect(fitness.start.objective).toBe(0);
    engine.toggle([row]);
    const value = fitness.evaluate();
    expect(value.gain).toBeCloseTo(average(gaps1) - average(gaps0), 4);
    expect(value.cost).toBeCloseTo(2 * (control0 - control1), 4);
    expect(value.objective).toBe(value.gain - value.cost);
    expect([...value.perProbe].map((score, index) => score - gaps1[index])).toEqual([
      expect.closeTo(0, 4),
      expect.closeTo(0, 4),
    ]);
  });

  test('charges nothing for controls that gain, or are not there', () => {
    const engine = smallEngine({ [`${GOOD}:3`]: favouring(['sky:blue'], 2) });
    const fitness = gapFitness().prepare(engine, probes, controls);
    const without = gapFitness().prepare(engine, probes, []);
    engine.toggle([row]);
    expect(fitness.evaluate().cost).toBe(0);
    expect(without.evaluate().cost).toBe(0);
  });

  test('needs wrong answers', async () => {
    const bare = [...probes, { name: 'bare', prompt: 'a', correct: 'b' }];
    await expect(() => gapFitness().prepare(both(), bare, [])).toFailWithCode('PROBES_UNUSABLE');
    await expect(() => gapFitness().prepare(both(), probes, bare)).toFailWithCode('PROBES_UNUSABLE');
  });
});

describe('the answer fitness', () => {
  /** The line may end, and the text: an empty line begins as the one does. */
  const score = (engine: Engine, { prompt, correct }: Probe) =>
    Math.log(total(['\n', '\0'].map((end) => Math.exp(total(logsOf(engine, prompt, correct + end))))));

  function divergences(text: string): number[] {
    const engine = both();
    const at = (end: number) => {
      const [logits] = engine.lastLogits([asciiTokenizer.encode(text.slice(0, end))]);
      const logSum = Math.log([...logits].reduce((sum, logit) => sum + Math.exp(logit), 0));
      return [...logits].map((logit) => logit - logSum);
    };
    return Array.from({ length: text.length - 1 }, (_, i) => {
      const [base, present] = beforeAndAfter(engine, () => at(i + 1));
      return total(base.map((log, token) => Math.exp(log) * (log - present[token])));
    });
  }

  test('is the mean log-probability of right answers, ended, less the weighted divergence on controls', () => {
    const engine = both();
    const [scores0, scores1] = beforeAndAfter(engine, () => probes.map((probe) => score(engine, probe)));
    const fitness = answerFitness().prepare(engine, probes, controls);
    expect(fitness.start.objective).toBeCloseTo(average(scores0), 5);
    engine.toggle([row]);
    const value = fitness.evaluate();
    expect(value.gain).toBeCloseTo(average(scores1), 5);
    expect(value.cost).toBeCloseTo(4 * average(divergences('sky:blue\n')), 5);
    expect(value.cost).toBeGreaterThan(0.01);
  });

  test('is held by the prompts when there are no controls', () => {
    const engine = smallEngine({ [`${GOOD}:3`]: favouring(['one:', 'two:ab'], 2) });
    const fitness = answerFitness().prepare(engine, probes, []);
    engine.toggle([row]);
    expect(fitness.evaluate().cost).toBeGreaterThan(0.01);
  });

  test('gives nothing for making a solved probe surer', () => {
    const engine = smallEngine({ [`${GOOD}:3`]: favouring(['one:ab\n'], 5) }, favouring(['one:ab\n'], 20));
    const fitness = answerFitness().prepare(engine, probes.slice(0, 1), []);
    expect(fitness.start.gain).toBeCloseTo(-0.02, 12);
    engine.toggle([row]);
    expect(fitness.evaluate().gain).toBe(fitness.start.gain);
  });

  test('counts what a probe loses more than what it gains', () => {
    const engine = smallEngine({ [`${GOOD}:3`]: favouring(['one:xy'], 2) });
    const fitness = answerFitness({ divergenceWeight: 0, lossWeight: 2 }).prepare(engine, probes, controls);
    engine.toggle([row]);
    const { objective, perProbe } = fitness.evaluate();
    const losses = [...perProbe].map((score, probe) => fitness.start.perProbe[probe] - score);
    expect(losses[0]).toBeGreaterThan(0);
    expect(losses[1]).toBe(0);
    expect(objective).toBeCloseTo(fitness.start.objective - (3 * losses[0]) / 2, 10);
  });

  test('with a floor, measures how far the probability is above it', () => {
    const engine = both();
    const [scores0, scores1] = beforeAndAfter(engine, () => probes.map((probe) => score(engine, probe)));
    const fitness = answerFitness({ divergenceWeight: 0, lossWeight: 0, floor: 0.1 }).prepare(engine, probes, []);
    const above = (scores: number[]) => average(scores.map((log) => Math.log((Math.exp(log) + 0.1) / 1.1)));
    expect(fitness.start.gain).toBeCloseTo(above(scores0), 5);
    engine.toggle([row]);
    expect(fitness.evaluate().gain).toBeCloseTo(above(scores1), 5);
  });

  test('with a doubt, measures how far the probability of all else is above it', () => {
    const engine = both();
    const [scores0, scores1] = beforeAndAfter(engine, () => probes.map((probe) => score(engine, probe)));
    const settings = { divergenceWeight: 0, lossWeight: 0, floor: 0.1, doubt: 0.2 };
    const fitness = answerFitness(settings).prepare(engine, probes, []);
    const odds = (scores: number[]) =>
      average(scores.map(Math.exp).map((p) => Math.log((p + 0.1) / 1.1) - Math.log((1 - p + 0.2) / 0.2)));
    expect(fitness.start.gain).toBeCloseTo(odds(scores0), 5);
    engine.toggle([row]);
    expect(fitness.evaluate().gain).toBeCloseTo(odds(scores1), 5);
  });

  test('has the slope of its score: with a floor, the less the more hopeless a probe is', () => {
    // A small change, so that first order is nearly all of it.
    const engine = smallEngine({ [`${GOOD}:3`]: favouring(['one:ab'], 0.002) });
    for (const [floor, doubt] of [
      [0, 0],
      [0.01, 0],
      [0.5, 0],
      [0, 0.3],
      [0.1, 0.05],
    ]) {
      const fitness = answerFitness({ divergenceWeight: 0, lossWeight: 0, floor, doubt }).prepare(engine, probes, []);
      const [effect] = beforeAndAfter(engine, () => fitness.evaluate().gain).reduce<number[]>(
        (_, gain, index, all) => (index === 1 ? [gain - all[0]] : []),
        [],
      );
      let slope = NaN;
      const { rise, fall } = fitness.respond(fitness.start.perProbe);
      fitness.visitEffects({ unit: 'row' }, ({ tensor, owners, rows, values }) => {
        if (tensor !== GOOD) return;
        const ofProbes = Array.from({ length: owners }, (_, probe) => values[probe * rows + 3]);
        slope = average(ofProbes.map((effect, probe) => effect * (effect > 0 ? rise : fall)[probe]));
      });
      expect(slope / effect).toBeCloseTo(1, 1);
      fitness.dispose();
    }
  });

  test('charges more for what was right', () => {
    const engine = smallEngine({ [`${GOOD}:3`]: favouring(['one:xy', 'two:xy'], 2) }, favouring(['one:ab\n'], 3));
    const fitness = answerFitness({ divergenceWeight: 0, lossWeight: 0, rightLossWeight: 4 }).prepare(
      engine,
      probes,
      controls,
    );
    engine.toggle([row]);
    const { objective, perProbe } = fitness.evaluate();
    const losses = [...perProbe].map((score, probe) => fitness.start.perProbe[probe] - score);
    expect(losses[0]).toBeGreaterThan(0);
    expect(losses[1]).toBeGreaterThan(0);
    expect(objective).toBeCloseTo(fitness.start.objective - (5 * losses[0] + losses[1]) / 2, 10);
  });

  describe('of sets that are known', () => {
    const known = controls.map((probe) => ({ ...probe, set: '0123456789abcdef' }));
    const settings = { divergenceWeight: 0, lossWeight: 0, known: ['0123456789ab'], knownWeight: 3 };

    test('searches for the others, and holds the right answers where they stand', () => {
      const engine = both();
      const fitness = answerFitness(settings).prepare(engine, [...known, ...probes], []);
      const alone = answerFitness({ divergenceWeight: 0, lossWeight: 0 }).prepare(engine, probes, []);
      // log p of the right answer (the end of the line is one of its tokens) and of all that might stand at its places.
      const [before, after] = beforeAndAfter(engine, (present) =>
        [...'blue\n'].map((_, at) => distributionOf(present, `sky:${'blue'.slice(0, at)}`)),
      );
      const divergences = before.map((logs, at) =>
        total(logs.map((logP, token) => Math.exp(logP) * (logP - after[at][token]))),
      );
      expect(fitness.start).toMatchObject({ objective: alone.start.objective, cost: 0 });
      expect(fitness.strata).toEqual([[0, 1]]);
      engine.toggle([row]);
      const value = fitness.evaluate();
      expect(value.cost).toBeCloseTo(3 * average(divergences), 4);
      expect(value.cost).toBeGreaterThan(0.01);
      expect(value.gain).toBe(alone.evaluate().gain);
      expect(value.perProbe).toHaveLength(probes.length);
    });

    test('hands out the cost of a unit for controls and known answers together', () => {
      const engine = both();
      const costsOf = (weights: { divergenceWeight: number; knownWeight: number }): number[] => {
        const fitness = answerFitness({ ...settings, ...weights }).prepare(engine, [...known, ...probes], controls);
        engine.toggle([row]);
        fitness.keep();
        const costs: number[] = [];
        fitness.visitEffects({ unit: 'row' }, ({ cost }) => costs.push(...(cost ?? [])));
        engine.toggle([row]);
        return costs;
      };
      const [ofBoth, ofControls, ofKnown] = [
        costsOf({ divergenceWeight: 2, knownWeight: 3 }),
        costsOf({ divergenceWeight: 2, knownWeight: 0 }),
        costsOf({ divergenceWeight: 0, knownWeight: 3 }),
      ];
      expect(ofKnown.some((cost) => cost !== 0)).toBe(true);
      ofBoth.forEach((cost, unit) => expect(cost).toBeCloseTo(ofControls[unit] + ofKnown[unit], 5));
    });

    test('needs one that is not', async () => {
      await expect(() => answerFitness(settings).prepare(both(), known, [])).toFailWithCode('PROBES_UNUSABLE');
    });

    test('names them in its settings, where there are any', () => {
      expect(answerFitness(settings).settings).toMatchObject({ known: ['0123456789ab'], knownWeight: 3 });
      expect(answerFitness({ knownWeight: 3 }).settings).not.toHaveProperty('knownWeight');
    });
  });

  test('asks for no effects on a divergence that is at its minimum', () => {
    const engine = both();
    const fitness = answerFitness().prepare(engine, probes, controls);
    const costs = (): boolean[] => {
      const found: boolean[] = [];
      fitness.visitEffects({ unit: 'row' }, ({ cost }) => found.push(cost !== undefined));
      return found;
    };
    expect(new Set(costs())).toEqual(new Set([false]));
    engine.toggle([row]);
    fitness.keep();
    expect(new Set(costs())).toEqual(new Set([true]));
  });

  test('takes its settings and names them', () => {
    const engine = both();
    const fitness = answerFitness({ divergenceWeight: 0 });
    expect(fitness).toMatchObject({ name: 'answer', settings: { ceiling: -0.02, divergenceWeight: 0 } });
    const prepared = fitness.prepare(engine, probes, controls);
    engine.toggle([row]);
    expect(prepared.evaluate().cost).toBe(0);
  });
});

describe.each([gapFitness(), answerFitness()])('any fitness: $name', (fitness) => {
  test('gives up exactly when the objective is not above the bar', () => {
    const engine = both();
    const prepared = fitness.prepare(engine, probes, controls);
    engine.toggle([row]);
    const value = prepared.evaluate();
    expect(prepared.evaluateAbove(value.objective - 1e-9)).toEqual(value);
    expect(prepared.evaluateAbove(value.objective)).toBeUndefined();
    expect(prepared.evaluateAbove(value.gain + 1)).toBeUndefined();
  });

  test('screens some probes by their mean score', () => {
    const engine = both();
    const prepared = fitness.prepare(engine, letterProbes(4), []);
    const screen = prepared.screen([1, 3]);
    const expected = (prepared.start.perProbe[1] + prepared.start.perProbe[3]) / 2;
    expect(screen.start).toBeCloseTo(expected, 6);
    expect(screen.score()).toBe(screen.start);
  });

  test('refuses to be about nothing', async () => {
    await expect(() => fitness.prepare(both(), [], controls)).toFailWithCode('PROBES_UNUSABLE');
  });

  test('leaves nothing open when disposed of', () => {
    const engine = both();
    const prepared = fitness.prepare(engine, probes, controls);
    prepared.screen([0]).dispose();
    prepared.dispose();
    expect(engine.openBatches()).toBe(0);
  });
});
