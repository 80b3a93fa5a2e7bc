/**
 * Measures how long a patch takes to get into an 8B-shaped model file of 1.15 GB and out again: in process without fsync,
 * and as a checkout with its durable journal. Run as `node dist/bench/apply.js [rounds]`. The file is sparse: the time of
 * a swap depends on the rows it touches, not on what the other bytes are.
 */
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Edit } from '../src/checkout/edit.js';
import { executeCheckout } from '../src/checkout/execute.js';
import { journalFile } from '../src/checkout/journal-file.js';
import { openModelFile } from '../src/checkout/model-file.js';
import { planCheckout } from '../src/checkout/plan.js';
import { swapEdits } from '../src/checkout/swap.js';
import type { Gguf } from '../src/gguf/read.js';
import { emptyMask, type Mask, maskOf } from '../src/patch/mask.js';
import { writeSparseModel } from './sparse-model.js';

const FLIPS = 93;
/** The layers that a published patch of this size is in. */
const LAYERS = [1, 2, 3, 4, 34];

/** Spreads the flips over gate and up rows of the layers. */
function sampleMask(gguf: Gguf): Mask {
  return maskOf(
    Array.from({ length: FLIPS }, (_, i) => {
      const tensor = `blk.${LAYERS[i % LAYERS.length]}.${i % 2 ? 'ffn_up' : 'ffn_gate'}.weight`;
      return { kind: 'row' as const, tensor, row: (i * 7919) % gguf.tensor(tensor).dims[1] };
    }),
  );
}

/** Counts the bytes that are not zero, which they all were, in the parts of the file that hold data. */
function countChanged(path: string, from: number): number {
  const descriptor = openSync(path, 'r');
  const chunk = Buffer.alloc(8 * 2 ** 20);
  let count = 0;
  for (let at = from; at < fstatSync(descriptor).size;) {
    const length = readSync(descriptor, chunk, 0, chunk.length, at);
    const zeros = Buffer.alloc(length);
    if (chunk.compare(zeros, 0, length, 0, length) !== 0) {
      for (let i = 0; i < length; i++) if (chunk[i] !== 0) count++;
    }
    at += length;
  }
  closeSync(descriptor);
  return count;
}

function report(name: string, milliseconds: readonly number[], bar: number): void {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
  const figures = [median, min, max].map((value) => value.toFixed(2));
  console.log(`${name}: median ${figures[0]} ms, min ${figures[1]}, max ${figures[2]} (bar ${bar})`);
}

async function time(action: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

async function measure(directory: string, rounds: number): Promise<void> {
  const path = join(directory, 'model.gguf');
  const gguf = writeSparseModel(path);
  const plan = planCheckout(gguf, emptyMask, sampleMask(gguf));
  const edits: readonly Edit[] = plan.edits;
  const model = openModelFile(path);
  const journal = journalFile(join(directory, 'journal.bin'));
  console.log(`${(model.size / 1e9).toFixed(2)} GB file, ${FLIPS} row flips, ${plan.byteCount} bytes`);

  swapEdits(model, edits);
  const changed = countChanged(path, gguf.dataOffset);
  swapEdits(model, edits);
  const restored = countChanged(path, gguf.dataOffset) === 0;
  console.log(
    `changed bytes: ${changed} (planned ${plan.byteCount}); after the revert: ${restored ? 'as before' : 'CHANGED'}`,
  );

  const inProcess: number[] = [];
  for (let round = 0; round < rounds * 10; round++) {
    inProcess.push(
      await time(() => {
        swapEdits(model, edits);
        swapEdits(model, edits);
      }),
    );
  }
  report('apply + revert in process, no fsync', inProcess, 2);

  const durable: number[] = [];
  for (let round = 0; round < rounds * 2; round++) {
    durable.push(await time(() => executeCheckout({ model, journal }, edits, { round }, async () => undefined)));
  }
  report('checkout with durable journal', durable, 50);
  model.close();
  if (changed !== plan.byteCount || !restored || countChanged(path, gguf.dataOffset) !== 0) {
    throw new Error('the file does not hold what it should');
  }
}

const directory = mkdtempSync(join(tmpdir(), 'bankai-apply-'));
try {
  await measure(directory, Number(process.argv[2] ?? 20));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
