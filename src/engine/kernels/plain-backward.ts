/** Owns the plain backend's gradients around the matrix products and attention, as their definitions read. */
import { LANES, type Address, type Memory } from './kernels.js';
import { padded, tiled, type Args } from './layout.js';

/** Kernel `rmsNormBackward` of the interface. */
export function rmsNormBackward(memory: Memory, args: Args<'rmsNormBackward'>): void {
  const { features, tiles, epsilon } = args;
  const x = memory.f32(args.x, tiles * features * LANES);
  const weight = memory.f32(args.weight, features);
  const dOut = memory.f32(args.dOut, tiles * features * LANES);
  const dx = memory.f32(args.dx, tiles * features * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    let squares = 0;
    let product = 0;
    for (let f = 0; f < features; f++) {
      const at = tiled(token, f, features);
      squares += x[at] ** 2;
      product += dOut[at] * weight[f] * x[at];
    }
    const inverse = 1 / Math.sqrt(squares / features + epsilon);
    const share = (product * inverse ** 2) / features;
    for (let f = 0; f < features; f++) {
      const at = tiled(token, f, features);
      dx[at] += inverse * (dOut[at] * weight[f] - x[at] * share);
    }
  }
}

/** Kernel `swigluBackward` of the interface. */
export function swigluBackward(memory: Memory, args: Args<'swigluBackward'>): void {
  const { features, tiles } = args;
  const gateUp = memory.f32(args.gateUp, tiles * 2 * features * LANES);
  const dHidden = memory.f32(args.dHidden, tiles * features * LANES);
  const dGateUp = memory.f32(args.dGateUp, tiles * 2 * features * LANES);
  const hidden = memory.f32(args.hidden, tiles * features * LANES);
  const product = memory.f32(args.product, tiles * features * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    for (let f = 0; f < features; f++) {
      const gateAt = tiled(token, f, 2 * features);
      const upAt = tiled(token, features + f, 2 * features);
      const gate = gateUp[gateAt];
      const up = gateUp[upAt];
      const at = tiled(token, f, features);
      const gradient = dHidden[at];
      const sigmoid = 1 / (1 + Math.exp(-gate));
      dGateUp[gateAt] = gradient * up * sigmoid * (1 + gate * (1 - sigmoid));
      dGateUp[upAt] = gradient * gate * sigmoid;
      hidden[at] = (gate / (1 + Math.exp(-gate))) * up;
      product[at] = gate * up;
    }
  }
}

/** Kernels `add` and `subtract` of the interface. */
export const [add, subtract] = [valueByValue((a, b) => a + b), valueByValue((a, b) => a - b)];

function valueByValue(combine: (a: number, b: number) => number) {
  return (memory: Memory, { a, b, out, count }: Args<'add' | 'subtract'>): void => {
    const left = memory.f32(a, count);
    const right = memory.f32(b, count);
    const target = memory.f32(out, count);
    for (let i = 0; i < count; i++) target[i] = combine(left[i], right[i]);
  };
}

/** Probabilities of tiles of logits with their logSumExp. */
function readProbabilities(memory: Memory, logits: Address, logSumExp: Address, vocabulary: number, tiles: number) {
  const values = memory.f32(logits, tiles * vocabulary * LANES);
  const sums = memory.f32(logSumExp, tiles * LANES);
  return (token: number, id: number): number => Math.exp(values[tiled(token, id, vocabulary)] - sums[token]);
}

/** Kernel `answerGradient` of the interface. */
export function answerGradient(memory: Memory, args: Args<'answerGradient'>): void {
  const { vocabulary, tiles } = args;
  const probability = readProbabilities(memory, args.logits, args.logSumExp, vocabulary, tiles);
  const targets = memory.i32(args.targets, tiles * LANES);
  const weights = memory.f32(args.weights, tiles * LANES);
  const out = memory.f32(args.out, tiles * vocabulary * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    for (let id = 0; id < vocabulary; id++) {
      const wanted = id === targets[token] ? 1 : 0;
      out[tiled(token, id, vocabulary)] = weights[token] * (wanted - probability(token, id));
    }
  }
}

