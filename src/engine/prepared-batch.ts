/** Owns the repeated evaluation of one set of sequences under changing weights. */
import type { PreparedBatch, Sequence } from './engine.js';
import { embed, forLogits, type Graph, type LogitChunk, runLayer, tileBytes, tilesOf } from './forward.js';
import { type Address, LANES } from './kernels/kernels.js';
import { ROOT, TokenTree } from './token-tree.js';
import { uploadInts, uploadTokens } from './upload.js';
import { CompatibilityError, InternalError } from '../errors.js';

/** Counts work: see `Engine.tokensEvaluated`. */
export interface WorkCounter {
  tokensEvaluated: number;
}

/** The residual stream before every layer and after the last, with the fingerprints of the weights that made it. */
interface KeptStreams {
  /** streams[stage]: tiles of width; stage 0 is the input of layer 0, stage L (layers) the input of the head. */
  streams: Float32Array[];
  fingerprints: Uint32Array;
}

interface Reference {
  /** Logits of the predicted positions: chunks of tiles as `forLogits` cuts them. */
  chunks: { logits: Float32Array; logSumExp: Float32Array }[];
}

/** Lays out sequences for repeated evaluation. Throws CONTEXT_TOO_LONG, and INTERNAL for a sequence that predicts nothing. */
export function prepareBatch(graph: Graph, sequences: readonly Sequence[], work: WorkCounter): PreparedBatch {
  const { config, kernels, weights } = graph;
  const { memory } = kernels;
  const tree = new TokenTree();
  /** Index among the predicting positions, by sequence and predicted token. */
  const positionsOf = layOut(tree, sequences, config.contextLength);
  const rows = positionsOf.nodes;
  const paths = tree.paths();
  let kept: KeptStreams | undefined;
  let reference: Reference | undefined;

  /** Runs the layers and hands the final residual stream to `visit`. */
  const withStream = (
    onStage: ((stage: number, x: Address) => void) | undefined,
    visit: (x: Address) => void,
  ): void => {
    const mark = memory.mark();
    const count = tree.size;
    const batch = uploadTokens(graph, tree, paths);
    const x = memory.allocate(tileBytes(count, config.width));
    const kvBytes = count * config.kvHeads * config.headDim * 4;
    const keyValues = { keys: memory.allocate(kvBytes), values: memory.allocate(kvBytes) };
    const start = firstStaleStage(kept, weights.fingerprints, config.layers);
    if (kept && start > 0) streamView(x).set(kept.streams[start - 1]);
    else embed(graph, batch, x);
    for (let layer = Math.max(0, start - 1); layer < config.layers; layer++) {
      onStage?.(layer, x);
      runLayer(graph, weights.layers[layer], batch, keyValues, x);
    }
    onStage?.(config.layers, x);
    work.tokensEvaluated += (count * (config.layers - Math.max(0, start - 1))) / config.layers;
    visit(x);
    memory.release(mark);
  };
  const streamView = (x: Address): Float32Array => memory.f32(x, tileBytes(tree.size, config.width) / 4);

  const readLogits = (visit: (chunk: LogitChunk) => void): void =>
    withStream(undefined, (x) => forLogits(graph, x, uploadInts(memory, rows), rows.length, visit));

  return {
    sequences,
    tokenCount: tree.size,

    logProbabilities() {
      const results = emptyResults(sequences, Float32Array);
      readLogits((chunk) => {
        const tiles = tilesOf(chunk.count);
        const logits = memory.f32(chunk.logits, tiles * config.vocabulary * LANES);
        const sums = memory.f32(chunk.logSumExp, tiles * LANES);
        for (const { row, sequence, index } of positionsOf.inRange(chunk.first, chunk.first + chunk.count)) {
          const { tokens, from } = sequences[sequence];
          const local = row - chunk.first;
          const lane = local % LANES;
          const tile = (local - lane) / LANES;
          const logit = logits[(tile * config.vocabulary + tokens[from + index]) * LANES + lane];
          results[sequence][index] = logit - sums[local];
        }
      });
      return results;
    },

    predictions() {
      const results = emptyResults(sequences, Int32Array);
      readLogits((chunk) => {
        const argmax = memory.i32(chunk.argmax, tilesOf(chunk.count) * LANES);
        for (const { row, sequence, index } of positionsOf.inRange(chunk.first, chunk.first + chunk.count)) {
          results[sequence][index] = argmax[row - chunk.first];
        }
      });
      return results;
    },

    keep() {
      const streams = kept?.streams ?? [];
      withStream(
        (stage, x) => {
          const view = streamView(x);
          if (streams[stage]) streams[stage].set(view);
          else streams[stage] = view.slice();
        },
        () => undefined,
      );
      kept = { streams, fingerprints: weights.fingerprints.slice() };
    },

    setReference() {
      const chunks: Reference['chunks'] = [];
      readLogits(({ count, logits, logSumExp }) => {
        const tiles = tilesOf(count);
        chunks.push({
          logits: memory.f32(logits, tiles * config.vocabulary * LANES).slice(),
          logSumExp: memory.f32(logSumExp, tiles * LANES).slice(),
        });
      });
      reference = { chunks };
    },

    divergence() {
      const { chunks } = reference ?? missingReference();
      const results = emptyResults(sequences, Float32Array);
      let next = 0;
      readLogits((chunk) => {
        const { logits, logSumExp } = chunks[next++];
        const mark = memory.mark();
        const referenceLogits = memory.allocate(logits.byteLength);
        memory.f32(referenceLogits, logits.length).set(logits);
        const referenceLogSumExp = memory.allocate(logSumExp.byteLength);
        memory.f32(referenceLogSumExp, logSumExp.length).set(logSumExp);
        const tiles = tilesOf(chunk.count);
        const out = memory.allocate(tiles * LANES * 4);
        kernels.divergence({
          reference: referenceLogits,
          referenceLogSumExp,
          logits: chunk.logits,
          logSumExp: chunk.logSumExp,
          vocabulary: config.vocabulary,
          tiles,
          out,
        });
        const values = memory.f32(out, tiles * LANES);
        for (const { row, sequence, index } of positionsOf.inRange(chunk.first, chunk.first + chunk.count)) {
          results[sequence][index] = values[row - chunk.first];
        }
        memory.release(mark);
      });
      return results;
    },

    dispose() {
      kept = undefined;
      reference = undefined;
    },
  };
}

