/** Owns how flips that promise much are put to the test: how many of them together raise the fitness. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import { nextTurn } from './event-loop.js';
import type { FitnessValue } from './fitness.js';

/** What is tried, and against what. */
export interface TrialProblem {
  readonly engine: Engine;
  /** So many flips, or all if there are fewer, most promising first. More are asked for only where none of the first was accepted. */
  promising(most: number): readonly Flip[];
  /** Flips accepted at once, at the most. */
  readonly step: number;
  /** How many times as many are looked at before nothing is accepted. */
  readonly depth: number;
  /** Adds to flips what must be flipped with them to have room for all; undefined where there can be none. */
  withRoom(flips: readonly Flip[]): readonly Flip[] | undefined;
  /** The fitness without any of them. */
  readonly present: FitnessValue;
  /** The fitness of the weights as they are, where it is better than another. */
  betterThan(other: FitnessValue): FitnessValue | undefined;
  readonly signal?: AbortSignal;
}

export interface Tried {
  /** Evaluations that it took. */
  readonly evaluated: number;
  /** What was accepted and is flipped now; nothing else is. `asked` is how many of the promising flips are among it. */
  readonly accepted?: { readonly flips: readonly Flip[]; readonly asked: number; readonly value: FitnessValue };
}

/**
 * Flips the `step` most promising flips together, halving their number until the fitness rises. Where not even one does
 * alone, goes on with the next ones: a first-order effect may be wrong about a flip, and the others should not suffer for it.
 */
export async function tryTogether(problem: TrialProblem): Promise<Tried> {
  const { step, depth, withRoom, signal } = problem;
  let flips = problem.promising(step);
  let evaluated = 0;
  for (let first = 0; first < Math.min(flips.length, depth * step); first += step) {
    for (let asked = Math.min(step, flips.length - first); asked >= 1; asked = Math.floor(asked / 2)) {
      const together = withRoom(flips.slice(first, first + asked));
      if (!together) continue;
      // An evaluation may take minutes: Ctrl-C must get through between any two.
      await nextTurn();
      if (signal?.aborted) return { evaluated };
      evaluated += 1;
      const value = attempt(problem, together);
      if (value) return { evaluated, accepted: { flips: together, asked, value } };
    }
    if (first === 0 && flips.length === step && depth > 1) flips = problem.promising(depth * step);
  }
  return { evaluated };
}

/** Flips them; where that is not better, flips them back. */
function attempt({ engine, present, betterThan }: TrialProblem, flips: readonly Flip[]): FitnessValue | undefined {
  let value: FitnessValue | undefined;
  engine.toggle(flips);
  try {
    value = betterThan(present);
  } finally {
    if (!value) engine.toggle(flips);
  }
  return value;
}
