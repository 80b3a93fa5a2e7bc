/**
 * A stand-in for the engine, small enough to compute by hand: bytes are tokens, a context's logits come from a hash, and
 * every flipped row adds what the test planted for it.
 */
import type {
  EffectScope,
  EffectVisitor,
  Engine,
  PreparedBatch,
  RowEffects,
  Sequence,
  TokenIds,
} from '../../src/engine/engine.js';
import { withEffects } from '../../src/engine/gain-sums.js';
import { createPlainKernels } from '../../src/engine/kernels/plain.js';
import type { Tokenizer } from '../../src/engine/tokenizer.js';
import type { Flip } from '../../src/patch/flip.js';
import type { Probe } from '../../src/search/probes.js';

const kernels = createPlainKernels();

const VOCABULARY = 128;
const LAYERS = 3;
const ROWS = 8;

/** What a flipped row adds to the logit of a token after a context, given as text. */
export type RowEffect = (context: string, token: string) => number;

/** What follows a context: (vocabulary) each. */
interface Prediction {
  readonly logits: Float32Array;
  readonly logProbabilities: Float32Array;
}

export interface SmallEngine extends Engine {
  /** The rows flipped at present, as `tensor:row`. */
  readonly flipped: ReadonlySet<string>;
  /** Prepared batches not disposed of. */
  openBatches(): number;
}

export const asciiTokenizer: Tokenizer = {
  vocabulary: VOCABULARY,
  endOfText: 0,
  encode: (text) => [...Buffer.from(text, 'ascii')],
  decode: (ids) => Buffer.from(ids).toString('ascii'),
};