/** Kernel `divergenceGradient` of the interface. */
export function divergenceGradient(memory: Memory, args: Args<'divergenceGradient'>): void {
  const { vocabulary, tiles } = args;
  const before = readProbabilities(memory, args.reference, args.referenceLogSumExp, vocabulary, tiles);
  const after = readProbabilities(memory, args.logits, args.logSumExp, vocabulary, tiles);
  const weights = memory.f32(args.weights, tiles * LANES);
  const out = memory.f32(args.out, tiles * vocabulary * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    for (let id = 0; id < vocabulary; id++) {
      out[tiled(token, id, vocabulary)] = weights[token] * (before(token, id) - after(token, id));
    }
  }
}

/** Kernel `scatter` of the interface. */
export function scatter(memory: Memory, { x, rows, rowCount, out, features }: Args<'scatter'>): void {
  const places = memory.i32(rows, rowCount);
  const source = memory.f32(x, padded(rowCount) * features);
  const target = memory.f32(out, padded(1 + places.reduce((last, row) => Math.max(last, row), 0)) * features);
  for (let token = 0; token < rowCount; token++) {
    for (let f = 0; f < features; f++) {
      target[tiled(places[token], f, features)] = source[tiled(token, f, features)];
    }
  }
}

/** Kernel `rowEffects` of the interface. */
export function rowEffects(memory: Memory, args: Args<'rowEffects'>): void {
  const { factor, groups, tokenCount, ownerCount, features } = args;
  const gradient = memory.f32(args.gradient, padded(tokenCount) * features);
  const value = memory.f32(args.value, groups * padded(tokenCount) * features);
  const owners = memory.i32(args.owners, tokenCount);
  const out = memory.f32(args.out, groups * ownerCount * features);
  const sums = new Float64Array(out.length);
  for (let group = 0; group < groups; group++) {
    for (let token = 0; token < tokenCount; token++) {
      if (owners[token] < 0) continue;
      for (let f = 0; f < features; f++) {
        const at = tiled(token, f, features);
        const product = gradient[at] * value[group * gradient.length + at];
        sums[(group * ownerCount + owners[token]) * features + f] += product;
      }
    }
  }
  for (let i = 0; i < sums.length; i++) out[i] += factor * sums[i];
}

/** Kernel `sumUpGains` of the interface. */
export function sumUpGains(memory: Memory, args: Args<'sumUpGains'>): void {
  const { rows, strataCount, ownerCount } = args;
  const [mean, error] = [args.mean, args.error].map((out) => memory.f64(out, rows));
  const parts = memory.f32(args.parts, rows);
  const responses = memory.f64(args.responses, 6 * ownerCount);
  mean.fill(0);
  error.fill(0);
  let place = 0;
  for (const count of memory.i32(args.strata, strataCount)) {
    const sums = new Float64Array(rows);
    const squares = new Float64Array(rows);
    for (let member = 0; member < count; member++) {
      const [owner, along, across, paid, limit, behind] = responses.subarray(6 * place++);
      memory.f32(args.effects + owner * rows * 4, rows).forEach((value, row) => {
        const effect = parts[row] * value;
        const gain = along * effect + across * Math.abs(effect);
        sums[row] += gain;
        squares[row] += gain * gain;
        mean[row] -= paid * (Math.max(0, limit - effect) - behind);
      });
    }
    sums.forEach((sum, row) => {
      mean[row] += sum / ownerCount;
      error[row] += count > 1 ? Math.max(0, (count * squares[row] - sum * sum) / (count - 1)) : sum * sum;
    });
  }
  error.forEach((variance, row) => (error[row] = Math.sqrt(variance) / ownerCount));
}
