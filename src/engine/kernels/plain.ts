/**
 * Owns the plain backend: every kernel as its definition reads, one thread, sums in float64. It is the oracle that the
 * fast backend is tested against, and is meant to be read next to it.
 */
import { createMemory, MAXIMUM_PAGES } from './memory.js';
import { BLOCK_COLUMNS, LANES, type Address, type Kernels, type Memory } from './kernels.js';
import { BLOCK_BYTES, padded, RAW_BLOCK_BYTES, tiled, type Args } from './layout.js';
import { attentionBackward, splitHeadsBackward } from './plain-attention-backward.js';
import { attention, splitHeads } from './plain-attention.js';
import {
  answerGradient,
  divergenceGradient,
  rmsNormBackward,
  rowEffects,
  scatter,
  add,
  subtract,
  sumUpGains,
  swigluBackward,
} from './plain-backward.js';
import { matmul, matmulGroups, matmulQuantized, matmulTransposed, readWeights } from './plain-matmul.js';

/** Makes the plain backend with a memory of its own. */
export function createPlainKernels(): Kernels {
  const memory = createMemory(new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES }));
  return {
    name: 'plain',
    threads: 1,
    memory,
    regroup: (args) => regroup(memory, args),
    embed: (args) => embed(memory, args),
    rmsNorm: (args) => rmsNorm(memory, args),
    matmul: (args) => matmul(memory, args),
    matmulGroups: (args) => matmulGroups(memory, args),
    matmulQuantized: (args) => matmulQuantized(memory, args),
    splitHeads: (args) => splitHeads(memory, args),
    attention: (args) => attention(memory, args),
    swiglu: (args) => swiglu(memory, args),
    gather: (args) => gather(memory, args),
    summarizeLogits: (args) => summarizeLogits(memory, args),
    divergence: (args) => divergence(memory, args),
    matmulTransposed: (args) => matmulTransposed(memory, args),
    rmsNormBackward: (args) => rmsNormBackward(memory, args),
    swigluBackward: (args) => swigluBackward(memory, args),
    add: (args) => add(memory, args),
    subtract: (args) => subtract(memory, args),
    attentionBackward: (args) => attentionBackward(memory, args),
    splitHeadsBackward: (args) => splitHeadsBackward(memory, args),
    answerGradient: (args) => answerGradient(memory, args),
    divergenceGradient: (args) => divergenceGradient(memory, args),
    scatter: (args) => scatter(memory, args),
    rowEffects: (args) => rowEffects(memory, args),
    sumUpGains: (args) => sumUpGains(memory, args),
    dispose: () => Promise.resolve(),
  };
}

/** The value of an IEEE 754 binary16. */
function decodeHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

function regroup(memory: Memory, { raw, weights, firstRow, rowCount }: Args<'regroup'>): void {
  const blocks = weights.columns / BLOCK_COLUMNS;
  const source = memory.u8(raw, rowCount * blocks * RAW_BLOCK_BYTES);
  const bits = memory.u8(weights.bits, blocks * weights.rows * BLOCK_BYTES);
  const scales = memory.f32(weights.scales, blocks * weights.rows);
  for (let row = 0; row < rowCount; row++) {
    for (let block = 0; block < blocks; block++) {
      const from = (row * blocks + block) * RAW_BLOCK_BYTES;
      const to = block * weights.rows + firstRow + row;
      scales[to] = decodeHalf(source[from] | (source[from + 1] << 8));
      bits.set(source.subarray(from + 2, from + RAW_BLOCK_BYTES), to * BLOCK_BYTES);
    }
  }
}

function embed(memory: Memory, { tokens, tokenCount, weights, out }: Args<'embed'>): void {
  const { sign, scale } = readWeights(memory, weights);
  const rows = memory.i32(tokens, tokenCount);
  const x = memory.f32(out, padded(tokenCount) * weights.columns);
  x.fill(0);
  for (let token = 0; token < tokenCount; token++) {
    for (let column = 0; column < weights.columns; column++) {
      const row = rows[token];
      x[tiled(token, column, weights.columns)] = sign(row, column) * scale(row, Math.floor(column / BLOCK_COLUMNS));
    }
  }
}

function rmsNorm(memory: Memory, { x, weight, out, features, tiles, epsilon }: Args<'rmsNorm'>): void {
  const source = memory.f32(x, tiles * features * LANES);
  const gains = memory.f32(weight, features);
  const target = memory.f32(out, tiles * features * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    let squares = 0;
    for (let f = 0; f < features; f++) squares += source[tiled(token, f, features)] ** 2;
    const inverse = 1 / Math.sqrt(squares / features + epsilon);
    for (let f = 0; f < features; f++) {
      const at = tiled(token, f, features);
      target[at] = source[at] * inverse * gains[f];
    }
  }
}

function swiglu(memory: Memory, { gateUp, out, features, tiles }: Args<'swiglu'>): void {
  const source = memory.f32(gateUp, tiles * 2 * features * LANES);
  const target = memory.f32(out, tiles * features * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    for (let f = 0; f < features; f++) {
      const gate = source[tiled(token, f, 2 * features)];
      const up = source[tiled(token, features + f, 2 * features)];
      target[tiled(token, f, features)] = (gate / (1 + Math.exp(-gate))) * up;
    }
  }
}

function gather(memory: Memory, { x, rows, rowCount, out, features }: Args<'gather'>): void {
  const picked = memory.i32(rows, rowCount);
  const source = memory.f32(x, padded(1 + picked.reduce((last, row) => Math.max(last, row), 0)) * features);
  const target = memory.f32(out, padded(rowCount) * features);
  target.fill(0);
  for (let token = 0; token < rowCount; token++) {
    for (let f = 0; f < features; f++) {
      target[tiled(token, f, features)] = source[tiled(picked[token], f, features)];
    }
  }
}

function summarizeLogits(
  memory: Memory,
  { logits, vocabulary, tiles, logSumExp, argmax }: Args<'summarizeLogits'>,
): void {
  const read = readColumn(memory, logits, vocabulary, tiles);
  const sums = memory.f32(logSumExp, tiles * LANES);
  const best = memory.i32(argmax, tiles * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    let winner = 0;
    for (let id = 1; id < vocabulary; id++) if (read(token, id) > read(token, winner)) winner = id;
    let sum = 0;
    for (let id = 0; id < vocabulary; id++) sum += Math.exp(read(token, id) - read(token, winner));
    best[token] = winner;
    sums[token] = read(token, winner) + Math.log(sum);
  }
}

function divergence(memory: Memory, args: Args<'divergence'>): void {
  const { vocabulary, tiles } = args;
  const reference = readColumn(memory, args.reference, vocabulary, tiles);
  const present = readColumn(memory, args.logits, vocabulary, tiles);
  const referenceSum = memory.f32(args.referenceLogSumExp, tiles * LANES);
  const presentSum = memory.f32(args.logSumExp, tiles * LANES);
  const target = memory.f32(args.out, tiles * LANES);
  for (let token = 0; token < tiles * LANES; token++) {
    let sum = 0;
    for (let id = 0; id < vocabulary; id++) {
      const before = reference(token, id) - referenceSum[token];
      const after = present(token, id) - presentSum[token];
      sum += Math.exp(before) * (before - after);
    }
    target[token] = sum;
  }
}

/** Reads a token's feature out of tiles. */
function readColumn(memory: Memory, address: Address, features: number, tiles: number) {
  const values = memory.f32(address, tiles * features * LANES);
  return (token: number, feature: number): number => values[tiled(token, feature, features)];
}
