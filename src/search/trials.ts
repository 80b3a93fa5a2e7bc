/** Owns how flips that promise much are put to the test: which of them, alone or together, raise the fitness. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import { nextTurn } from './event-loop.js';
import type { FitnessValue } from './fitness.js';

/** What is tried, and against what. */
export interface TrialProblem {
  readonly engine: Engine;
  /** Most promising first. */
  readonly flips: readonly Flip[];
  /** Flips accepted at once, at the most. */
  readonly step: number;
  /** How many times as many are looked at before nothing is accepted. */
  readonly depth: number;
  /** Whether there is room for them all: of flips that are tried together, as many as there is room for. */
  fits(flips: readonly Flip[]): boolean;
  /** The fitness without any of them. */
  readonly present: FitnessValue;
  /** The fitness of the weights as they are, where it is better than another. */
  betterThan(other: FitnessValue): FitnessValue | undefined;
  readonly signal?: AbortSignal;
}

export interface Tried {
  /** Evaluations that it took. */
  readonly evaluated: number;
  /** What was accepted and is flipped now; nothing else is. */
  readonly accepted?: { readonly flips: readonly Flip[]; readonly value: FitnessValue };
}

/**
 * Flips the `step` most promising flips together, halving their number until the fitness rises. Where not even one does
 * alone, goes on with the next ones: a first-order effect may be wrong about a flip, and the others should not suffer for it.
 */
export async function tryTogether(problem: TrialProblem): Promise<Tried> {
  const { flips, step, depth } = problem;
  const trial = counted(problem);
  for (let first = 0; first < Math.min(flips.length, depth * step); first += step) {
    const accepted = await firstBetter(trial, fitting(problem, flips.slice(first, first + step)));
    if (accepted) return { evaluated: trial.evaluated(), accepted };
  }
  return { evaluated: trial.evaluated() };
}

interface Trial {
  /** Flips them; where that is not better, or the search was told to end, flips them back. */
  attempt(flips: readonly Flip[]): Promise<FitnessValue | undefined>;
  evaluated(): number;
}

function counted({ engine, present, betterThan, signal }: TrialProblem): Trial {
  let evaluated = 0;
  return {
    evaluated: () => evaluated,
    async attempt(flips) {
      // An evaluation may take minutes: Ctrl-C must get through between any two.
      await nextTurn();
      if (signal?.aborted) return undefined;
      let value: FitnessValue | undefined;
      engine.toggle(flips);
      evaluated += 1;
      try {
        value = betterThan(present);
      } finally {
        if (!value) engine.toggle(flips);
      }
      return value;
    },
  };
}

/** The longest beginning of a list of flips for which there is room, by bisection: more flips take more room. */
function fitting({ fits }: TrialProblem, flips: readonly Flip[]): readonly Flip[] {
  if (fits(flips)) return flips;
  let fit = 0;
  for (let tooMany = flips.length; tooMany - fit > 1;) {
    const middle = (fit + tooMany) >>> 1;
    if (fits(flips.slice(0, middle))) fit = middle;
    else tooMany = middle;
  }
  return flips.slice(0, fit);
}

/** Tries flips together, then the first half of them, and so on. */
async function firstBetter(trial: Trial, flips: readonly Flip[]): Promise<Tried['accepted']> {
  for (let count = flips.length; count >= 1; count = Math.floor(count / 2)) {
    const chosen = flips.slice(0, count);
    const value = await trial.attempt(chosen);
    if (value) return { flips: chosen, value };
  }
  return undefined;
}
