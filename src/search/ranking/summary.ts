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
      const effects = values.subarray(owner * rows, (owner + 1) * rows);
      addGains({ mean, squares }, effects, parts, { up: rise[owner], down: fall[owner], count: before + 1 });
      if (price[owner] !== 0) addLosses(lost, effects, parts, { ahead: lead[owner], paid: price[owner] });
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

/** Adds what the `count`-th owner of a stratum gains, row after row. */
function addGains(
  { mean, squares }: Record<'mean' | 'squares', Float64Array>,
  effects: Float32Array,
  parts: Float32Array,
  { up, down, count }: { up: number; down: number; count: number },
): void {
  // Looked up, because no processor guesses the way that a sign sends it.
  const slopes = Float64Array.of(down, up);
  for (let row = 0; row < effects.length; row++) {
    const effect = parts[row] * effects[row];
    const gain = effect * slopes[Number(effect > 0)];
    const difference = gain - mean[row];
    mean[row] += difference / count;
    squares[row] += difference * (gain - mean[row]);
  }
}

/** Adds what an owner pays for losses, row after row. */
function addLosses(
  lost: Float64Array,
  effects: Float32Array,
  parts: Float32Array,
  { ahead, paid }: { ahead: number; paid: number },
): void {
  const behind = Math.max(0, -ahead);
  for (let row = 0; row < effects.length; row++) {
    lost[row] += paid * (Math.max(0, -ahead - parts[row] * effects[row]) - behind);
  }
}
