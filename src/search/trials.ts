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
  const { flips, step, depth, present } = problem;
  const trial = counted(problem);
  for (let first = 0; first < Math.min(flips.length, depth * step); first += step) {
    const accepted = await firstBetter(trial, flips.slice(first, first + step), () => present);
    if (accepted) return { evaluated: trial.evaluated(), accepted };
  }
  return { evaluated: trial.evaluated() };
}

/**
 * Flips each of the `alone` most promising flips alone, then the best `step` of those that raise the fitness together,
 * halving their number until they are better than the best of them alone. Where none raises it, goes on with the next ones.
 * It takes more evaluations for a flip and finds better ones: the true change decides, not the slope.
 */
export async function tryAlone(problem: TrialProblem & { readonly alone: number }): Promise<Tried> {
  const { engine, flips, step, depth, alone, present } = problem;
  const trial = counted(problem);
  for (let first = 0; first < Math.min(flips.length, depth * alone); first += alone) {
    const found: { flip: Flip; value: FitnessValue }[] = [];
    for (const flip of flips.slice(first, first + alone)) {
      const value = await trial.attempt([flip], present);
      if (!value) continue;
      engine.toggle([flip]);
      found.push({ flip, value });
    }
    found.sort((a, b) => b.value.objective - a.value.objective);
    const best = found.slice(0, step).map(({ flip }) => flip);
    const accepted = await firstBetter(trial, best, (count) => (count > 1 ? found[0].value : present));
    if (accepted) return { evaluated: trial.evaluated(), accepted };
  }
  return { evaluated: trial.evaluated() };
}

interface Trial {
  /** Flips them; where that is not better, or the search was told to end, flips them back. */
  attempt(flips: readonly Flip[], than: FitnessValue): Promise<FitnessValue | undefined>;
  evaluated(): number;
}

function counted({ engine, betterThan, signal }: TrialProblem): Trial {
  let evaluated = 0;
  return {
    evaluated: () => evaluated,
    async attempt(flips, than) {
      // An evaluation may take minutes: Ctrl-C must get through between any two.
      await nextTurn();
      if (signal?.aborted) return undefined;
      let value: FitnessValue | undefined;
      engine.toggle(flips);
      evaluated += 1;
      try {
        value = betterThan(than);
      } finally {
        if (!value) engine.toggle(flips);
      }
      return value;
    },
  };
}

/** Tries flips together, then the first half of them, and so on, each number against a fitness of its own. */
async function firstBetter(
  trial: Trial,
  flips: readonly Flip[],
  than: (count: number) => FitnessValue,
): Promise<Tried['accepted']> {
  for (let count = flips.length; count >= 1; count = Math.floor(count / 2)) {
    const chosen = flips.slice(0, count);
    const value = await trial.attempt(chosen, than(count));
    if (value) return { flips: chosen, value };
  }
  return undefined;
}
