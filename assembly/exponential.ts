/** exp of 4 values and log of one: the same bits on every machine, which the host's Math does not promise. */

/** 1.5 · 2²³: adding it to |x| < 2²² leaves round(x) in the low bits of the sum. */
const ROUNDER: f32 = 12582912.0;
const LOG2_E: f32 = 1.4426950408889634;

/** ln 2 in two parts: the first has 9 significant bits, so that its product with an exponent is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440054690583e-4;

export class Exponential {
  /**
   * exp(x), relative error below 2e-7; 0 for −∞, ∞ for what overflows, gradual underflow, NaN for NaN.
   * x = n·ln 2 + r with |r| ≤ ln 2 / 2: exp(x) = 2ⁿ · exp(r), the latter by its Taylor series to r⁷ (remainder 6e-9).
   */
  @inline
  static of4(x: v128): v128 {
    // The comparison in pmin and pmax is false for NaN, which therefore stays.
    const clamped = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-104));
    const rounded = f32x4.add(f32x4.mul(clamped, f32x4.splat(LOG2_E)), f32x4.splat(ROUNDER));
    const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
    const r = f32x4.sub(f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(LN2_HIGH))), f32x4.mul(n, f32x4.splat(LN2_LOW)));

    let series = f32x4.splat(1.0 / 5040.0);
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 720.0));
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 120.0));
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 24.0));
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1.0 / 6.0));
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(0.5));
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1));
    series = f32x4.add(f32x4.mul(series, r), f32x4.splat(1));

    // 2ⁿ in two factors, because n reaches from −150 to 128 and one float's exponent does not.
    const exponent = i32x4.sub(rounded, f32x4.splat(ROUNDER));
    const half = i32x4.shr_s(exponent, 1);
    return f32x4.mul(f32x4.mul(series, PowerOfTwo.of(half)), PowerOfTwo.of(i32x4.sub(exponent, half)));
  }
}

class PowerOfTwo {
  /** 2ⁿ for integers −126 ≤ n ≤ 127. */
  @inline
  static of(n: v128): v128 {
    return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
  }
}

/**
 * ln(x) for normal positive x, error of a few units in the last place of float64.
 * x = 2ⁿ·m with m in [√½, √2): ln m = 2·artanh(s), s = (m − 1)/(m + 1), |s| < 0.172, by its series to s¹⁹.
 */
export function log(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  let n = <i32>(bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    n++;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let series: f64 = 0;
  for (let k = 19; k > 0; k -= 2) series = series * square + 1 / <f64>k;
  return <f64>n * 0.6931471805599453 + 2 * s * series;
}
