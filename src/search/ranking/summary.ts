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
  const mean = new Float64Array(rows);
  const squares = new Float64Array(rows);
  const lost = new Float64Array(rows);
  for (const members of strata) {
    const count = members.length;
    for (const sums of [mean, squares, lost]) sums.fill(0);
    members.forEach((owner, before) => {
      const ofOwner = values.subarray(owner * rows, (owner + 1) * rows);
      const [ahead, paid] = [lead[owner], price[owner]];
      // Looked up, because no processor guesses the way that a sign sends it.
      const slopes = Float64Array.of(fall[owner], rise[owner]);
      for (let row = 0; row < rows; row++) {
        const effect = parts[row] * ofOwner[row];
        const gain = effect * slopes[Number(effect > 0)];
        const difference = gain - mean[row];
        mean[row] += difference / (before + 1);
        squares[row] += difference * (gain - mean[row]);
      }
      if (paid === 0) return;
      for (let row = 0; row < rows; row++) {
        lost[row] += paid * (Math.max(0, -ahead - parts[row] * ofOwner[row]) - Math.max(0, -ahead));
      }
    });
    for (let row = 0; row < rows; row++) {
      total[row] += count * mean[row] - lost[row];
      variance[row] += count > 1 ? (count * squares[row]) / (count - 1) : mean[row] ** 2;
    }
  }
  return {
    mean: total.map((sum) => sum / owners),
    standardError: variance.map((sum) => Math.sqrt(sum) / owners),
  };
}
