/** The engine's public face: a Qwen3 model in memory that can be flipped, scored and asked. */
import type { Flip } from '../patch/flip.js';
import type { Tokenizer } from './tokenizer.js';
import type { ModelConfig } from './config.js';

/** Token ids of one text. */
export type TokenIds = readonly number[];

/** A text whose tokens from index `from` (≥ 1) on are predicted under teacher forcing. */
export interface Sequence {
  tokens: TokenIds;
  from: number;
}

/** A one-bit matrix that can be flipped. */
export interface PatchableTensor {
  /** GGUF name, e.g. `blk.1.ffn_up.weight`. */
  name: string;
  /** Index of the layer, or undefined for embeddings and head. */
  layer: number | undefined;
  rows: number;
  columns: number;
}

/**
 * Sequences laid out once as a prefix tree, to be evaluated many times: a prefix that several sequences share is
 * computed once. What a flip in layer L cannot have changed (the layers below) is taken from the last evaluation that
 * was kept, when the weights it saw are still those in memory.
 */
export interface PreparedBatch {
  readonly sequences: readonly Sequence[];
  /** Distinct tokens evaluated in a full run. */
  readonly tokenCount: number;
  /** log p (nats) of every predicted token, by sequence: result[s][i] belongs to sequences[s].tokens[from + i]. */
  logProbabilities(): Float32Array[];
  /** The likeliest token at every predicted position, in the same arrangement. */
  predictions(): Int32Array[];
  /** Keeps the layer inputs of the present weights, so that later runs start at the lowest layer flipped since. */
  keep(): void;
  /** Makes the present model's distributions the reference of `divergence`. */
  setReference(): void;
  /** KL(reference ‖ present) in nats at every predicted position. */
  divergence(): Float32Array[];
  /**
   * First-order effects of inverting each row, alone, on Σ over sequences of weights[s] · log p(its predicted tokens).
   * owners[s], never decreasing, says whose share sequence s adds to; every sequence is its own unless given.
   */
  answerEffects(weights: ArrayLike<number>, owners?: readonly number[]): RowEffects;
  /** The same for −weight · Σ over positions of KL(reference ‖ present), with one owner. */
  divergenceEffects(weight: number): RowEffects;
  /** Hands out what `answerEffects` would hold, of what is in scope, from the last layer to the first. */
  visitAnswerEffects(
    weights: ArrayLike<number>,
    scope: EffectScope,
    visit: EffectVisitor,
    owners?: readonly number[],
  ): void;
  /** The same for `divergenceEffects`. */
  visitDivergenceEffects(weight: number, scope: EffectScope, visit: EffectVisitor): void;
  dispose(): void;
}

/** Effects of rows by tensor name: (owners, rows) each. */
export interface RowEffects {
  readonly owners: number;
  readonly byTensor: ReadonlyMap<string, Float32Array>;
}

/** What is inverted alone: all signs of a row, or those of 128 columns of it. */
export type EffectUnit = 'row' | 'group';

/** Which effects are asked for: what is left out is not computed. */
export interface EffectScope {
  readonly unit: EffectUnit;
  /** Whether those of a layer's tensor are, by GGUF name; all unless given. */
  readonly includes?: (tensor: string) => boolean;
}

/** What each of some changes, a row for each, does to what is measured of every owner. */
export interface EffectTable {
  readonly owners: number;
  readonly rows: number;
  /** (owners, rows) */
  readonly values: Float32Array;
}

/** The first-order effects of one tensor's rows, or of one group of each of its rows. */
export interface UnitEffects extends EffectTable {
  readonly tensor: string;
  /** The group within the row; undefined where rows are the unit. */
  readonly group: number | undefined;
}

/**
 * What each owner adds to a gain, which is their mean, when what is measured of it changes: piecewise linear, by owner.
 *
 *     e · (rise where e > 0, else fall) − price · (max(0, −lead − e) − max(0, −lead))
 *
 * So what is right may have nothing to gain, and much to lose as soon as it has lost its lead.
 */
export interface GainResponse {
  /** Per nat that is measured more, or less. */
  readonly rise: Float64Array;
  readonly fall: Float64Array;
  /** Nats above the point from which on losses cost more; less than 0 below it. */
  readonly lead: Float64Array;
  /** What a nat below that point costs on top. */
  readonly price: Float64Array;
}

/** What changes would add to the gain, by row. */
export interface GainSummary {
  readonly mean: Float64Array;
  readonly standardError: Float64Array;
}

/**
 * Sums up over the owners what they add to the gain. The error is that of a stratified
 * sample (Cochran, Sampling Techniques, 1977, section 5.3): every stratum, given as indices of owners, is a sample of its
 * own, and only the spread within strata is chance. A row that helps one of two skills throughout is not held to be luck
 * because the other feels nothing of it. A single owner says nothing of how its stratum varies: its whole effect may be
 * chance. What losses cost on top is no sample of anything: these very owners are to be kept, and it counts as it is.
 */
export type SumUp = (response: GainResponse, strata: readonly (readonly number[])[]) => GainSummary;

/** Receives effects as they are computed, so that nobody has to hold those of a whole model. */
export type EffectVisitor = (effects: UnitEffects) => void;

export interface GenerateOptions {
  /** At most this many tokens per prompt. */
  maximumTokens: number;
  /** Asked after every token; true ends this prompt's answer (the token that ended it is kept). */
  stop?: (generated: TokenIds) => boolean;
}

export interface Engine {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  readonly threads: number;
  readonly tensors: readonly PatchableTensor[];
  /**
   * Tokens pushed through the model so far: a unit of work. A token that skips half of the layers counts as half. One taken
   * back counts by the multiplications with the layers' matrices that it takes: up to three for the one of a token forward.
   */
  readonly tokensEvaluated: number;
  /**
   * The scales of a tensor, as they are at present or would be with a bit (0 … 15) of each inverted: (groups of a row,
   * rows). Throws TENSOR_UNKNOWN.
   */
  scales(tensor: string, invertedBit?: number): Float32Array;
  /** Inverts the flips' bits in memory; doing it twice restores them exactly. Throws TENSOR_UNKNOWN, ROW_OUT_OF_RANGE. */
  toggle(flips: Iterable<Flip>): void;
  prepare(sequences: readonly Sequence[]): PreparedBatch;
  /** Lends out sums over effects for as long as `use` runs, those of each row `parts` (rows) times as large where these are given. */
  withEffects<T>(effects: EffectTable, use: (sumUp: SumUp) => T, parts?: Float32Array): T;
  /**
   * Greedy continuations of many prompts at once, without the prompts. Ends at the end-of-text token (not included).
   * Here and in `lastLogits` activations are quantized to 10 bits (see `Kernels.matmulQuantized`; llama.cpp: 8 bits), for
   * half again the speed. What `prepare` measures takes them as they are.
   */
  generate(prompts: readonly TokenIds[], options: GenerateOptions): number[][];
  /** Logits (vocabulary) after the last token of each prompt. */
  lastLogits(prompts: readonly TokenIds[]): Float32Array[];
  dispose(): Promise<void>;
}
