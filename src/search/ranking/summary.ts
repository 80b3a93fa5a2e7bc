/** Owns what is remembered of effects once those of every probe are too many: what they give on average, and how sure it is. */
import type { GainResponse, ProbeEffects } from '../fitness.js';

/** What changes would add to the gain, by row, in float64. */
export interface GainSummary {
  readonly mean: Float64Array;
  readonly standardError: Float64Array;
}

/**
 * Sums up over the probes what the gain has of a part (rows) of the effects of each row. The error is that of a stratified
 * sample (Cochran, Sampling Techniques, 1977, section 5.3): every stratum, given as indices of probes, is a sample of its
 * own, and only the spread within strata is chance. A row that helps one of two skills throughout is not held to be luck
 * because the other feels nothing of it. A single probe says nothing of how its stratum varies: its whole effect may be
 * chance. What losses cost on top is no sample of anything: these very probes are to be kept, and it counts as it is. Within strata the sums are Welford's (1962): one pass, one order, and no difference of large sums.
 */
export function summarizeGains(
  { owners, rows, values }: Pick<ProbeEffects, 'owners' | 'rows' | 'values'>,
  { rise, fall, lead, price }: GainResponse,
  strata: readonly (readonly number[])[],
  parts: Float32Array,
): GainSummary {
  const total = new Float64Array(rows);
  const variance = new Float64Array(rows);
  for (const members of strata) {
    const count = members.length;
    for (let row = 0; row < rows; row++) {
      const part = parts[row];
      let mean = 0;
      let squares = 0;
      let lost = 0;
      for (let k = 0; k < count; k++) {
        const owner = members[k];
        const effect = part * values[owner * rows + row];
        const gain = effect * (effect > 0 ? rise[owner] : fall[owner]);
        const difference = gain - mean;
        mean += difference / (k + 1);
        squares += difference * (gain - mean);
        const ahead = lead[owner];
        lost += price[owner] * (Math.max(0, -ahead - effect) - Math.max(0, -ahead));
      }
      total[row] += count * mean - lost;
      variance[row] += count > 1 ? (count * squares) / (count - 1) : mean ** 2;
    }
  }
  return {
    mean: total.map((sum) => sum / owners),
    standardError: variance.map((sum) => Math.sqrt(sum) / owners),
  };
}
