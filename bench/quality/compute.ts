/** Owns the check of cost: what the default search needs to pass greedy's fitness, against what greedy needed for it. */
import { recommendedFitness, type Engine, greedy, guidedFor, type SearchResult } from '../../src/index.js';
import { under } from '../../experiments/laboratory.js';
import { probesOf } from './model.js';
import { atMost } from './verdict.js';

/** Trials of the climb that is to be passed. */
const ITERATIONS = 300;

interface Spent {
  readonly evaluations: number;
  readonly seconds: number;
}

/** What came of one probe set at one seed: plain data. */
export interface ComputeRun {
  readonly seed: number;
  readonly greedy: Spent & { readonly objective: number };
  /** Until the fitness that greedy climbed, on all probes, is above where greedy ended; infinite where it never is. */
  readonly guided: Spent & { readonly objective: number; readonly flips: number };
}

const part = (of: keyof Spent) => (run: ComputeRun) => (100 * run.guided[of]) / run.greedy[of];

export const computeBars = [
  atMost('evaluations to pass greedy, % of its own', 5, part('evaluations')),
  atMost('seconds to pass greedy, % of its own', 5, part('seconds')),
];

/**
 * Climbs, and then searches as `bankai commit` does, with the same probes, controls and fitness in the same process. A pass
 * back counts in evaluations as the engine counts it, three passes forward for each token of each probe; an evaluation is of all
 * probes and controls, for the climb and for the search, which rehearses with some of them; seconds are those of the clock.
 */
export async function compareCompute(engine: Engine, name: string, seed: number): Promise<ComputeRun> {
  const [probes, controls] = [probesOf(name), probesOf('knowledge')];
  const fitness = recommendedFitness();
  const problem = { engine, probes, controls, fitness, seed };
  const climbed = await greedy().search({ ...problem, budget: { iterations: ITERATIONS } });
  /** What was spent when an iteration ended. */
  const spent = new Map<number, Spent>();
  const judged = fitness.prepare(engine, probes, controls);
  let passed: ComputeRun['guided'] = { evaluations: Infinity, seconds: Infinity, objective: NaN, flips: 0 };
  try {
    const startTokens = engine.tokensEvaluated;
    const found = await guidedFor(probes).search({
      ...problem,
      budget: {},
      onProgress({ iterations, elapsedMs }) {
        const evaluations = (engine.tokensEvaluated - startTokens) / judged.tokenCount;
        spent.set(iterations, { evaluations, seconds: elapsedMs / 1000 });
      },
    });
    for (const [iteration, flips] of statesOf(found)) {
      const { objective } = await under(engine, flips, () => judged.evaluate());
      passed = { ...passed, objective, flips: flips.length };
      if (objective <= climbed.objectiveAfter) continue;
      passed = { ...passed, ...spent.get(iteration) };
      break;
    }
  } finally {
    judged.dispose();
  }
  const { evaluations, elapsedMs, objectiveAfter } = climbed;
  return { seed, greedy: { evaluations, seconds: elapsedMs / 1000, objective: objectiveAfter }, guided: passed };
}

/** The flips in effect after each round that accepted some, by the iteration that ended it. */
function* statesOf({ history }: SearchResult): Generator<[number, SearchResult['history'][number]['flip'][]]> {
  const flips: SearchResult['history'][number]['flip'][] = [];
  for (const [index, { flip, iteration }] of history.entries()) {
    flips.push(flip);
    if (history[index + 1]?.iteration !== iteration) yield [iteration, [...flips]];
  }
}

export function describeCompute({ seed, greedy: climb, guided }: ComputeRun): string {
  const spent = ({ evaluations, seconds }: Spent): string =>
    `${evaluations.toFixed(1)} evaluations, ${seconds.toFixed(2)} s`;
  return (
    `seed ${seed}: greedy-${ITERATIONS} ${climb.objective.toFixed(3)} in ${spent(climb)}; ` +
    `the default ${guided.objective.toFixed(3)} with ${guided.flips} flips in ${spent(guided)}`
  );
}
