/** Owns the fast backend: WebAssembly SIMD kernels over threads that share one memory. */
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { CompatibilityError, InternalError } from '../../errors.js';
import { CONTROL_ADDRESS, CONTROL_BYTES, createThread, dispatch, type KernelName } from './dispatch.js';
import { LANES, type Kernels } from './kernels.js';
import { tilesFor } from './layout.js';
import { createMemory, MAXIMUM_PAGES } from './memory.js';
import type { WorkerStart } from './worker.js';

/** What `npm run kernels` writes, seen from dist/src/engine/kernels. */
const MODULE = new URL('../../../kernels/kernels.wasm', import.meta.url);

/** Rows of a tile done in one go: their sums lie in the second-level cache, between passes over the tables. */
const MOST_ROWS = 4096;

/** The matrix product's scratch: 4 tables of 256 entries, 2 of 16 to build them from, and the sums of the rows. */
const SCRATCH_BYTES = (4 * 256 + 2 * 16 + MOST_ROWS) * LANES * 4;

/** Features of a head that the attention kernels take at a time. */
const HEAD_DIM_UNIT = 16;

/** Rows below which a thread's share of a tile is not worth building the tables again. */
const LEAST_ROWS = 512;

/**
 * Makes the fast backend with `threads` threads, the calling one included, and a memory of its own.
 * A process that forgets to dispose it still ends. Rejects with INTERNAL when a thread does not start.
 */
export async function createWasmKernels({ threads }: { threads: number }): Promise<Kernels> {
  const module = await loadModule();
  const shared = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES, shared: true });
  const workers = await startWorkers(module, shared, threads - 1);
  const memory = createMemory(shared, CONTROL_ADDRESS + CONTROL_BYTES);
  const scratch = memory.allocate(threads * SCRATCH_BYTES);
  const thread = createThread(module, shared, 0);

  const run = (kernel: KernelName, items: number, args: readonly number[], scratchBytes = SCRATCH_BYTES): void => {
    if (scratchBytes <= SCRATCH_BYTES) {
      dispatch(thread, threads, kernel, items, { address: scratch, bytesPerThread: SCRATCH_BYTES }, args);
      return;
    }
    const mark = memory.mark();
    const bytesPerThread = Math.ceil(scratchBytes / 64) * 64;
    try {
      const address = memory.allocate(threads * bytesPerThread);
      dispatch(thread, threads, kernel, items, { address, bytesPerThread }, args);
    } finally {
      memory.release(mark);
    }
  };

  return {
    name: 'wasm',
    threads,
    memory,
    ...bindings(run, threads),
    async dispose() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

async function loadModule(): Promise<WebAssembly.Module> {
  try {
    return new WebAssembly.Module(await readFile(MODULE));
  } catch (cause) {
    throw new InternalError('INTERNAL', `Cannot load the kernels from ${MODULE.pathname}`, {
      cause,
      hint: 'Run "npm run build" in a source checkout, or install Bankai again.',
    });
  }
}

/** Starts helping threads and waits until they can work, so that one that cannot is known before it is counted on. */
async function startWorkers(module: WebAssembly.Module, memory: WebAssembly.Memory, count: number): Promise<Worker[]> {
  const workers: Worker[] = [];
  const ready: Promise<void>[] = [];
  for (let index = 1; index <= count; index++) {
    const start: WorkerStart = { module, memory, index };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: start, execArgv: [] });
    workers.push(worker);
    ready.push(
      new Promise((resolve, reject) => {
        worker.once('message', () => resolve());
        worker.once('exit', (code) => reject(new Error(`Worker thread ${index} ended with exit code ${code}`)));
        // Stays: without a listener, an error of a thread ends the process. Dispatches do without threads that are gone.
        worker.on('error', reject);
      }),
    );
  }
  try {
    await Promise.all(ready);
  } catch (cause) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw new InternalError('INTERNAL', `Cannot start ${count} helping threads for the kernels`, {
      cause,
      hint: 'Run the command with one thread.',
    });
  }
  for (const worker of workers) worker.unref();
  return workers;
}

