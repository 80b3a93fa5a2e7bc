/** Owns how a fitness is put together from a score of every probe and a cost of the controls. */
import type { EffectScope, EffectVisitor, Engine, GainResponse } from '../../engine/engine.js';
import { SearchError } from '../../errors.js';
import type { FitnessValue, PreparedFitness, Screen } from '../fitness.js';
import type { Probe } from '../probes.js';

/** Something laid out that can be computed for the present weights, again and again. */
export interface PreparedTerm<Value> {
  readonly tokenCount: number;
  compute(): Value;
  /** Makes the present weights the place from which later computations start. */
  keep(): void;
  /**
   * Hands out the first-order effects of inverting each unit in scope alone; the owners are the values of the term. A cost that
   * is 0 is at its minimum, and has none.
   */
  visitEffects(scope: EffectScope, visit: EffectVisitor): void;
  dispose(): void;
}

/** Probes, laid out to be measured, in nats: (probes). The effects are those on what is measured of each. */
export interface PreparedProbes extends PreparedTerm<Float64Array> {
  /** Takes the present weights, just measured, as what gains are counted from. */
  setReference(perProbe: Float64Array): void;
  /** What each probe is worth, as it is measured. */
  scores(perProbe: Float64Array): Float64Array;
  /** What all are worth against the reference. */
  gain(perProbe: Float64Array): number;
  respond(perProbe: Float64Array): GainResponse;
}

/** The terms of one fitness function. */
export interface FitnessTerms {
  prepareProbes(engine: Engine, probes: readonly Probe[]): PreparedProbes;
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
  const measured = terms.prepareProbes(engine, probes);
  const cost = terms.prepareCost(engine, probes, controls);
  // First of all: whatever else is measured of the same weights then costs nothing more.
  measured.keep();
  cost.keep();
  const reference = measured.compute();
  measured.setReference(reference);

  function valueOf(perProbe: Float64Array): FitnessValue {
    const gain = measured.gain(perProbe);
    const loss = cost.compute();
    return { objective: gain - loss, gain, cost: loss, perProbe };
  }

  return {
    start: valueOf(reference),
    tokenCount: measured.tokenCount + cost.tokenCount,
    strata: strataOf(probes),
    evaluate: () => valueOf(measured.compute()),
    evaluateAbove(bar) {
      const perProbe = measured.compute();
      if (measured.gain(perProbe) <= bar) return undefined;
      const value = valueOf(perProbe);
      return value.objective > bar ? value : undefined;
    },
    keep() {
      measured.keep();
      cost.keep();
    },
    scores: (perProbe) => measured.scores(perProbe),
    respond: (perProbe) => measured.respond(perProbe),
    visitEffects(scope, visit) {
      const costs = new Map<string, Float32Array>();
      const keyOf = (tensor: string, group: number | undefined): string => `${tensor} ${group ?? ''}`;
      cost.visitEffects(scope, ({ tensor, group, values }) => {
        const others = costs.get(keyOf(tensor, group));
        costs.set(keyOf(tensor, group), others ? values.map((value, row) => value + others[row]) : values);
      });
      measured.visitEffects(scope, (effects) =>
        visit({ ...effects, cost: costs.get(keyOf(effects.tensor, effects.group)) }),
      );
    },
    screen: (chosen) =>
      screenOf(
        terms.prepareProbes(
          engine,
          chosen.map((index) => probes[index]),
        ),
      ),
    dispose() {
      measured.dispose();
      cost.dispose();
    },
  };
}

/** Indices of the probes of each set and category. */
function strataOf(probes: readonly Probe[]): number[][] {
  const indices = new Map<string, number[]>();
  probes.forEach(({ set, category }, index) => {
    const key = JSON.stringify([set, category]);
    const members = indices.get(key);
    if (members) members.push(index);
    else indices.set(key, [index]);
  });
  return [...indices.values()];
}

function screenOf(probes: PreparedProbes): Screen {
  const score = (): number => mean(probes.scores(probes.compute()));
  probes.keep();
  return { start: score(), score, dispose: () => probes.dispose() };
}

/** The cost of controls when there is nothing to lose. */
export const noCost: PreparedTerm<number> = {
  tokenCount: 0,
  compute: () => 0,
  keep() {},
  visitEffects() {},
  dispose() {},
};

/** The cost of several things: what they cost together. Of each unit it hands out an effect for each of them, to be summed. */
export function sumOfCosts(terms: readonly PreparedTerm<number>[]): PreparedTerm<number> {
  return {
    tokenCount: sum(terms.map(({ tokenCount }) => tokenCount)),
    compute: () => sum(terms.map((term) => term.compute())),
    keep: () => terms.forEach((term) => term.keep()),
    visitEffects: (scope, visit) => terms.forEach((term) => term.visitEffects(scope, visit)),
    dispose: () => terms.forEach((term) => term.dispose()),
  };
}

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
