/** Owns one run: a search with default settings, and what its patch does to everything that it must and must not change. */
import {
  type AnswerComparison,
  compactSize,
  type Engine,
  measureText,
  type SearchResult,
  type TextComparison,
} from '../../src/index.js';
import { formatChange, formatProbability, threeDigits } from '../../src/render/number.js';
import { verdictOf } from '../../src/search/statistics.js';
import { comparer } from '../../experiments/laboratory.js';
import { probesOf, text } from './model.js';

export interface RunRequest {
  /** What the search found. */
  readonly found: SearchResult;
  readonly heldOut: string;
  /** The held-out problems of another skill. */
  readonly other: string;
  readonly seed: number;
}

/** What came out: plain data. */
export interface Run {
  readonly seed: number;
  readonly flips: number;
  readonly compactBytes: number;
  readonly seconds: number;
  readonly evaluations: number;
  readonly stoppedBy: string;
  readonly heldOut: AnswerComparison;
  readonly other: AnswerComparison;
  readonly knowledge: AnswerComparison;
  readonly text: TextComparison;
}

/** Makes the runs of one model. */
export function runner(engine: Engine) {
  const compare = comparer(engine);
  return async ({ found, heldOut, other, seed }: RunRequest): Promise<Run> => {
    const { flips } = found;
    return {
      seed,
      flips: flips.length,
      compactBytes: flips.length > 0 ? compactSize(flips) : 0,
      seconds: found.elapsedMs / 1000,
      evaluations: found.evaluations,
      stoppedBy: found.stoppedBy,
      heldOut: await compare(flips, probesOf(heldOut)),
      other: await compare(flips, probesOf(other)),
      knowledge: await compare(flips, probesOf('knowledge')),
      text: await measureText(engine, text(), flips),
    };
  };
}

export function describeRun({
  seed,
  flips,
  seconds,
  evaluations,
  stoppedBy,
  heldOut,
  other,
  knowledge,
  text,
}: Run): string {
  const answers = ({ rightBefore, rightAfter, fixed, broke, p }: AnswerComparison): string =>
    `${rightBefore} → ${rightAfter} (+${fixed} −${broke}, ${formatProbability(p)})`;
  const perplexity = 100 * (text.perplexityAfter / text.perplexityBefore - 1);
  return (
    `seed ${seed}: ${flips === 0 ? 'nothing to commit' : `${flips} flips`}, ${threeDigits(seconds)} s, ` +
    `${evaluations.toFixed(0)} units, ${stoppedBy}; ${answers(heldOut)}: ${verdictOf(heldOut.fixed, heldOut.broke)}; ` +
    `other ${answers(other)}; knowledge ${knowledge.rightAfter}/${knowledge.total}; ` +
    `perplexity ${formatChange(perplexity, 2)} %`
  );
}
