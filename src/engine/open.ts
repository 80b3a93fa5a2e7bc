/** Owns the way from a GGUF to an engine. */
import type { Flip } from '../patch/flip.js';
import { readGguf } from '../gguf/read.js';
import type { ByteSource } from '../gguf/source.js';
import { readConfig } from './config.js';
import type { Engine } from './engine.js';
import type { Graph } from './forward.js';
import { withEffects } from './gain-sums.js';
import { generateGreedily, logitsAfter } from './generate.js';
import { createPlainKernels } from './kernels/plain.js';
import { createWasmKernels } from './kernels/wasm.js';
import { prepareBatch } from './prepared-batch.js';
import type { WorkCounter } from './stream-runner.js';
import { rotaryTables } from './rotary.js';
import { createTokenizer } from './tokenizer.js';
import { loadWeights, scalesOf, toggleFlips } from './weights.js';

export interface EngineOptions {
  /** Threads that compute; the results do not depend on it. Default 1. */
  threads?: number;
  /** Default `wasm`; `plain` is the slow oracle. */
  backend?: 'wasm' | 'plain';
}

/**
 * Loads a Qwen3 model into memory (about 1.25 bits a weight). The source may be closed afterwards.
 * Throws the codes of `readGguf`, `readConfig`, `createTokenizer` and `loadWeights`.
 */
export async function openEngine(source: ByteSource, options: EngineOptions = {}): Promise<Engine> {
  const gguf = readGguf(source);
  const config = readConfig(gguf);
  const tokenizer = createTokenizer(gguf.metadata);
  const { threads = 1, backend = 'wasm' } = options;
  const kernels = backend === 'plain' ? createPlainKernels() : await createWasmKernels({ threads });
  try {
    const weights = loadWeights(kernels, gguf, source, config);
    return createEngine(
      { config, kernels, weights, rotary: rotaryTables(config), multiply: kernels.matmul },
      tokenizer,
    );
  } catch (error) {
    await kernels.dispose();
    throw error;
  }
}

function createEngine(graph: Graph, tokenizer: Engine['tokenizer']): Engine {
  const { config, kernels, weights } = graph;
  const work: WorkCounter = { tokensEvaluated: 0 };
  const answering: Graph = { ...graph, multiply: kernels.matmulQuantized };
  return {
    config,
    tokenizer,
    threads: kernels.threads,
    tensors: [...weights.slots.values()].map(({ name, layer, rows, columns }) => ({ name, layer, rows, columns })),
    get tokensEvaluated() {
      return work.tokensEvaluated;
    },
    scales: (tensor, invertedBit) => scalesOf(kernels, weights, tensor, invertedBit),
    toggle: (flips: Iterable<Flip>) => toggleFlips(kernels, weights, flips),
    prepare: (sequences) => prepareBatch(graph, sequences, work),
    withEffects: (...asked) => withEffects(kernels, ...asked),
    generate: (prompts, options) => generateGreedily(answering, tokenizer.endOfText, prompts, options, work),
    lastLogits: (prompts) => logitsAfter(answering, prompts, work),
    dispose: () => kernels.dispose(),
  };
}