/** Rows by the key `tensor:row`. `base` is what the model does unflipped, beyond the hash's noise. */
export function smallEngine(effects: Record<string, RowEffect> = {}, base?: RowEffect): SmallEngine {
  const flipped = new Set<string>();
  let open = 0;
  let tokensEvaluated = 0;
  const names = ['ffn_gate', 'ffn_up'].flatMap((kind) =>
    Array.from({ length: LAYERS }, (_, layer) => `blk.${layer}.${kind}.weight`),
  );

  /** By the context and what is flipped that has an effect, anything where there is a base: most is asked for again and again. */
  const known = new Map<string, Prediction>();

  function predict(context: TokenIds): Prediction {
    const text = asciiTokenizer.decode(context);
    const keys = [...flipped].filter((key) => base || key in effects).sort();
    const place = `${keys.join(' ')} ${text}`;
    let result = known.get(place);
    if (!result) {
      const active = [...(base ? [base] : []), ...keys.flatMap((key) => effects[key] ?? [])];
      const logits = Float32Array.from({ length: VOCABULARY }, (_, token) => {
        const letter = String.fromCharCode(token);
        return active.reduce((sum, effect) => sum + effect(text, letter), noise(text, token));
      });
      result = { logits, logProbabilities: logSoftmax(logits) };
      known.set(place, result);
    }
    return result;
  }

  /** Effects of rows on some values, found by really flipping each: (values, rows) by tensor. */
  function effectsOn(values: () => number[]) {
    const before = values();
    const byTensor = new Map<string, Float32Array>();
    for (const tensor of names) {
      const changes = Array.from({ length: ROWS }, (_, row) => {
        toggle([{ kind: 'row', tensor, row }]);
        const after = values();
        toggle([{ kind: 'row', tensor, row }]);
        return after.map((value, i) => value - before[i]);
      });
      byTensor.set(tensor, Float32Array.from(before.flatMap((_, i) => changes.map((change) => change[i]))));
    }
    return { owners: before.length, byTensor };
  }

  /** Adds up the values of each owner. */
  const shares = (values: number[], owners: readonly number[] = values.map((_, i) => i)): number[] =>
    values.reduce<number[]>((sums, value, i) => {
      sums[owners[i]] = (sums[owners[i]] ?? 0) + value;
      return sums;
    }, []);

  /** Hands effects out as an engine does. Its rows have one group each. */
  function handOut(
    { owners, byTensor }: RowEffects,
    { unit, includes = () => true }: EffectScope,
    visit: EffectVisitor,
  ): void {
    for (const [tensor, values] of byTensor) {
      if (!includes(tensor)) continue;
      visit({ tensor, group: unit === 'group' ? 0 : undefined, owners, rows: ROWS, values });
    }
  }

  function toggle(flips: Iterable<Flip>): void {
    for (const flip of flips) {
      const key = `${flip.tensor}:${flip.row}`;
      if (!flipped.delete(key)) flipped.add(key);
    }
  }

  function prepare(sequences: readonly Sequence[]): PreparedBatch {
    open++;
    let disposed = false;
    const tokenCount = sequences.reduce((count, { tokens }) => count + tokens.length, 0);
    const positions = () => {
      if (disposed) throw new Error('A batch was evaluated after it was disposed of');
      tokensEvaluated += tokenCount;
      return sequences.map(({ tokens, from }) =>
        Array.from({ length: tokens.length - from }, (_, i) => predict(tokens.slice(0, from + i)).logProbabilities),
      );
    };
    let reference = positions();
    const likelihoods = (): number[] =>
      positions().map((rows, s) => {
        const { tokens, from } = sequences[s];
        return rows.reduce((sum, row, i) => sum + row[tokens[from + i]], 0);
      });
    const divergences = () =>
      positions().map((rows, s) =>
        Float32Array.from(rows, (row, i) =>
          row.reduce((sum, log, token) => {
            const other = reference[s][i][token];
            return sum + Math.exp(other) * (other - log);
          }, 0),
        ),
      );
    const batch: PreparedBatch = {
      sequences,
      tokenCount,
      logProbabilities: () =>
        positions().map((rows, s) =>
          Float32Array.from(rows, (row, i) => row[sequences[s].tokens[sequences[s].from + i]]),
        ),
      predictions: () => positions().map((rows) => Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)))),
      keep() {},
      setReference() {
        reference = positions();
      },
      divergence: divergences,
      answerEffects: (weights, owners) =>
        effectsOn(() =>
          shares(
            likelihoods().map((value, s) => value * weights[s]),
            owners,
          ),
        ),
      divergenceEffects: (weight) =>
        effectsOn(() => [-weight * divergences().reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0)]),
      visitAnswerEffects: (weights, scope, visit, owners) =>
        handOut(batch.answerEffects(weights, owners), scope, visit),
      visitDivergenceEffects: (weight, scope, visit) => handOut(batch.divergenceEffects(weight), scope, visit),
      dispose() {
        disposed = true;
        open--;
      },
    };
    return batch;
  }

  return {
    config: {
      layers: LAYERS,
      width: 128,
      mlp: ROWS,
      heads: 1,
      kvHeads: 1,
      headDim: 128,
      vocabulary: VOCABULARY,
      contextLength: 256,
      epsilon: 1e-6,
      ropeBase: 1e6,
    },
    tokenizer: asciiTokenizer,
    threads: 1,
    tensors: names.map((name) => ({ name, layer: Number(name.split('.')[1]), rows: ROWS, columns: 128 })),
    get tokensEvaluated() {
      return tokensEvaluated;
    },
    flipped,
    openBatches: () => open,
    scales: () => Float32Array.from({ length: ROWS }, (_, row) => row),
    toggle,
    prepare,
    withEffects: (...asked) => withEffects(kernels, ...asked),
    generate: (prompts, { maximumTokens, stop }) =>
      prompts.map((prompt) => {
        const generated: number[] = [];
        while (generated.length < maximumTokens && !stop?.(generated)) {
          const row = predict([...prompt, ...generated]).logits;
          const token = row.indexOf(Math.max(...row));
          if (token === asciiTokenizer.endOfText) break;
          generated.push(token);
        }
        return generated;
      }),
    lastLogits: (prompts) => prompts.map((prompt) => predict(prompt).logits),
    dispose: () => Promise.resolve(),
  };
}

/** An effect that makes texts likelier (or, with a negative strength, less likely) wherever a context begins one. */
export function favouring(texts: readonly string[], strength: number): RowEffect {
  return (context, token) => (texts.some((text) => text.startsWith(context + token)) ? strength : 0);
}

/** `count` probes whose answers are one letter and the end of the line. */
export function letterProbes(count: number): Probe[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `letter ${index}`,
    category: index % 2 === 0 ? 'even' : 'odd',
    prompt: `q${index}:`,
    correct: String.fromCharCode(65 + (index % 26)),
    wrong: String.fromCharCode(97 + (index % 26)),
  }));
}

/** −1 … 1, the same for the same context and token. */
function noise(context: string, token: number): number {
  let hash = token + 1;
  for (let i = 0; i < context.length; i++) hash = Math.imul(hash ^ context.charCodeAt(i), 0x01000193) ^ (hash >>> 15);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 31 - 1;
}

function logSoftmax(row: Float32Array): Float32Array {
  const top = Math.max(...row);
  const logSum = top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
  return row.map((value) => value - logSum);
}
