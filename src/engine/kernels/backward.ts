/**
 * The backward half of the interface: gradients of one scalar, the fitness, from the logits back to any activation.
 *
 * A name with d in front is the gradient of the fitness with respect to what the name stands for, in that thing's own
 * layout; layouts and the promise about equal bits are those of kernels.ts. What a gradient depends on in the forward
 * pass is given again and recomputed, not kept. Weights get no gradients: flips are scored from activations alone.
 */
import type { Address, BitMatrix } from './kernels.js';

export interface BackwardKernels {
  /** dx = Wᵀ·dOut, or dx += Wᵀ·dOut when `accumulate`: dOut tiles of W.rows → dx tiles of W.columns. */
  matmulTransposed(args: { dOut: Address; weights: BitMatrix; dx: Address; tiles: number; accumulate: boolean }): void;

  /** dx += Jᵀ·dOut of `rmsNorm`: x, dOut, dx tiles of features, weight (features) f32. */
  rmsNormBackward(args: {
    x: Address;
    weight: Address;
    dOut: Address;
    dx: Address;
    features: number;
    tiles: number;
    epsilon: number;
  }): void;

  /**
   * Through `swiglu`: dHidden tiles of features → dGateUp tiles of 2·features, gate | up; may be gateUp itself. Beside it
   * hidden, what `swiglu` gave, and product, gate·up: tiles of features.
   */
  swigluBackward(args: {
    gateUp: Address;
    dHidden: Address;
    dGateUp: Address;
    hidden: Address;
    product: Address;
    features: number;
    tiles: number;
  }): void;

  /** out = a + b, value by value: `count` f32, a multiple of LANES. out may be a or b. */
  add(args: { a: Address; b: Address; out: Address; count: number }): void;

  /** The same for a − b. */
  subtract(args: { a: Address; b: Address; out: Address; count: number }): void;

  /**
   * Through `attention`, whose arguments these are: dOut tiles of heads·headDim → dQueries (tokenCount, heads·headDim),
   * dKeys and dValues (rowCount, kvHeads·headDim), all written whole, with zeros where nothing attends. A key row gets
   * its gradients in the order of the tokens whose paths hold it.
   */
  attentionBackward(args: {
    queries: Address;
    keys: Address;
    values: Address;
    pathOffsets: Address;
    path: Address;
    longestPath: number;
    tokenCount: number;
    rowCount: number;
    heads: number;
    kvHeads: number;
    headDim: number;
    dOut: Address;
    dQueries: Address;
    dKeys: Address;
    dValues: Address;
  }): void;

  /**
   * Through `splitHeads`, whose arguments these are: dQueries (tokenCount, heads·headDim) and rows `firstRow…` of dKeys
   * and dValues → dProjected tiles of (heads + 2·kvHeads)·headDim, 0 in lanes past the last token; may be projected
   * itself. Cosines and sines may carry a magnitude: the rotation's transpose is applied, not its inverse.
   */
  splitHeadsBackward(args: {
    projected: Address;
    tokenCount: number;
    heads: number;
    kvHeads: number;
    headDim: number;
    queryNorm: Address;
    keyNorm: Address;
    epsilon: number;
    positions: Address;
    cosines: Address;
    sines: Address;
    firstRow: number;
    dQueries: Address;
    dKeys: Address;
    dValues: Address;
    dProjected: Address;
  }): void;

  /**
   * The gradient of Σ weight·log-probability(target): out = weight·(onehot(target) − softmax(logits)), tiles of
   * vocabulary; may be logits itself. targets i32 and weights f32 are tiles of 1, like logSumExp. A token without a
   * target, such as a lane past the last one, has target −1 and weight 0.
   */
  answerGradient(args: {
    logits: Address;
    logSumExp: Address;
    vocabulary: number;
    tiles: number;
    targets: Address;
    weights: Address;
    out: Address;
  }): void;

  /**
   * The gradient of −Σ weight·KL(reference ‖ present): out = weight·(softmax(reference) − softmax(logits)), tiles of
   * vocabulary; may be logits or reference itself. weights f32 are tiles of 1, 0 in lanes past the last token.
   */
  divergenceGradient(args: {
    reference: Address;
    referenceLogSumExp: Address;
    logits: Address;
    logSumExp: Address;
    vocabulary: number;
    tiles: number;
    weights: Address;
    out: Address;
  }): void;

  /** Puts tokens back where `gather` took them: out token rows[i] = x token i. rows (rowCount) i32, all different. */
  scatter(args: { x: Address; rows: Address; rowCount: number; out: Address; features: number }): void;

  /**
   * Sums products per owner, for each of some groups: out[group][owner][feature] += factor·Σ gradient·value over the owner's
   * tokens, in their order. gradient tiles of features; value (groups) times the same; owners (tokenCount) i32, −1 for none, the
   * others never decreasing; out (groups, ownerCount, features) f32.
   */
  rowEffects(args: {
    gradient: Address;
    value: Address;
    factor: number;
    groups: number;
    tokenCount: number;
    owners: Address;
    ownerCount: number;
    out: Address;
    features: number;
  }): void;

  /**
   * Sums up what changes add to a gain that is a mean over owners, in float64. Of e, a row's part times its effect on an owner,
   * the owner makes along · e + across · |e| − paid · (max(0, limit − e) − behind), where paid is of the mean and the rest of the
   * owner's own. effects (owners, rows) f32, parts (rows) f32; strata (strataCount) i32: how many owners each has; responses
   * (ownerCount, 6) f64, stratum after stratum: the owner's index, along, across, paid, limit, behind. → mean and its standard
   * error, of a stratified sample without what is paid: f64, with room for rows up to a multiple of 4.
   */
  sumUpGains(args: {
    effects: Address;
    parts: Address;
    rows: number;
    responses: Address;
    strata: Address;
    strataCount: number;
    ownerCount: number;
    mean: Address;
    error: Address;
  }): void;
}
