/** Owns the speed of llama.cpp on this machine: how fast it reads a prompt with a model of random bits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { openReferee } from '../test/referee/llama.js';
import { type ModelShape, multiplyAdds, shapes, writeRandomModel } from './random-model.js';

export interface PeerOptions {
  threads: number;
  /** Tokens of the prompt. */
  tokens: number;
  /** Tokens evaluated at once; the whole prompt when absent. */
  batchSize?: number;
  /** The prompt is read once to warm up and this many times to measure. */
  repeats: number;
}

export interface PeerSpeed {
  /** Median over the repeats. */
  readonly tokensPerSecond: number;
  /** Of the products with one-bit matrices, the head counted for the last token only, as llama.cpp computes it. */
  readonly multiplyAddsPerSecond: number;
  readonly multiplyAddsPerSecondPerThread: number;
  /** Fastest and slowest repeat, in tokens per second. */
  readonly range: readonly [slowest: number, fastest: number];
}

/** Measures how fast llama.cpp evaluates a prompt of a model with the given shape. */
export async function measureLlamaPromptSpeed(
  modelPath: string,
  shape: ModelShape,
  { threads, tokens, batchSize = tokens, repeats }: PeerOptions,
): Promise<PeerSpeed> {
  const referee = await openReferee(modelPath, { threads, contextLength: tokens, batchSize });
  // Any tokens do: the time does not depend on which.
  const ids = Array.from({ length: tokens }, (_, i) => (i * 7919) % (shape.vocabulary - 1));
  try {
    const speeds: number[] = [];
    for (let repeat = -1; repeat < repeats; repeat++) {
      const start = performance.now();
      await referee.evaluatePrompt(ids, batchSize);
      if (repeat >= 0) speeds.push((tokens * 1000) / (performance.now() - start));
    }
    speeds.sort((a, b) => a - b);
    const tokensPerSecond = speeds[speeds.length >> 1];
    const work = multiplyAdds(shape);
    const heads = Math.ceil(tokens / batchSize);
    const multiplyAddsPerSecond = tokensPerSecond * (work.body + (work.head * heads) / tokens);
    return {
      tokensPerSecond,
      multiplyAddsPerSecond,
      multiplyAddsPerSecondPerThread: multiplyAddsPerSecond / threads,
      range: [speeds[0], speeds[speeds.length - 1]],
    };
  } finally {
    await referee.dispose();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      shape: { type: 'string', default: '1.7B' },
      threads: { type: 'string', default: '1' },
      tokens: { type: 'string', default: '128' },
      repeats: { type: 'string', default: '3' },
    },
  });
  const shape = shapes[values.shape as keyof typeof shapes];
  if (!shape) throw new Error(`--shape must be one of ${Object.keys(shapes).join(', ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'bankai-peer-'));
  try {
    const path = join(directory, 'random.gguf');
    writeRandomModel(path, shape, 1);
    const options = { threads: Number(values.threads), tokens: Number(values.tokens), repeats: Number(values.repeats) };
    const speed = await measureLlamaPromptSpeed(path, shape, options);
    console.log(`llama.cpp, ${values.shape}-shaped, ${options.threads} thread(s), prompt of ${options.tokens} tokens:`);
    console.log(`${speed.tokensPerSecond.toFixed(1)} tokens/s (${speed.range.map((x) => x.toFixed(1)).join(' to ')})`);
    console.log(`${(speed.multiplyAddsPerSecondPerThread / 1e9).toFixed(1)} billion multiply-adds/s per thread`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
