/** Owns the check of cost: what the default search needs to pass greedy's fitness, against what greedy needed for it. */
import {
  recommendedFitness,
  type Engine,
  greedy,
  guidedFor,
  type SearchProblem,
  type SearchResult,
} from '../../src/index.js';
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

/** Turns that both take. What counts is the least time of each: other programs only add. */
const TURNS = 2;

/**
 * Climbs and searches as `bankai commit` does, by turns, with the same probes, controls and fitness in the same process. A pass
 * back counts in evaluations as the engine counts it, by its products; an evaluation is of all
 * probes and controls, for the climb and for the search, which rehearses with some of them; seconds are those of the clock.
 */
export async function compareCompute(engine: Engine, name: string, seed: number): Promise<ComputeRun> {
  const [probes, controls] = [probesOf(name), probesOf('knowledge')];
  const problem = { engine, probes, controls, fitness: recommendedFitness(), seed };
  const turns: Omit<ComputeRun, 'seed'>[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const climbed = await greedy().search({ ...problem, budget: { iterations: ITERATIONS } });
    const { evaluations, elapsedMs, objectiveAfter } = climbed;
    const guided = await passing(problem, objectiveAfter);
    turns.push({ greedy: { evaluations, seconds: elapsedMs / 1000, objective: objectiveAfter }, guided });
  }
  const least = (of: 'greedy' | 'guided'): number => Math.min(...turns.map((turn) => turn[of].seconds));
  const [{ greedy: climb, guided }] = turns;
  return {
    seed,
    greedy: { ...climb, seconds: least('greedy') },
    guided: { ...guided, seconds: least('guided') },
  };
}

/** Searches by default until all probes and controls say that an objective is passed. */
async function passing(problem: Omit<SearchProblem, 'budget'>, bar: number): Promise<ComputeRun['guided']> {
  const { engine, probes, controls, fitness } = problem;
  /** What was spent when an iteration's state was evaluated. */
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
        // The first report of an iteration is made as soon as it was evaluated; answers to held-back probes come after it.
        if (!spent.has(iterations)) spent.set(iterations, { evaluations, seconds: elapsedMs / 1000 });
      },
    });
    for (const [iteration, flips] of statesOf(found)) {
      const { objective } = await under(engine, flips, () => judged.evaluate());
      passed = { ...passed, objective, flips: flips.length };
      if (objective <= bar) continue;
      return { ...passed, ...spent.get(iteration) };
    }
  } finally {
    judged.dispose();
  }
  return passed;
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
