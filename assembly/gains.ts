/** What changes add to a gain, summed up over its owners, in float64. */

/** Rows taken at a time: their sums stay in the first-level cache while all owners pass by. */
const ROWS: usize = 64;

/** Bytes of a row's effect on one owner, and of a sum. */
const EFFECT: usize = 4;
const SUM: usize = 8;

/** Bytes of an owner's response: its index, along, across, paid, limit and behind, f64 each. */
const RESPONSE: usize = 6 * 8;

/** Items: 64 rows. Scratch: their sums, squares and variances, f64 each. */
export function sumUpGains(
  scratch: usize,
  first: i32,
  last: i32,
  effects: usize,
  parts: usize,
  rows: usize,
  responses: usize,
  strata: usize,
  strataCount: usize,
  ownerCount: f64,
  mean: usize,
  error: usize,
): void {
  const sums = scratch;
  const squares = sums + ROWS * SUM;
  const variances = squares + ROWS * SUM;
  for (let item = <usize>first; item < <usize>last; item++) {
    const row = item * ROWS;
    // Whole vectors of 4 rows: there is room for those past the last one.
    const bytes = (min(ROWS, rows - row) * SUM + 31) & ~31;
    const means = mean + row * SUM;
    memory.fill(means, 0, bytes);
    memory.fill(variances, 0, bytes);
    let response = responses;
    for (let stratum: usize = 0; stratum < strataCount; stratum++) {
      const members = <usize>load<i32>(strata + stratum * 4);
      memory.fill(sums, 0, bytes);
      memory.fill(squares, 0, bytes);
      for (const end = response + members * RESPONSE; response < end; response += RESPONSE) {
        const ofOwner = effects + (<usize>load<f64>(response) * rows + row) * EFFECT;
        const paid = load<f64>(response, 24);
        const along = load<f64>(response, 8);
        addGains(ofOwner, parts + row * EFFECT, bytes, sums, squares, along, load<f64>(response, 16));
        if (paid == 0) continue;
        takeLosses(ofOwner, parts + row * EFFECT, bytes, means, paid, load<f64>(response, 32), load<f64>(response, 40));
      }
      close(bytes, sums, squares, <f64>members, ownerCount, means, variances);
    }
    const errors = error + row * SUM;
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(errors + at, f64x2.div(f64x2.sqrt(v128.load(variances + at)), f64x2.splat(ownerCount)));
    }
  }
}

/** Adds what an owner gains, along · e + across · |e|, and the square of that. */
function addGains(
  effects: usize,
  parts: usize,
  bytes: usize,
  sums: usize,
  squares: usize,
  along: f64,
  across: f64,
): void {
  for (let at: usize = 0; at < bytes; at += 32) {
    const e = v128.load(effects + (at >> 1));
    const p = v128.load(parts + (at >> 1));
    Two.addGain(Two.low(e, p), sums + at, squares + at, along, across);
    Two.addGain(Two.high(e, p), sums + at + 16, squares + at + 16, along, across);
  }
}

/** Takes off what an owner pays for losses: paid · (max(0, limit − e) − behind). */
function takeLosses(
  effects: usize,
  parts: usize,
  bytes: usize,
  means: usize,
  paid: f64,
  limit: f64,
  behind: f64,
): void {
  for (let at: usize = 0; at < bytes; at += 32) {
    const e = v128.load(effects + (at >> 1));
    const p = v128.load(parts + (at >> 1));
    Two.takeLoss(Two.low(e, p), means + at, paid, limit, behind);
    Two.takeLoss(Two.high(e, p), means + at + 16, paid, limit, behind);
  }
}

/** Two rows. */
class Two {
  @inline
  static low(effects: v128, parts: v128): v128 {
    return f64x2.mul(f64x2.promote_low_f32x4(parts), f64x2.promote_low_f32x4(effects));
  }

  @inline
  static high(effects: v128, parts: v128): v128 {
    return Two.low(v128.shuffle<f32>(effects, effects, 2, 3, 2, 3), v128.shuffle<f32>(parts, parts, 2, 3, 2, 3));
  }

  @inline
  static addGain(effect: v128, sums: usize, squares: usize, along: f64, across: f64): void {
    const gain = f64x2.add(f64x2.mul(f64x2.splat(along), effect), f64x2.mul(f64x2.splat(across), f64x2.abs(effect)));
    v128.store(sums, f64x2.add(v128.load(sums), gain));
    v128.store(squares, f64x2.add(v128.load(squares), f64x2.mul(gain, gain)));
  }

  @inline
  static takeLoss(effect: v128, means: usize, paid: f64, limit: f64, behind: f64): void {
    const lost = f64x2.max(f64x2.splat(0), f64x2.sub(f64x2.splat(limit), effect));
    const price = f64x2.mul(f64x2.splat(paid), f64x2.sub(lost, f64x2.splat(behind)));
    v128.store(means, f64x2.sub(v128.load(means), price));
  }
}

/** Adds a stratum to the mean and, as a sample of its own, to the variance. */
function close(
  bytes: usize,
  sums: usize,
  squares: usize,
  count: f64,
  ownerCount: f64,
  means: usize,
  variances: usize,
): void {
  const zero = f64x2.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const sum = v128.load(sums + at);
    v128.store(means + at, f64x2.add(v128.load(means + at), f64x2.div(sum, f64x2.splat(ownerCount))));
    const square = f64x2.mul(sum, sum);
    let variance = square;
    if (count > 1) {
      // In float64 this difference is far surer than the effects themselves are.
      const spread = f64x2.sub(f64x2.mul(f64x2.splat(count), v128.load(squares + at)), square);
      variance = f64x2.max(zero, f64x2.div(spread, f64x2.splat(count - 1)));
    }
    v128.store(variances + at, f64x2.add(v128.load(variances + at), variance));
  }
}
