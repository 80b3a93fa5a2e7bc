/** Owns the cheap first look at a candidate: whether it hurts the probes that are worst off. */
import type { FitnessValue, PreparedFitness, Screen } from './fitness.js';

export interface ScreeningSettings {
  /** The part of the probes that is looked at first. */
  share: number;
  /** At least so many of them; a set that is not larger is not screened. */
  minimum: number;
}

/** The first look of one search. */
export interface Screening {
  /** Says whether the present weights do no worse on the screened probes than the weights last followed. */
  passes(): boolean;
  /** Chooses the worst probes anew, for weights whose fitness is known and which are in effect. */
  follow(value: FitnessValue): void;
  dispose(): void;
}

/** Starts screening on the worst probes at the present weights, whose fitness is `value`. */
export function startScreening(
  fitness: PreparedFitness,
  value: FitnessValue,
  { share, minimum }: ScreeningSettings,
): Screening {
  const count = Math.max(minimum, Math.ceil(share * value.perProbe.length));
  let screen = choose(value);

  function choose({ perProbe }: FitnessValue): Screen | undefined {
    return count < perProbe.length ? fitness.screen(worstProbes(perProbe, count)) : undefined;
  }

  return {
    passes: () => screen === undefined || screen.score() >= screen.start,
    follow(next) {
      screen?.dispose();
      screen = choose(next);
    },
    dispose: () => screen?.dispose(),
  };
}

/** Gives the indices of the `count` lowest scores, ascending; of equal scores the earlier probe's. */
export function worstProbes(perProbe: Float64Array, count: number): number[] {
  const indices = Array.from(perProbe, (_, index) => index);
  indices.sort((a, b) => perProbe[a] - perProbe[b] || a - b);
  return indices.slice(0, count).sort((a, b) => a - b);
}
