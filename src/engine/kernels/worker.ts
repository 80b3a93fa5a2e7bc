/** Owns nothing: the entry point of a helping thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { createThread, serve } from './dispatch.js';

/** What a helping thread is started with. */
export interface WorkerStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  index: number;
}

const { module, memory, index } = workerData as WorkerStart;
const thread = createThread(module, memory, index);
parentPort?.postMessage('ready');
serve(thread);
