/** Owns one run: a search with default settings, and what its patch does to everything that it must and must not change. */
import {
  answerProbes,
  type AnswerComparison,
  compactSize,
  compareAnswers,
  type Engine,
  type Flip,
  measureText,
  type SearchResult,
  type TextComparison,
} from '../../src/index.js';
import { formatChange, formatProbability, threeDigits } from '../../src/render/number.js';
import { verdictOf } from '../../src/search/statistics.js';
import { under } from '../../experiments/laboratory.js';
import { probesOf, text } from './model.js';

/** Answers of the unpatched model, by probe set: they are asked for once. */
type Answers = Awaited<ReturnType<typeof answerProbes>>;

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

/** Says what flips do to the answers of one model, which is asked for its own once. */
export function comparer(engine: Engine) {
  const before = new Map<string, Answers>();
  return async (name: string, flips: readonly Flip[]): Promise<AnswerComparison> => {
    const probes = probesOf(name);
    const unpatched = before.get(name) ?? (await answerProbes(engine, probes));
    before.set(name, unpatched);
    return compareAnswers(probes, unpatched, await under(engine, flips, () => answerProbes(engine, probes)));
  };
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
      heldOut: await compare(heldOut, flips),
      other: await compare(other, flips),
      knowledge: await compare('knowledge', flips),
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
