/** What effects promise and what really happens, for kinds of rows and for groups of 128 weights. */
import type { EffectUnit, Engine } from '../src/engine/engine.js';
import type { Flip } from '../src/patch/flip.js';
import { parseTensorName } from '../src/patch/projection.js';
import type { FitnessValue, PreparedFitness } from '../src/search/fitness.js';

/** A unit of a layer, what inverting it promises the objective, and how sure that is. */
export interface UnitPromise {
  readonly flip: Flip;
  readonly projection: string;
  /** First-order change of the objective: mean over the probes − cost. */
  readonly expected: number;
  /** The same with three standard errors taken off, as the default search ranks rows. */
  readonly bound: number;
}

/** Standard errors that the default ranking takes off. */
const STANDARD_ERRORS = 3;

/** Lists every row, or every group, of all layers with its promise at present weights of some fitness, in the order of the effects. */
export function promises(
  engine: Engine,
  fitness: PreparedFitness,
  unit: EffectUnit,
  { perProbe }: FitnessValue = fitness.start,
): UnitPromise[] {
  const found: UnitPromise[] = [];
  const response = fitness.respond(perProbe);
  fitness.visitEffects({ unit }, (effects) => {
    const { tensor, group, cost } = effects;
    const { layer, projection } = parseTensorName(tensor);
    if (layer === undefined) return;
    const { mean, standardError } = engine.withEffects(effects, (sumUp) => sumUp(response, fitness.strata));
    mean.forEach((value, row) => {
      const expected = value - (cost?.[row] ?? 0);
      const flip: Flip = group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group };
      found.push({ flip, projection, expected, bound: expected - STANDARD_ERRORS * standardError[row] });
    });
  });
  return found;
}

/** The best first, of equals the earlier. */
export const byBound = (units: readonly UnitPromise[]): UnitPromise[] => [...units].sort((a, b) => b.bound - a.bound);

/** How the objective really changes with flips, from where the fitness was prepared. */
export function realChange(engine: Engine, fitness: PreparedFitness, flips: readonly Flip[]): number {
  engine.toggle(flips);
  try {
    return fitness.evaluate().objective - fitness.start.objective;
  } finally {
    engine.toggle(flips);
  }
}

/** What a climb found. */
export interface Climb {
  readonly flips: readonly Flip[];
  readonly objective: number;
  readonly rounds: number;
}

/**
 * Climbs by units of one kind: flips the best `step` of those that promise anything together, halving their number until
 * the objective rises, for at most `rounds` rounds. The engine is left as it was found.
 */
export function climbByUnits(
  engine: Engine,
  fitness: PreparedFitness,
  unit: EffectUnit,
  { step, rounds }: { readonly step: number; readonly rounds: number },
): Climb {
  const flips: Flip[] = [];
  let value: FitnessValue = fitness.start;
  let round = 0;
  try {
    for (; round < rounds; round++) {
      const best = byBound(promises(engine, fitness, unit, value))
        .filter(({ bound }) => bound > 0)
        .slice(0, step);
      const better = halving(best.map(({ flip }) => flip));
      if (!better) break;
      flips.push(...better.flips);
      value = better.value;
      fitness.keep();
    }
    return { flips, objective: value.objective, rounds: round };
  } finally {
    engine.toggle(flips);
  }

  function halving(chosen: readonly Flip[]) {
    for (let count = chosen.length; count >= 1; count = Math.floor(count / 2)) {
      const tried = chosen.slice(0, count);
      engine.toggle(tried);
      const reached = fitness.evaluateAbove(value.objective);
      if (reached) return { flips: tried, value: reached };
      engine.toggle(tried);
    }
    return undefined;
  }
}
