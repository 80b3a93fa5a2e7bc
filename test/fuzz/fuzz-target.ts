/** Owns how fuzzing runs: many seeded inputs through one target, and a tally of what came out. */

/** Something that takes untrusted bytes. */
export interface FuzzTarget {
  readonly name: string;
  /**
   * Makes the input that the seed names and feeds it to what is tested. → `accepted`, or the code of a clear error.
   * Throws when neither holds, or when what was accepted breaks a promise.
   */
  run(seed: number): string;
}

export interface FuzzReport {
  readonly count: number;
  /** How often each outcome came. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly slowest: { readonly seed: number; readonly elapsedMs: number };
}

/** Runs the inputs of `count` seeds from `firstSeed` on. Throws at the first failure, naming its seed. */
export function fuzz(target: FuzzTarget, count: number, firstSeed = 0): FuzzReport {
  const outcomes = new Map<string, number>();
  let slowest = { seed: firstSeed, elapsedMs: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const startedMs = performance.now();
    const outcome = runNaming(target, seed);
    const elapsedMs = performance.now() - startedMs;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (elapsedMs > slowest.elapsedMs) slowest = { seed, elapsedMs };
  }
  return { count, outcomes, slowest };
}

function runNaming(target: FuzzTarget, seed: number): string {
  try {
    return target.run(seed);
  } catch (cause) {
    throw new Error(`Fuzzing ${target.name} failed at seed ${seed}: ${String(cause)}`, { cause });
  }
}
