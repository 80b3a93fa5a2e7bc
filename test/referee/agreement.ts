/** Owns the comparison of an engine with llama.cpp, prompt by prompt, and what is counted in it. */
import type { Engine } from '../../src/engine/engine.js';
import { answerStop, firstLine } from '../../src/search/answers.js';
import type { Referee } from './llama.js';

/** Probability from which on a token's log-probability is compared. */
const COMPARED = 1e-3;
/** Greedy text is compared up to the end of the line, but no further than so many tokens. */
export const TEXT_TOKENS = 20;

/** Margins up to this are ties: llama.cpp rounds activations to 8 bits, and may prefer the other token. */
export const TIE = 0.1;

/** What the two make of one prompt. */
export interface Comparison {
  readonly prompt: string;
  readonly sameIds: boolean;
  readonly sameTop: boolean;
  /** log p of our likeliest next token less that of the second: what decides whether `sameTop` means anything. */
  readonly topMargin: number;
  /** |ours − theirs| of the log p of every next token that either gives at least 1e-3. */
  readonly differences: readonly number[];
  /** How far either is from the log p of these tokens when activations are not rounded. */
  readonly ourErrors: readonly number[];
  readonly theirErrors: readonly number[];
  /** First lines of the greedy answers. */
  readonly texts: readonly [ours: string, theirs: string];
  /** Our margin where the answers part; undefined while they are the same. */
  readonly partingMargin: number | undefined;
}

/** Compares engine and referee, which must hold the same weights, on every prompt. */
export async function compareWithReferee(
  engine: Engine,
  referee: Referee,
  prompts: readonly string[],
): Promise<Comparison[]> {
  const { tokenizer } = engine;
  const ids = prompts.map((prompt) => tokenizer.encode(prompt));
  const distributions = engine.lastLogits(ids).map(logSoftmax);
  const answers = engine.generate(ids, { maximumTokens: TEXT_TOKENS, stop: answerStop(tokenizer) });
  const comparisons: Comparison[] = [];
  for (const [i, prompt] of prompts.entries()) {
    const [ours, theirs] = [distributions[i], await referee.nextLogProbabilities(prompt)];
    const theirAnswer = await generateAlongside(referee, prompt, answers[i]);
    const compared = [...ours.keys()].filter((token) => Math.max(ours[token], theirs[token]) > Math.log(COMPARED));
    const exact = exactLogProbabilities(engine, ids[i], compared);
    const texts = [answers[i], theirAnswer].map((answer) => firstLine(tokenizer.decode(answer))) as [string, string];
    comparisons.push({
      prompt,
      sameIds: JSON.stringify(ids[i]) === JSON.stringify(referee.tokenize(prompt)),
      sameTop: likeliest(ours) === likeliest(theirs),
      topMargin: marginOf(ours),
      differences: compared.map((token) => Math.abs(ours[token] - theirs[token])),
      ourErrors: compared.map((token, k) => Math.abs(ours[token] - exact[k])),
      theirErrors: compared.map((token, k) => Math.abs(theirs[token] - exact[k])),
      texts,
      partingMargin: texts[0] === texts[1] ? undefined : partingMargin(engine, ids[i], answers[i], theirAnswer),
    });
  }
  return comparisons;
}

/** What comparisons come to. */
export interface Agreement {
  readonly prompts: number;
  readonly sameIds: number;
  readonly sameTop: number;
  /** Our largest margin where the likeliest token differs; 0 when it never does. */
  readonly largestTopMargin: number;
  readonly meanDifference: number;
  readonly maximumDifference: number;
  /** Means of the distances from what activations give that are not rounded. */
  readonly meanErrors: readonly [ours: number, theirs: number];
  readonly sameTexts: number;
  /** Our largest margin where texts part; 0 when they never do. */
  readonly largestPartingMargin: number;
}

/** Sums comparisons up. */
export function summarizeAgreement(comparisons: readonly Comparison[]): Agreement {
  const differences = comparisons.flatMap((comparison) => comparison.differences);
  const count = (is: (comparison: Comparison) => boolean): number => comparisons.filter(is).length;
  return {
    prompts: comparisons.length,
    sameIds: count(({ sameIds }) => sameIds),
    sameTop: count(({ sameTop }) => sameTop),
    largestTopMargin: Math.max(0, ...comparisons.map(({ sameTop, topMargin }) => (sameTop ? 0 : topMargin))),
    meanDifference: mean(differences),
    maximumDifference: Math.max(...differences),
    meanErrors: [
      mean(comparisons.flatMap(({ ourErrors }) => ourErrors)),
      mean(comparisons.flatMap(({ theirErrors }) => theirErrors)),
    ],
    sameTexts: count(({ texts }) => texts[0] === texts[1]),
    largestPartingMargin: Math.max(0, ...comparisons.map(({ partingMargin: margin }) => margin ?? 0)),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** log p of each of these tokens after a prompt, in float32 throughout. */
function exactLogProbabilities(engine: Engine, prompt: readonly number[], tokens: readonly number[]): number[] {
  const batch = engine.prepare(tokens.map((token) => ({ tokens: [...prompt, token], from: prompt.length })));
  const result = batch.logProbabilities().map(([value]) => value);
  batch.dispose();
  return result;
}

/** The referee's answer, generated no further than it takes to see that it is ours. */
async function generateAlongside(referee: Referee, prompt: string, ours: readonly number[]): Promise<number[]> {
  const theirs = await referee.generate(prompt, Math.min(TEXT_TOKENS, ours.length + 1));
  return ours.every((token, i) => token === theirs[i]) ? theirs : referee.generate(prompt, TEXT_TOKENS);
}

/** Our margin between the likeliest and the second likeliest token where two answers to a prompt part. */
function partingMargin(engine: Engine, prompt: number[], ours: number[], theirs: number[]): number {
  const at = ours.findIndex((token, i) => token !== theirs[i]);
  const common = ours.slice(0, at < 0 ? ours.length : at);
  return marginOf(logSoftmax(engine.lastLogits([[...prompt, ...common]])[0]));
}

function logSoftmax(logits: Float32Array): Float64Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)) + largest;
  return Float64Array.from(logits, (logit) => logit - total);
}

const likeliest = (distribution: Float64Array): number => distribution.indexOf(Math.max(...distribution));

function marginOf(distribution: Float64Array): number {
  const [first, second] = Float64Array.from(distribution).sort().reverse();
  return first - second;
}
