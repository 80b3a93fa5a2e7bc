/** Owns the fast backend: WebAssembly SIMD kernels over threads that share one memory. */
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { InternalError } from '../../errors.js';
import { bindKernels, SCRATCH_BYTES, type Run } from './bindings.js';
import { CONTROL_ADDRESS, CONTROL_BYTES, createThread, dispatch } from './dispatch.js';
import type { Kernels } from './kernels.js';
import { createMemory, MAXIMUM_PAGES } from './memory.js';
import type { WorkerStart } from './worker.js';

/** What `npm run kernels` writes, seen from dist/src/engine/kernels. */
const MODULE = new URL('../../../kernels/kernels.wasm', import.meta.url);

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

  const run: Run = (kernel, items, args, scratchBytes = SCRATCH_BYTES) => {
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
    ...bindKernels(run, threads),
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