/**
 * The first stage whose weights differ from those that made the kept streams: 0 embeddings, 1 + L layer L, layers + 1
 * none below the head. The kept stream before layer L is valid when L's stage is the first stale one.
 */
function firstStaleStage(kept: KeptStreams | undefined, now: Uint32Array, layers: number): number {
  if (!kept) return 0;
  for (let stage = 0; stage <= layers; stage++) {
    if (kept.fingerprints[2 * stage] !== now[2 * stage]) return stage;
    if (kept.fingerprints[2 * stage + 1] !== now[2 * stage + 1]) return stage;
  }
  return layers + 1;
}

/** One predicted token: `row` indexes the distinct predicting positions. */
interface PredictedToken {
  row: number;
  sequence: number;
  index: number;
}

interface PredictedTokens {
  /** Node of each distinct predicting position. */
  nodes: number[];
  /** The predicted tokens whose rows lie in [first, end). */
  inRange(first: number, end: number): readonly PredictedToken[];
}

function layOut(tree: TokenTree, sequences: readonly Sequence[], contextLength: number): PredictedTokens {
  const rowOfNode = new Map<number, number>();
  const predicted: PredictedToken[] = [];
  sequences.forEach(({ tokens, from }, sequence) => {
    if (from < 1 || from >= tokens.length) {
      throw new InternalError(
        'INTERNAL',
        `Sequence ${sequence} of ${tokens.length} tokens cannot be predicted from ${from}`,
      );
    }
    if (tokens.length > contextLength) {
      throw new CompatibilityError(
        'CONTEXT_TOO_LONG',
        `A text of ${tokens.length} tokens is longer than the model's context of ${contextLength}`,
        { hint: 'Shorten the prompt or the answer.' },
      );
    }
    let parent = ROOT;
    for (let i = 0; i < tokens.length - 1; i++) {
      parent = tree.child(parent, tokens[i]);
      if (i + 1 < from) continue;
      let row = rowOfNode.get(parent);
      if (row === undefined) rowOfNode.set(parent, (row = rowOfNode.size));
      predicted.push({ row, sequence, index: i + 1 - from });
    }
  });
  predicted.sort((a, b) => a.row - b.row);
  return {
    nodes: [...rowOfNode.keys()],
    inRange(first, end) {
      const begin = predicted.findIndex(({ row }) => row >= first);
      const stop = predicted.findIndex(({ row }) => row >= end);
      return begin < 0 ? [] : predicted.slice(begin, stop < 0 ? undefined : stop);
    },
  };
}

function emptyResults<T>(sequences: readonly Sequence[], type: new (length: number) => T): T[] {
  return sequences.map(({ tokens, from }) => new type(tokens.length - from));
}

function missingReference(): never {
  throw new InternalError('INTERNAL', 'divergence() was asked before setReference()');
}