/** The interface's kernels by what they run: which export, how many items, which arguments in which order. */
function bindings(
  run: (kernel: KernelName, items: number, args: readonly number[], scratchBytes?: number) => void,
  threads: number,
): Omit<Kernels, 'name' | 'threads' | 'memory' | 'dispose'> {
  return {
    regroup({ raw, weights: { bits, scales, rows, columns }, firstRow, rowCount }) {
      run('regroup', rowCount, [raw, bits, scales, rows, columns, firstRow]);
    },
    embed({ tokens, tokenCount, weights: { bits, scales, rows, columns }, out }) {
      run('embed', tilesFor(tokenCount), [tokens, tokenCount, bits, scales, rows, columns, out]);
    },
    rmsNorm({ x, weight, out, features, tiles, epsilon }) {
      run('rmsNorm', 2 * tiles, [x, weight, out, features, epsilon]);
    },
    matmul({ x, weights: { bits, scales, rows, columns }, out, tiles, accumulate }) {
      const parts = partsOfTile(tiles, rows, threads);
      run('matmul', tiles * parts, [x, bits, scales, rows, columns, out, accumulate ? 1 : 0, parts]);
    },
    splitHeads(args) {
      const { projected, tokenCount, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon } = args;
      assertHeadDim(headDim);
      const { positions, cosines, sines, queries, keys, values, firstRow } = args;
      run('splitHeads', Math.ceil(tokenCount / 4), [
        ...[projected, tokenCount, heads, kvHeads, headDim, queryNorm, keyNorm, epsilon],
        ...[positions, cosines, sines, queries, keys, values, firstRow],
      ]);
    },
    attention(args) {
      const { queries, keys, values, pathOffsets, path, longestPath, tokenCount, heads, kvHeads, headDim, out } = args;
      assertHeadDim(headDim);
      run(
        'attention',
        tilesFor(tokenCount) * kvHeads,
        [queries, keys, values, pathOffsets, path, tokenCount, heads, kvHeads, headDim, out],
        (longestPath + 4) * 4,
      );
    },
    swiglu({ gateUp, out, features, tiles }) {
      run('swiglu', tiles, [gateUp, out, features]);
    },
    gather({ x, rows, rowCount, out, features }) {
      run('gather', tilesFor(rowCount), [x, rows, rowCount, out, features]);
    },
    summarizeLogits({ logits, vocabulary, tiles, logSumExp, argmax }) {
      run('summarizeLogits', 2 * tiles, [logits, vocabulary, logSumExp, argmax]);
    },
    divergence({ reference, referenceLogSumExp, logits, logSumExp, vocabulary, tiles, out }) {
      run('divergence', 2 * tiles, [reference, referenceLogSumExp, logits, logSumExp, vocabulary, out]);
    },
  };
}

/** Throws ARCHITECTURE_UNSUPPORTED for heads that are not whole vectors. */
function assertHeadDim(headDim: number): void {
  if (headDim % HEAD_DIM_UNIT === 0) return;
  throw new CompatibilityError(
    'ARCHITECTURE_UNSUPPORTED',
    `Cannot evaluate a model with ${headDim} features a head: the kernels take multiples of ${HEAD_DIM_UNIT}`,
    { data: { headDim }, hint: 'Use a model whose attention.key_length is a multiple of 16, as those of Bonsai are.' },
  );
}

/** Into how many parts a tile's rows are cut: for their sums to fit, and for few tiles to keep all threads busy. */
function partsOfTile(tiles: number, rows: number, threads: number): number {
  const least = Math.ceil(rows / MOST_ROWS);
  if (threads === 1 || tiles >= 4 * threads) return least;
  return Math.max(least, Math.min(Math.ceil((2 * threads) / tiles), Math.floor(rows / LEAST_ROWS)));
}
