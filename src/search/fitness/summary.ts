/** Owns what is remembered of effects once those of every probe are too many: their mean and how sure it is. */
import type { UnitEffects } from '../../engine/engine.js';

/** By row, in float64. */
export interface OwnersSummary {
  readonly mean: Float64Array;
  readonly standardError: Float64Array;
}

/**
 * Sums up the owners' effects on each row. The error is that of a stratified sample (Cochran, Sampling Techniques, 1977,
 * section 5.3): every stratum, given as indices of owners, is a sample of its own, and only the spread within strata is
 * chance. A row that helps one of two skills throughout is not held to be luck because the other feels nothing of it. A
 * single owner says nothing of how its stratum varies: its whole effect may be chance. Within strata the sums are
 * Welford's (1962): one pass, one order, and no difference of large sums.
 */
export function summarizeOwners(
  { owners, rows, values }: UnitEffects,
  strata: readonly (readonly number[])[],
): OwnersSummary {
  const total = new Float64Array(rows);
  const variance = new Float64Array(rows);
  for (const members of strata) {
    const mean = new Float64Array(rows);
    const squares = new Float64Array(rows);
    members.forEach((owner, before) => {
      for (let row = 0, at = owner * rows; row < rows; row++, at++) {
        const difference = values[at] - mean[row];
        mean[row] += difference / (before + 1);
        squares[row] += difference * (values[at] - mean[row]);
      }
    });
    const count = members.length;
    for (let row = 0; row < rows; row++) {
      total[row] += count * mean[row];
      variance[row] += count > 1 ? (count * squares[row]) / (count - 1) : mean[row] ** 2;
    }
  }
  return {
    mean: total.map((sum) => sum / owners),
    standardError: variance.map((sum) => Math.sqrt(sum) / owners),
  };
}
