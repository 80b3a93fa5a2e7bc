/** Owns what is remembered of effects once those of every probe are too many: their mean and how sure it is. */
import type { UnitEffects } from '../../engine/engine.js';

/** By row, in float64. */
export interface OwnersSummary {
  readonly mean: Float64Array;
  /** Of the mean: sd / √owners, 0 where there is but one owner. */
  readonly standardError: Float64Array;
}

/**
 * Sums up the owners' effects on each row by Welford's method (1962), owner after owner: one pass, one order, and no
 * difference of large sums.
 */
export function summarizeOwners({ owners, rows, values }: UnitEffects): OwnersSummary {
  const mean = new Float64Array(rows);
  const squares = new Float64Array(rows);
  for (let owner = 0; owner < owners; owner++) {
    for (let row = 0, at = owner * rows; row < rows; row++, at++) {
      const difference = values[at] - mean[row];
      mean[row] += difference / (owner + 1);
      squares[row] += difference * (values[at] - mean[row]);
    }
  }
  const standardError = squares.map((sum) => (owners > 1 ? Math.sqrt(sum / (owners - 1) / owners) : 0));
  return { mean, standardError };
}
