/** Owns the way of one batch through the layers, and what need not be computed again because no weight below changed. */
import { embed, type Graph, runLayer, tileBytes, type Tokens } from './forward.js';
import type { Address } from './kernels/kernels.js';
import type { TokenTree } from './token-tree.js';
import { uploadTokens } from './upload.js';

/** Counts work: see `Engine.tokensEvaluated`. */
export interface WorkCounter {
  tokensEvaluated: number;
}

/** Runs one batch, again and again. Addresses are valid within the visit only. */
export interface StreamRunner {
  /** Runs the layers and hands over the final residual stream x: tiles of width. */
  run(visit: (x: Address, batch: Tokens) => void): void;
  /**
   * The same, and keeps the residual stream at every stage: streams[L] before layer L, the last one after all layers.
   * Later runs start at the lowest layer whose weights have changed since.
   */
  runKeeping(visit: (x: Address, batch: Tokens, streams: readonly Float32Array[]) => void): void;
  forget(): void;
}

/** Lays a tree out for running. */
export function createStreamRunner(graph: Graph, tree: TokenTree, work: WorkCounter): StreamRunner {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const paths = tree.paths();
  const count = tree.size;
  let kept: { streams: Float32Array[]; fingerprints: Uint32Array } | undefined;

  const streamView = (x: Address): Float32Array => memory.f32(x, tileBytes(count, config.width) / 4);

  const runFrom = (onStage: (stage: number, x: Address) => void, visit: (x: Address, batch: Tokens) => void): void => {
    const mark = memory.mark();
    const batch = uploadTokens(graph, tree, paths);
    const x = memory.allocate(tileBytes(count, config.width));
    const rowBytes = count * config.kvHeads * config.headDim * 4;
    const rows = { keys: memory.allocate(rowBytes), values: memory.allocate(rowBytes) };
    const first = kept ? firstStaleLayer(kept.fingerprints, weights.fingerprints, config.layers) : undefined;
    if (kept && first !== undefined) streamView(x).set(kept.streams[first]);
    else embed(graph, batch, x);
    for (let layer = first ?? 0; layer < config.layers; layer++) {
      onStage(layer, x);
      runLayer(graph, weights.layers[layer], batch, rows, x);
    }
    onStage(config.layers, x);
    work.tokensEvaluated += (count * (config.layers - (first ?? 0))) / config.layers;
    visit(x, batch);
    memory.release(mark);
  };

  return {
    run: (visit) => runFrom(() => undefined, visit),
    runKeeping(visit) {
      const streams = kept?.streams ?? [];
      const onStage = (stage: number, x: Address): void => {
        if (streams[stage]) streams[stage].set(streamView(x));
        else streams[stage] = streamView(x).slice();
      };
      runFrom(onStage, (x, batch) => {
        kept = { streams, fingerprints: weights.fingerprints.slice() };
        visit(x, batch, streams);
      });
    },
    forget() {
      kept = undefined;
    },
  };
}

/**
 * The lowest layer whose weights differ from those of the kept streams, `layers` when none does; undefined when the
 * embeddings do. Stage 0 of the fingerprints is the embeddings, stage 1 + L layer L.
 */
function firstStaleLayer(kept: Uint32Array, now: Uint32Array, layers: number): number | undefined {
  for (let stage = 0; stage <= layers; stage++) {
    const same = kept[2 * stage] === now[2 * stage] && kept[2 * stage + 1] === now[2 * stage + 1];
    if (!same) return stage === 0 ? undefined : stage - 1;
  }
  return layers;
}
