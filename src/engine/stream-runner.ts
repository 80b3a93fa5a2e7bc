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
  /**
   * Runs the layers and hands over the final residual stream x: tiles of width. Starts at the lowest layer whose weights are
   * not those of the streams that were kept.
   */
  run(visit: (x: Address, batch: Tokens) => void): void;
  /**
   * The same, and keeps the residual stream at every stage: streams[L] before layer L, the last one after all layers. Right after
   * a run of the same weights there is nothing to compute, where several layers had changed: a search that flips many at once
   * keeps what it just tried, one that flips a few tries many times before it does.
   */
  runKeeping(visit: (x: Address, batch: Tokens, streams: readonly Float32Array[]) => void): void;
  forget(): void;
}

/** The residual stream before each layer and after all, and the fingerprints of the weights that made it. */
interface Streams {
  readonly byStage: Float32Array[];
  readonly fingerprints: Uint32Array;
}

/** Lays a tree out for running. */
export function createStreamRunner(graph: Graph, tree: TokenTree, work: WorkCounter): StreamRunner {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const paths = tree.paths();
  const count = tree.size;
  let kept: Streams | undefined;
  /** What the last run went through, while it may yet be kept. */
  let last: Streams | undefined;

  const streamView = (x: Address): Float32Array => memory.f32(x, tileBytes(count, config.width) / 4);
  const staleSince = (streams: Streams): number[] => staleStages(streams.fingerprints, weights.fingerprints);

  /** Goes through the stages from the lowest whose kept stream is not stale. */
  const runFrom = (
    stale: readonly number[] | undefined,
    onStage: (stage: number, x: Address) => void,
    visit: (x: Address, batch: Tokens) => void,
  ): void => {
    const mark = memory.mark();
    const batch = uploadTokens(graph, tree, paths);
    const x = memory.allocate(tileBytes(count, config.width));
    const rowBytes = count * config.kvHeads * config.headDim * 4;
    const rows = { keys: memory.allocate(rowBytes), values: memory.allocate(rowBytes) };
    const from = stale && firstLayer(stale, config.layers);
    if (kept && from !== undefined) streamView(x).set(kept.byStage[from]);
    else embed(graph, batch, x);
    for (let layer = from ?? 0; layer < config.layers; layer++) {
      onStage(layer, x);
      runLayer(graph, weights.layers[layer], batch, rows, x);
    }
    onStage(config.layers, x);
    work.tokensEvaluated += (count * (config.layers - (from ?? 0))) / config.layers;
    visit(x, batch);
    memory.release(mark);
  };

  return {
    run(visit) {
      const stale = kept && staleSince(kept);
      last = undefined;
      if (!kept || !stale || stale.length < 2) {
        runFrom(stale, () => undefined, visit);
        return;
      }
      const byStage = [...kept.byStage];
      runFrom(stale, (stage, x) => (byStage[stage] = streamView(x).slice()), visit);
      last = { byStage, fingerprints: weights.fingerprints.slice() };
    },
    runKeeping(visit) {
      if (last && staleSince(last).length === 0) kept = last;
      last = undefined;
      const stale = kept && staleSince(kept);
      const byStage = kept?.byStage ?? [];
      const onStage = (stage: number, x: Address): void => {
        if (byStage[stage]) byStage[stage].set(streamView(x));
        else byStage[stage] = streamView(x).slice();
      };
      runFrom(stale, onStage, (x, batch) => {
        kept = { byStage, fingerprints: weights.fingerprints.slice() };
        visit(x, batch, byStage);
      });
    },
    forget() {
      kept = undefined;
      last = undefined;
    },
  };
}

/** The stages whose weights have changed, ascending: stage 0 is the embeddings, stage 1 + L layer L. */
function staleStages(kept: Uint32Array, now: Uint32Array): number[] {
  const stages = Array.from({ length: now.length / 2 }, (_, stage) => stage);
  return stages.filter((stage) => kept[2 * stage] !== now[2 * stage] || kept[2 * stage + 1] !== now[2 * stage + 1]);
}

/** The layer to start at: `layers` when no weight has changed, undefined when the embeddings have. */
function firstLayer([stage]: readonly number[], layers: number): number | undefined {
  if (stage === undefined) return layers;
  return stage === 0 ? undefined : stage - 1;
}
