/** Owns the way back from what is signed of a search to the search itself: the strategy, the fitness and the budget of the record. */
import type { Engine } from '../engine/engine.js';
import { SearchError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { rising } from '../search/acceptance.js';
import { type RowProjection, scaleWeightedRows } from '../search/candidates.js';
import type { Fitness } from '../search/fitness.js';
import { answerFitness } from '../search/fitness/answer.js';
import { gapFitness } from '../search/fitness/gap.js';
import { lowerBound } from '../search/ranking.js';
import type { Budget } from '../search/stopping.js';
import { greedy } from '../search/strategies/greedy.js';
import { guided } from '../search/strategies/guided.js';
import type { SearchPart, SearchProblem, Strategy } from '../search/strategy.js';
import type { SearchPredicate } from '../trust/predicates/search.js';
import type { NamedSettings, Product } from '../trust/predicates/terms.js';
import { namedSettings } from './search-statement.js';

/** Settings as they are recorded, read by name. What is not there is read as something that no setting is. */
interface Recorded {
  number(name: string): number;
  list(name: string): string[];
  has(name: string): boolean;
}

const recorded = ({ settings }: NamedSettings): Recorded => ({
  number: (name) => Number(settings[name] ?? NaN),
  list: (name) => (settings[name] === undefined || settings[name] === '' ? [] : String(settings[name]).split(' ')),
  has: (name) => settings[name] !== undefined,
});

interface Rebuilt {
  readonly strategy: Strategy;
  readonly parts: Readonly<Record<string, SearchPart>>;
}

const strategies: Readonly<Record<string, (engine: Engine, from: Recorded) => Rebuilt>> = {
  guided(_engine, from) {
    const ranking = lowerBound({
      unit: from.list('rankingUnit')[0] as Flip['kind'],
      ...(from.has('rankingBits') && { bits: from.list('rankingBits').map(Number) }),
      z: from.number('rankingZ'),
      ...(from.has('rankingLookahead') && { lookahead: from.number('rankingLookahead') }),
      projections: from.list('rankingProjections'),
      ...(from.has('rankingLayers') && { layers: from.list('rankingLayers').map(Number) }),
    });
    const strategy = guided({
      ranking,
      step: from.number('step'),
      depth: from.number('depth'),
      heldBack: from.number('heldBack'),
      known: from.list('known'),
      patience: from.number('patience'),
      leastGain: from.number('leastGain'),
      mostBytes: from.number('mostBytes'),
    });
    return { strategy, parts: { ranking } };
  },
  greedy(engine, from) {
    const candidates = scaleWeightedRows(engine, {
      layers: from.list('candidatesLayers').map(Number),
      projections: from.list('candidatesProjections') as RowProjection[],
    });
    const settings = { share: from.number('share'), minimum: from.number('minimum') };
    return { strategy: greedy({ candidates: () => candidates, ...settings }), parts: { candidates } };
  },
};

const fitnesses: Readonly<Record<string, (from: Recorded) => Fitness>> = {
  answer: (from) =>
    answerFitness({
      ceiling: from.number('ceiling'),
      divergenceWeight: from.number('divergenceWeight'),
      floor: from.number('floor'),
      doubt: from.number('doubt'),
      lossWeight: from.number('lossWeight'),
      rightLossWeight: from.number('rightLossWeight'),
      ...(from.has('known') && { known: from.list('known'), knownWeight: from.number('knownWeight') }),
    }),
  gap: (from) => gapFitness({ penalty: from.number('penalty') }),
};

/**
 * Makes the search that a statement records: to the last setting, or not at all. Throws REPLAY_UNSUPPORTED for a strategy, a
 * fitness or a setting that this version does not have, or that the statement does not name.
 */
export function rebuildSearch(
  engine: Engine,
  predicate: SearchPredicate,
): { readonly strategy: Strategy } & Pick<SearchProblem, 'fitness' | 'acceptance'> {
  const makeStrategy = Object.hasOwn(strategies, predicate.strategy.name)
    ? strategies[predicate.strategy.name]
    : undefined;
  if (!makeStrategy) throw unsupported(`the strategy "${predicate.strategy.name}"`, predicate.engine);
  const from = recorded(predicate.strategy);
  const acceptance = rising(from.number('acceptanceMinimumGain'));
  const fitness = rebuildFitness(predicate.fitness, predicate.engine);
  const { strategy, parts } = makeStrategy(engine, from);
  assertSame(predicate.strategy, namedSettings(strategy, { ...parts, acceptance }), predicate.engine);
  return { strategy, fitness, acceptance };
}

/** Makes the fitness that a statement of this product records: to the last setting, or not at all. Throws REPLAY_UNSUPPORTED. */
export function rebuildFitness(record: NamedSettings, by: Product): Fitness {
  const make = Object.hasOwn(fitnesses, record.name) ? fitnesses[record.name] : undefined;
  if (!make) throw unsupported(`the fitness "${record.name}"`, by);
  const fitness = make(recorded(record));
  assertSame(record, namedSettings(fitness, {}), by);
  return fitness;
}

function assertSame(record: NamedSettings, rebuilt: NamedSettings, by: Product): void {
  const names = new Set([...Object.keys(record.settings), ...Object.keys(rebuilt.settings)]);
  const other = [...names].find((name) => record.settings[name] !== rebuilt.settings[name]);
  if (other !== undefined) throw unsupported(`${record.name} with this setting "${other}"`, by);
}

/**
 * The budget of a replay: that of the record, but for the time it took, which no machine can take again. A search that was
 * stopped by it is repeated for as many trials.
 */
export function budgetOf({ budget, result }: SearchPredicate): Budget {
  return {
    ...(result.stoppedBy === 'time'
      ? { iterations: result.iterations }
      : budget.iterations !== undefined && { iterations: budget.iterations }),
    ...(budget.flips !== undefined && { flips: budget.flips }),
  };
}

/** The error for a record of what this version does not have. */
export function unsupported(what: string, by: Product): SearchError {
  return new SearchError('REPLAY_UNSUPPORTED', `Cannot replay this: this version has not ${what}`, {
    hint: `It was recorded with ${by.name} ${by.version}: use that.`,
    data: { engine: by },
  });
}
