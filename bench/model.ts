/**
 * Measures whole models of random bits against llama.cpp, by turns with the same threads and tokens: evaluating a prompt
 * (logits of its last token), and decoding one token after another. Activations are quantized in both, to 10 bits here and to
 * 8 there; how fast a prompt is measured without, as in a search, is told too. So is what opening the model costs.
 * Run as `node dist/bench/model.js [--shapes 1.7B,8B] [--threads 1,2] [--tokens 64,256] [--decoded 8] [--rounds 3]`.
 * What counts is the median of the rounds' ratios. The 8B-shaped file takes 1.2 GB of the temporary directory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Engine } from '../src/engine/engine.js';
import { openEngine } from '../src/engine/open.js';
import { openFile } from '../src/gguf/source.js';
import { measureLlamaPromptSpeed } from './peer.js';
import { shapes, writeRandomModel } from './random-model.js';

type ShapeName = keyof typeof shapes;

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1];
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;

function seconds(run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
}

async function openMeasured(path: string, threads: number): Promise<Engine> {
  const file = openFile(path);
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const engine = await openEngine(file, { threads });
  const spent = (performance.now() - start) / 1000;
  const after = process.memoryUsage().rss;
  console.log(`  opened in ${spent.toFixed(1)} s: ${megabytes(after - before)} for a file of ${megabytes(file.size)}`);
  file.close();
  return engine;
}

/** Takes turns with llama.cpp; `ours` returns tokens per second. */
async function compare(
  title: string,
  rounds: number,
  ours: () => number,
  theirs: () => Promise<{ tokensPerSecond: number }>,
): Promise<void> {
  ours(); // until the optimising compiler has taken over
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = ours();
    const { tokensPerSecond } = await theirs();
    // The mean of both sides of the other's turn, so that a load that comes or goes in between counts half.
    const speed = (before + ours()) / 2;
    ratios.push(speed / tokensPerSecond);
    console.log(
      `  ${title}: Bankai ${speed.toFixed(2)} tokens/s, llama.cpp ${tokensPerSecond.toFixed(2)}: ` +
        `${(speed / tokensPerSecond).toFixed(2)} times as fast`,
    );
  }
  console.log(`  ${title}: median ${median(ratios).toFixed(2)} times as fast as llama.cpp`);
}

async function measureModel(path: string, name: ShapeName, threads: number, plan: Plan): Promise<void> {
  console.log(`${name}-shaped, ${threads} thread(s)`);
  const shape = shapes[name];
  const engine = await openMeasured(path, threads);
  // Any tokens do: the time does not depend on which.
  const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7919) % (shape.vocabulary - 1));
  for (const tokens of plan.tokens) {
    const ours = (): number => tokens / seconds(() => engine.lastLogits([ids(tokens)]));
    const theirs = () => measureLlamaPromptSpeed(path, shape, { threads, tokens, repeats: 1 });
    await compare(`prompt of ${tokens} tokens`, plan.rounds, ours, theirs);
    const measured = engine.prepare([{ tokens: ids(tokens), from: tokens - 1 }]);
    const exactly = (): number => tokens / seconds(() => measured.logProbabilities());
    await compare(`${tokens} tokens, not quantized`, plan.rounds, exactly, theirs);
    measured.dispose();
  }
  if (plan.decoded > 0) {
    const tokens = plan.decoded;
    const ours = (): number => tokens / seconds(() => engine.generate([ids(1)], { maximumTokens: tokens }));
    const theirs = () => measureLlamaPromptSpeed(path, shape, { threads, tokens, batchSize: 1, repeats: 1 });
    await compare(`${tokens} tokens one by one`, plan.rounds, ours, theirs);
  }
  await engine.dispose();
}

interface Plan {
  tokens: number[];
  /** Tokens decoded one by one; 0 leaves that out. */
  decoded: number;
  rounds: number;
}

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '1.7B,8B' },
    threads: { type: 'string', default: '1,2' },
    tokens: { type: 'string', default: '64,256' },
    decoded: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
  },
});
const numbers = (list: string): number[] => list.split(',').filter(Boolean).map(Number);
const plan = { tokens: numbers(values.tokens), decoded: Number(values.decoded), rounds: Number(values.rounds) };
const directory = mkdtempSync(join(tmpdir(), 'bankai-model-'));
try {
  for (const name of values.shapes.split(',')) {
    if (!(name in shapes)) throw new Error(`--shapes takes ${Object.keys(shapes).join(', ')}`);
    const path = join(directory, `${name}.gguf`);
    writeRandomModel(path, shapes[name as ShapeName], 1);
    for (const threads of numbers(values.threads)) await measureModel(path, name as ShapeName, threads, plan);
    rmSync(path);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
