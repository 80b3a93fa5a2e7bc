/** Owns the pruning of flips: those that do not earn their place go. For the end of a search as for `bankai minimize`. */
import type { Engine } from '../engine/engine.js';
import { SearchError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { nextTurn } from './event-loop.js';
import type { Fitness, FitnessValue, PreparedFitness } from './fitness.js';
import type { Probe } from './probes.js';

/** What to prune, and by what a flip earns its place. */
export interface PruneProblem {
  readonly engine: Engine;
  /** Flips that are in effect. The reference of the fitness is the model without them. */
  readonly flips: readonly Flip[];
  readonly probes: readonly Probe[];
  readonly controls: readonly Probe[];
  readonly fitness: Fitness;
  /** What a flip must add to the objective to stay; 0 drops only what the objective is no worse without. */
  readonly minimumGain?: number;
  /** Asked of the present weights after a drop that the objective allows: false keeps the flip. */
  readonly allows?: () => Promise<boolean>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PruneProgress) => void;
}

export interface PruneProgress {
  readonly evaluations: number;
  readonly dropped: number;
  readonly left: number;
}

/** What was left: both lists in the order of the problem's flips. */
export interface Pruned {
  readonly kept: readonly Flip[];
  readonly dropped: readonly Flip[];
  readonly objectiveBefore: number;
  readonly objectiveAfter: number;
  readonly evaluations: number;
}

/**
 * Drops flips by backward elimination: measures what the objective is without each, and takes back those it is no worse
 * without, the worst first, each tested anew because the others have gone; and so on until a round drops none. With
 * `minimumGain` 0 the objective never falls. The engine is left as it was found, bit for bit, however it ends. The same
 * problem gives the same result. Throws INTERRUPTED, PROBES_UNUSABLE.
 */
export async function prune(problem: PruneProblem): Promise<Pruned> {
  const { engine, flips } = problem;
  const dropped = new Set<Flip>();
  const fitness = prepareWithout(problem);
  let evaluations = 1;
  try {
    const start = fitness.evaluate();
    fitness.keep();
    const bench: Bench = {
      ...problem,
      evaluate: () => {
        evaluations += 1;
        return fitness.evaluate();
      },
      keep: () => fitness.keep(),
      tick: async () => {
        await nextTurn();
        if (problem.signal?.aborted) throw interrupted(dropped.size);
        problem.onProgress?.({ evaluations, dropped: dropped.size, left: flips.length - dropped.size });
      },
    };
    let present = start;
    for (let before = -1; before < dropped.size;) {
      before = dropped.size;
      present = await dropRound(bench, dropped, present);
    }
    return {
      kept: flips.filter((flip) => !dropped.has(flip)),
      dropped: flips.filter((flip) => dropped.has(flip)),
      objectiveBefore: start.objective,
      objectiveAfter: present.objective,
      evaluations,
    };
  } finally {
    engine.toggle(dropped);
    fitness.dispose();
  }
}

/** Lays the fitness out with the model without the flips as its reference, and puts them back. */
function prepareWithout({ engine, flips, fitness, probes, controls }: PruneProblem): PreparedFitness {
  engine.toggle(flips);
  try {
    return fitness.prepare(engine, probes, controls);
  } finally {
    engine.toggle(flips);
  }
}

interface Bench extends PruneProblem {
  evaluate(): FitnessValue;
  keep(): void;
  /** Between evaluations: progress, and the chance to stop. */
  tick(): Promise<void>;
}

async function dropRound(bench: Bench, dropped: Set<Flip>, start: FitnessValue): Promise<FitnessValue> {
  const { engine, flips, minimumGain = 0, allows } = bench;
  const loads: { flip: Flip; gain: number }[] = [];
  for (const flip of flips.filter((candidate) => !dropped.has(candidate))) {
    await bench.tick();
    engine.toggle([flip]);
    try {
      loads.push({ flip, gain: start.objective - bench.evaluate().objective });
    } finally {
      engine.toggle([flip]);
    }
  }
  // The sort is stable: of equal gains the earlier flip goes first.
  const candidates = loads.filter(({ gain }) => gain <= minimumGain).sort((a, b) => a.gain - b.gain);
  let present = start;
  for (const { flip } of candidates) {
    await bench.tick();
    engine.toggle([flip]);
    dropped.add(flip);
    const without = bench.evaluate();
    if (present.objective - without.objective <= minimumGain && ((await allows?.()) ?? true)) {
      present = without;
      bench.keep();
    } else {
      engine.toggle([flip]);
      dropped.delete(flip);
    }
  }
  return present;
}

function interrupted(dropped: number): SearchError {
  return new SearchError('INTERRUPTED', `Interrupted after ${dropped} flips were dropped`, {
    hint: 'Nothing was recorded. Run it again to the end.',
    data: { dropped },
  });
}
