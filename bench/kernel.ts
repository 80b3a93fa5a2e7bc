/**
 * Measures the one-bit matrix product against llama.cpp, both on one thread and by turns, so that a machine busy with
 * other things is busy for both. Run as `node dist/bench/kernel.js [--rounds 5] [--rows 4096] [--columns 4096]
 * [--tokens 64]`. What counts is the median of the rounds' ratios. llama.cpp rounds activations to 8 bits; ours is measured
 * on activations as they are, and on those quantized to 10 bits. So is the transposed product of the backward pass.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BLOCK_COLUMNS, LANES } from '../src/engine/kernels/kernels.js';
import { createWasmKernels } from '../src/engine/kernels/wasm.js';
import { measureLlamaPromptSpeed } from './peer.js';
import { shapes, writeRandomModel } from './random-model.js';

export interface KernelShape {
  rows: number;
  columns: number;
  tokens: number;
}

/** How long one measurement of our kernel takes, at least. */
const MEASURE_MS = 2000;

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];

/** Prepares a random product on one thread and returns what measures the multiply-adds per second of both kernels. */
export async function prepareKernel({ rows, columns, tokens }: KernelShape) {
  const kernels = await createWasmKernels({ threads: 1 });
  const { memory } = kernels;
  const tiles = Math.ceil(tokens / LANES);
  const weights = {
    bits: memory.allocate((rows * columns) / 8),
    scales: memory.allocate((rows * columns * 4) / BLOCK_COLUMNS),
    rows,
    columns,
  };
  const x = memory.allocate(tiles * columns * LANES * 4);
  const out = memory.allocate(tiles * rows * LANES * 4);
  const signs = memory.u8(weights.bits, (rows * columns) / 8);
  for (let i = 0; i < signs.length; i++) signs[i] = Math.random() * 256;
  memory.f32(weights.scales, (rows * columns) / BLOCK_COLUMNS).fill(columns ** -0.5);
  const activations = memory.f32(x, tiles * columns * LANES);
  for (let i = 0; i < activations.length; i++) activations[i] = Math.random() - 0.5;

  const measure = (run: () => void): number => {
    const speeds: number[] = [];
    const end = performance.now() + MEASURE_MS;
    while (performance.now() < end) {
      const start = performance.now();
      run();
      speeds.push((rows * columns * tokens * 1000) / (performance.now() - start));
    }
    return median(speeds);
  };
  const args = { x, weights, out, tiles, accumulate: false };
  const forward = (): number => measure(() => kernels.matmul(args));
  const quantized = (): number => measure(() => kernels.matmulQuantized(args));
  // The forward product's input and output lend their memory to the gradients of the same shapes.
  const transposed = (): number =>
    measure(() => kernels.matmulTransposed({ dOut: out, weights, dx: x, tiles, accumulate: false }));
  forward(); // until the optimising compiler has taken over
  quantized();
  transposed();
  return { forward, quantized, transposed, dispose: () => kernels.dispose() };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      rows: { type: 'string', default: '4096' },
      columns: { type: 'string', default: '4096' },
      tokens: { type: 'string', default: '64' },
    },
  });
  const shape = { rows: Number(values.rows), columns: Number(values.columns), tokens: Number(values.tokens) };
  const directory = mkdtempSync(join(tmpdir(), 'bankai-kernel-'));
  try {
    const model = join(directory, 'random.gguf');
    writeRandomModel(model, shapes['1.7B'], 1);
    const kernel = await prepareKernel(shape);
    const ratios: number[] = [];
    const quantizedRatios: number[] = [];
    const transposedRatios: number[] = [];
    console.log(`${shape.rows} × ${shape.columns}, ${shape.tokens} tokens, one thread; billions of multiply-adds/s`);
    for (let round = 0; round < Number(values.rounds); round++) {
      const before = [kernel.forward(), kernel.quantized()];
      const options = { threads: 1, tokens: 64, repeats: 1 };
      const llama = (await measureLlamaPromptSpeed(model, shapes['1.7B'], options)).multiplyAddsPerSecond;
      // The mean of both sides of the other's turn, so that a load that comes or goes in between counts half.
      const ours = (before[0] + kernel.forward()) / 2;
      const quantized = (before[1] + kernel.quantized()) / 2;
      ratios.push(ours / llama);
      quantizedRatios.push(quantized / llama);
      const transposed = kernel.transposed();
      transposedRatios.push(transposed / ours);
      const [a, b, c, d] = [ours, quantized, llama, transposed].map((speed) => (speed / 1e9).toFixed(1));
      console.log(`round ${round + 1}: Bankai ${a}, quantized ${b}; llama.cpp ${c}; transposed ${d}`);
    }
    console.log(`median: ${median(ratios).toFixed(2)} times as fast as llama.cpp`);
    console.log(`quantized: ${median(quantizedRatios).toFixed(2)} times as fast as llama.cpp`);
    console.log(`transposed: ${median(transposedRatios).toFixed(2)} of the forward product's speed`);
    await kernel.dispose();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
