/** Owns the statistics of evidence: exact tests and intervals for counts. */

/** A proportion with its interval. */
export interface Interval {
  /** successes / trials; 0 when there were no trials. */
  rate: number;
  low: number;
  high: number;
}

/** The standard normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959963984540054;

/** Sums beyond this power of two are scaled down by it. */
const SCALING = 500;

/**
 * Computes the exact two-sided p-value of McNemar's test: the chance that, of fixed + broke changed answers, a fair coin
 * would divide them at least as unevenly. 1 when nothing changed.
 */
export function mcNemarExact(fixed: number, broke: number): number {
  const changed = fixed + broke;
  const fewer = Math.min(fixed, broke);
  // Σ over i ≤ fewer of C(changed, i), as tail · 2^exponent once divided by 2^changed. Scaling by powers of two is exact.
  let term = 1;
  let tail = 1;
  let exponent = -changed;
  for (let i = 1; i <= fewer; i++) {
    term = (term * (changed - i + 1)) / i;
    tail += term;
    if (tail > 2 ** SCALING) {
      term *= 2 ** -SCALING;
      tail *= 2 ** -SCALING;
      exponent += SCALING;
    }
  }
  // In two steps, because 2^exponent alone may be too small for a float64.
  const half = Math.trunc(exponent / 2);
  return Math.min(1, 2 * tail * 2 ** half * 2 ** (exponent - half));
}

/** What a comparison of answers shows. */
export type Verdict = 'better' | 'worse' | 'not significant' | 'unchanged';

/** From this p-value on a difference is called not significant. */
const SIGNIFICANCE = 0.05;

/** Says what the changed answers show: a difference that chance makes in one of twenty cases is none. */
export function verdictOf(fixed: number, broke: number): Verdict {
  if (fixed + broke === 0) return 'unchanged';
  if (mcNemarExact(fixed, broke) >= SIGNIFICANCE) return 'not significant';
  return fixed > broke ? 'better' : 'worse';
}

/** Computes Wilson's score interval (1927), 95 % unless told; [0, 1] when there were no trials. */
export function wilsonInterval(successes: number, trials: number, z = Z95): Interval {
  if (trials === 0) return { rate: 0, low: 0, high: 1 };
  const rate = successes / trials;
  const spread = (z * z) / trials;
  const centre = rate + spread / 2;
  const halfWidth = z * Math.sqrt((rate * (1 - rate)) / trials + spread / (4 * trials));
  return {
    rate,
    low: successes === 0 ? 0 : Math.max(0, (centre - halfWidth) / (1 + spread)),
    high: successes === trials ? 1 : Math.min(1, (centre + halfWidth) / (1 + spread)),
  };
}
