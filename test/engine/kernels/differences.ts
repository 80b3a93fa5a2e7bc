/** The numerical judge of gradients: central differences in float64. */

const STEP = 1e-5;

/** ∂ fitness / ∂ x at x, one value at a time. With third derivatives around 1 it errs by some 1e-10. */
export function differentiate(x: ArrayLike<number>, fitness: (x: Float64Array) => number): Float64Array {
  const moved = Float64Array.from(x);
  return Float64Array.from(x, (value, i) => {
    moved[i] = value + STEP;
    const above = fitness(moved);
    moved[i] = value - STEP;
    const below = fitness(moved);
    moved[i] = value;
    return (above - below) / (2 * STEP);
  });
}

/** Σ a·b */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Applies a function of one token to each token of token-major rows. */
export function perToken(
  rows: ArrayLike<number>,
  features: number,
  compute: (token: Float64Array, index: number) => ArrayLike<number>,
): Float64Array {
  const all = Float64Array.from(rows);
  const results = Array.from({ length: all.length / features }, (_, t) =>
    Array.from(compute(all.slice(t * features, (t + 1) * features), t)),
  );
  return Float64Array.from(results.flat());
}
