/** Owns the repeated evaluation of one set of sequences under changing weights. */
import { InternalError } from '../errors.js';
import type { LogitGradient } from './backward.js';
import type { EffectScope, EffectVisitor, PreparedBatch, RowEffects, Sequence } from './engine.js';
import { forLogits, type Graph, type LogitChunk, tilesOf } from './forward.js';
import { type Kernels, LANES } from './kernels/kernels.js';
import { oneOwner, type OwnerLayout, tellApart } from './owner-layout.js';
import { passBack } from './pass-back.js';
import { layOutSequences } from './sequence-layout.js';
import { createStreamRunner, type WorkCounter } from './stream-runner.js';
import { uploadFloats, uploadInts } from './upload.js';

/** Arguments of the kernels that compare two distributions. */
type PresentAndReference = Omit<Parameters<Kernels['divergence']>[0], 'out'>;

const ALL_ROWS: EffectScope = { unit: 'row' };

interface Reference {
  /** Logits of the predicted positions: chunks of tiles as `forLogits` cuts them. */
  chunks: { logits: Float32Array; logSumExp: Float32Array }[];
}

/** Lays out sequences for repeated evaluation. Throws CONTEXT_TOO_LONG, and INTERNAL for a sequence that predicts nothing. */
export function prepareBatch(graph: Graph, sequences: readonly Sequence[], work: WorkCounter): PreparedBatch {
  const { config, kernels } = graph;
  const { memory } = kernels;
  const layout = layOutSequences(sequences, config.contextLength);
  const { tree, nodes: rows } = layout;
  const runner = createStreamRunner(graph, tree, work);
  let reference: Reference | undefined;

  const readLogits = (visit: (chunk: LogitChunk) => void): void =>
    runner.run((x) => forLogits(graph, x, uploadInts(memory, rows), rows.length, visit));

  const effects = (owners: OwnerLayout, gradient: LogitGradient, scope: EffectScope, visit: EffectVisitor): void =>
    passBack(graph, runner, owners, gradient, { scope, visit }, work);

  const presentOf = ({ count, logits, logSumExp }: LogitChunk) => ({
    logits,
    logSumExp,
    vocabulary: config.vocabulary,
    tiles: tilesOf(count),
  });

  /** Gives each chunk of present logits the reference's, in kernel memory. */
  const withReference = (visit: (chunk: LogitChunk, both: PresentAndReference) => void) => {
    const { chunks } = reference ?? missingReference();
    let next = 0;
    return (chunk: LogitChunk): void => {
      const { logits, logSumExp } = chunks[next++];
      const mark = memory.mark();
      const both = {
        ...presentOf(chunk),
        reference: uploadFloats(memory, logits),
        referenceLogSumExp: uploadFloats(memory, logSumExp),
      };
      visit(chunk, both);
      memory.release(mark);
    };
  };

  return {
    sequences,
    tokenCount: tree.size,

    logProbabilities() {
      const results = emptyResults(sequences, Float32Array);
      readLogits((chunk) => {
        const tiles = tilesOf(chunk.count);
        const logits = memory.f32(chunk.logits, tiles * config.vocabulary * LANES);
        const sums = memory.f32(chunk.logSumExp, tiles * LANES);
        for (const { row, sequence, index } of layout.inRange(chunk.first, chunk.first + chunk.count)) {
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
        for (const { row, sequence, index } of layout.inRange(chunk.first, chunk.first + chunk.count)) {
          results[sequence][index] = argmax[row - chunk.first];
        }
      });
      return results;
    },

    keep: () => runner.runKeeping(() => undefined),

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
      const results = emptyResults(sequences, Float32Array);
      readLogits(
        withReference((chunk, presentAndReference) => {
          const tiles = tilesOf(chunk.count);
          const out = memory.allocate(tiles * LANES * 4);
          kernels.divergence({ ...presentAndReference, out });
          const values = memory.f32(out, tiles * LANES);
          for (const { row, sequence, index } of layout.inRange(chunk.first, chunk.first + chunk.count)) {
            results[sequence][index] = values[row - chunk.first];
          }
        }),
      );
      return results;
    },

    answerEffects(weights, owners) {
      return gathered((visit) => this.visitAnswerEffects(weights, ALL_ROWS, visit, owners));
    },

    divergenceEffects(weight) {
      return gathered((visit) => this.visitDivergenceEffects(weight, ALL_ROWS, visit));
    },

    visitAnswerEffects(weights, scope, visit, owners = sequences.map((_, index) => index)) {
      const apart = tellApart(layout, sequences, owners);
      const gradient: LogitGradient = (chunk) => {
        const targets = new Int32Array(tilesOf(chunk.count) * LANES).fill(-1);
        const perToken = new Float32Array(targets.length);
        apart.targets.slice(chunk.first, chunk.first + chunk.count).forEach(({ token, sequences: askedBy }, i) => {
          targets[i] = token;
          perToken[i] = askedBy.reduce((sum, sequence) => sum + weights[sequence], 0);
        });
        const mark = memory.mark();
        kernels.answerGradient({
          ...presentOf(chunk),
          targets: uploadInts(memory, targets),
          weights: uploadFloats(memory, perToken),
          out: chunk.logits,
        });
        memory.release(mark);
      };
      effects(apart, gradient, scope, visit);
    },

    visitDivergenceEffects(weight, scope, visit) {
      const gradient = withReference((chunk, presentAndReference) => {
        const weights = new Float32Array(tilesOf(chunk.count) * LANES).fill(weight, 0, chunk.count);
        kernels.divergenceGradient({
          ...presentAndReference,
          weights: uploadFloats(memory, weights),
          out: chunk.logits,
        });
      });
      effects(oneOwner(layout), gradient, scope, visit);
    },

    dispose() {
      runner.forget();
      reference = undefined;
    },
  };
}

/** Collects the effects of rows that `run` hands out. */
function gathered(run: (visit: EffectVisitor) => void): RowEffects {
  const byTensor = new Map<string, Float32Array>();
  let count = 0;
  run(({ tensor, owners, values }) => {
    byTensor.set(tensor, values);
    count = owners;
  });
  return { owners: count, byTensor };
}

function emptyResults<T>(sequences: readonly Sequence[], type: new (length: number) => T): T[] {
  return sequences.map(({ tokens, from }) => new type(tokens.length - from));
}

function missingReference(): never {
  throw new InternalError('INTERNAL', 'A divergence was asked before setReference()');
}
