/** Owns what is remembered of effects once those of every probe are too many: their mean and how sure it is. */
import type { ProbeEffects, Slopes } from '../fitness.js';

/** What small changes would add to the gain, by row, in float64. */
export interface GainSummary {
  readonly mean: Float64Array;
  readonly standardError: Float64Array;
}

/**
 * Sums up over the probes what the gain has of the effects of each row, or of their opposite where `sign` is −1. The error
 * is that of a stratified sample (Cochran, Sampling Techniques, 1977, section 5.3): every stratum, given as indices of
 * probes, is a sample of its own, and only the spread within strata is chance. A row that helps one of two skills
 * throughout is not held to be luck because the other feels nothing of it. A single probe says nothing of how its stratum
 * varies: its whole effect may be chance. Within strata the sums are Welford's (1962): one pass, one order, and no
 * difference of large sums.
 */
export function summarizeGains(
  { owners, rows, values }: Pick<ProbeEffects, 'owners' | 'rows' | 'values'>,
  { rise, fall }: Slopes,
  strata: readonly (readonly number[])[],
  sign: 1 | -1 = 1,
): GainSummary {
  const total = new Float64Array(rows);
  const variance = new Float64Array(rows);
  for (const members of strata) {
    const mean = new Float64Array(rows);
    const squares = new Float64Array(rows);
    members.forEach((owner, before) => {
      const [up, down] = [rise[owner], fall[owner]];
      for (let row = 0, at = owner * rows; row < rows; row++, at++) {
        const effect = sign * values[at];
        const gain = effect * (effect > 0 ? up : down);
        const difference = gain - mean[row];
        mean[row] += difference / (before + 1);
        squares[row] += difference * (gain - mean[row]);
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
