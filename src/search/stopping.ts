/** Owns when a search ends. */

/** What a search may use, whichever comes first; what is not given does not limit it. */
export interface Budget {
  /** Candidates drawn. */
  readonly iterations?: number;
  /** Flips in the result. */
  readonly flips?: number;
  /** Wall time: the only limit with which the same seed may give another result. */
  readonly seconds?: number;
}

/** Why a search ended: a limit, the signal, or nothing left that could be tried. */
export type StopReason = 'iterations' | 'flips' | 'time' | 'interrupted' | 'exhausted' | 'held-back';

/** What a search has used so far. */
export interface Spent {
  readonly iterations: number;
  readonly flips: number;
  readonly elapsedMs: number;
}

/** Says which limit is reached, if any. */
export function limitReached(budget: Budget, spent: Spent): StopReason | undefined {
  if (spent.iterations >= (budget.iterations ?? Infinity)) return 'iterations';
  if (spent.flips >= (budget.flips ?? Infinity)) return 'flips';
  if (spent.elapsedMs >= (budget.seconds ?? Infinity) * 1000) return 'time';
  return undefined;
}

/** Estimates the seconds until the first limit is reached at the pace so far; undefined while nothing can be said. */
export function secondsLeft(budget: Budget, spent: Spent): number | undefined {
  const elapsed = spent.elapsedMs / 1000;
  const atPace = (limit: number | undefined, used: number) =>
    limit === undefined || used === 0 ? Infinity : (elapsed / used) * Math.max(0, limit - used);
  const left = Math.min(
    atPace(budget.iterations, spent.iterations),
    atPace(budget.flips, spent.flips),
    budget.seconds === undefined ? Infinity : Math.max(0, budget.seconds - elapsed),
  );
  return left === Infinity ? undefined : left;
}
