/** Owns how a fitness is put together from a score of every probe and a cost of the controls. */
import type { EffectUnit, EffectVisitor, Engine } from '../../engine/engine.js';
import { SearchError } from '../../errors.js';
import type { FitnessValue, PreparedFitness, Screen } from '../fitness.js';
import type { Probe } from '../probes.js';
import { summarizeOwners } from './summary.js';

/** Something laid out that can be computed for the present weights, again and again. */
export interface PreparedTerm<Value> {
  readonly tokenCount: number;
  compute(): Value;
  /** Makes the present weights, just computed, the place from which later computations start. */
  keep(): void;
  /** Hands out the first-order effects of inverting each unit alone; the owners are the values of the term. */
  visitEffects(unit: EffectUnit, visit: EffectVisitor): void;
  dispose(): void;
}

/** The scores of probes, laid out; its effects are those on every probe's part of the gain. */
export interface PreparedScores extends PreparedTerm<Float64Array> {
  /** Takes the present weights as what gains and effects are measured against. → their scores */
  setReference(): Float64Array;
  /** Sums up the probes' scores: what they give against the reference. */
  gain(scores: Float64Array): number;
}

/** The terms of one fitness function. */
export interface FitnessTerms {
  /** Lays out the scores of probes, in nats: (probes). */
  prepareScores(engine: Engine, probes: readonly Probe[]): PreparedScores;
  /** Lays out the cost of the controls, ≥ 0 and 0 at the present weights. */
  prepareCost(engine: Engine, probes: readonly Probe[], controls: readonly Probe[]): PreparedTerm<number>;
}

/** Lays out a fitness made of terms; throws PROBES_UNUSABLE without probes. */
export function prepareTerms(
  terms: FitnessTerms,
  engine: Engine,
  probes: readonly Probe[],
  controls: readonly Probe[],
): PreparedFitness {
  if (probes.length === 0) {
    throw new SearchError('PROBES_UNUSABLE', 'Cannot measure fitness: there are no probes', {
      hint: 'Name a probe file with at least one probe.',
    });
  }
  const scores = terms.prepareScores(engine, probes);
  const cost = terms.prepareCost(engine, probes, controls);
  const reference = scores.setReference();
  const strata = bySet(probes);

  function valueOf(perProbe: Float64Array): FitnessValue {
    const gain = scores.gain(perProbe);
    const loss = cost.compute();
    return { objective: gain - loss, gain, cost: loss, perProbe };
  }

  const prepared: PreparedFitness = {
    start: valueOf(reference),
    tokenCount: scores.tokenCount + cost.tokenCount,
    evaluate: () => valueOf(scores.compute()),
    evaluateAbove(bar) {
      const perProbe = scores.compute();
      if (scores.gain(perProbe) <= bar) return undefined;
      const value = valueOf(perProbe);
      return value.objective > bar ? value : undefined;
    },
    keep() {
      scores.keep();
      cost.keep();
    },
    summarizeEffects(unit, visit) {
      const costs = new Map<string, Float32Array>();
      const keyOf = (tensor: string, group: number | undefined): string => `${tensor} ${group ?? ''}`;
      cost.visitEffects(unit, ({ tensor, group, values }) => costs.set(keyOf(tensor, group), values));
      const summarize: EffectVisitor = (effects) => {
        const { tensor, group } = effects;
        visit({ tensor, group, ...summarizeOwners(effects, strata), cost: costs.get(keyOf(tensor, group)) });
      };
      scores.visitEffects(unit, summarize);
    },
    screen: (chosen) =>
      screenOf(
        terms.prepareScores(
          engine,
          chosen.map((index) => probes[index]),
        ),
      ),
    dispose() {
      scores.dispose();
      cost.dispose();
    },
  };
  prepared.keep();
  return prepared;
}

/** Indices of the probes of each set: each is a sample of a skill of its own. */
function bySet(probes: readonly Probe[]): number[][] {
  const indices = new Map<string | undefined, number[]>();
  probes.forEach(({ set }, index) => {
    const members = indices.get(set);
    if (members) members.push(index);
    else indices.set(set, [index]);
  });
  return [...indices.values()];
}

function screenOf(scores: PreparedScores): Screen {
  const start = mean(scores.compute());
  scores.keep();
  return { start, score: () => mean(scores.compute()), dispose: () => scores.dispose() };
}

/** The cost of controls when there is nothing to lose. */
export const noCost: PreparedTerm<number> = {
  tokenCount: 0,
  compute: () => 0,
  keep() {},
  visitEffects() {},
  dispose() {},
};

/** Hands gains on as costs. */
export function negated(visit: EffectVisitor): EffectVisitor {
  return (effects) => visit({ ...effects, values: effects.values.map((value) => -value) });
}

/** The mean, summed in index order so that it is the same everywhere; 0 of nothing. */
export function mean(values: ArrayLike<number>): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

/** The sum in index order, in float64. */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index];
  return total;
}
