/** Owns the evaluation of a model by what it answers: greedy generation, and the comparison of two evaluations. */
import type { Engine } from '../engine/engine.js';
import { SearchError } from '../errors.js';
import { answerStop, answerTokenLimit, firstLine, matchesAnswer } from './answers.js';
import { nextTurn } from './event-loop.js';
import type { Probe } from './probes.js';
import { type Interval, mcNemarExact, wilsonInterval } from './statistics.js';

/** What the model said to one probe. */
export interface ProbeAnswer {
  /** The first line of the generated text, as it came. */
  generated: string;
  correct: boolean;
}

export interface AnswerOptions {
  /** Told after every batch how many probes are answered. */
  onProgress?: (progress: { answered: number; total: number }) => void;
  signal?: AbortSignal;
  /** Prompts generated for at once: bounds the memory. */
  batchSize?: number;
}

/**
 * Answers every probe by greedy generation with the weights as they are. An answer that did not end within the limit of
 * `answerTokenLimit` is wrong. Gives control back between batches. Throws INTERRUPTED when the signal says so.
 */
export async function answerProbes(
  engine: Engine,
  probes: readonly Probe[],
  { onProgress, signal, batchSize = 64 }: AnswerOptions = {},
): Promise<ProbeAnswer[]> {
  const stop = answerStop(engine.tokenizer);
  const maximumTokens = answerTokenLimit(probes, engine.tokenizer);
  const answers: ProbeAnswer[] = [];
  while (answers.length < probes.length) {
    await nextTurn();
    if (signal?.aborted) throw interrupted(answers.length, probes.length);
    const batch = probes.slice(answers.length, answers.length + batchSize);
    const prompts = batch.map((probe) => engine.tokenizer.encode(probe.prompt));
    const generated = engine.generate(prompts, { maximumTokens, stop });
    batch.forEach((probe, index) => {
      const tokens = generated[index];
      const text = firstLine(engine.tokenizer.decode(tokens));
      const ended = tokens.length < maximumTokens || stop(tokens);
      answers.push({ generated: text, correct: ended && matchesAnswer(text, probe) });
    });
    onProgress?.({ answered: answers.length, total: probes.length });
  }
  return answers;
}

function interrupted(answered: number, total: number): SearchError {
  return new SearchError('INTERRUPTED', `Evaluation was interrupted after ${answered} of ${total} probes`, {
    hint: 'Run it again to get the numbers: an evaluation of some probes only is not reported.',
    data: { answered, total },
  });
}

/** How many answers changed which way. */
export interface AnswerCounts {
  total: number;
  /** Wrong before, right after. */
  fixed: number;
  /** Right before, wrong after. */
  broke: number;
  keptRight: number;
  keptWrong: number;
}

/** Two evaluations of the same probes, compared: plain data. */
export interface AnswerComparison extends AnswerCounts {
  rightBefore: number;
  rightAfter: number;
  /** Exact two-sided McNemar p-value of fixed against broke. */
  p: number;
  /** Fixed as a part of what was wrong before, with its 95 % Wilson interval. */
  fixRate: Interval;
  /** In the order in which the categories first occur; probes without one are under the name ''. */
  perCategory: ({ category: string } & AnswerCounts)[];
  fixedProbes: number[];
  brokeProbes: number[];
}

/** Compares the answers before and after a change, probe by probe. */
export function compareAnswers(
  probes: readonly Probe[],
  before: readonly ProbeAnswer[],
  after: readonly ProbeAnswer[],
): AnswerComparison {
  const indices = probes.map((_, index) => index);
  const counts = count(indices, before, after);
  const categories = new Map<string, number[]>();
  for (const index of indices) {
    const category = probes[index].category ?? '';
    categories.set(category, [...(categories.get(category) ?? []), index]);
  }
  return {
    ...counts,
    rightBefore: counts.keptRight + counts.broke,
    rightAfter: counts.keptRight + counts.fixed,
    p: mcNemarExact(counts.fixed, counts.broke),
    fixRate: wilsonInterval(counts.fixed, counts.fixed + counts.keptWrong),
    perCategory: [...categories].map(([category, members]) => ({ category, ...count(members, before, after) })),
    fixedProbes: indices.filter((index) => !before[index].correct && after[index].correct),
    brokeProbes: indices.filter((index) => before[index].correct && !after[index].correct),
  };
}

function count(
  indices: readonly number[],
  before: readonly ProbeAnswer[],
  after: readonly ProbeAnswer[],
): AnswerCounts {
  const counts = { total: indices.length, fixed: 0, broke: 0, keptRight: 0, keptWrong: 0 };
  for (const index of indices) {
    const kept = before[index].correct === after[index].correct;
    if (after[index].correct) counts[kept ? 'keptRight' : 'fixed']++;
    else counts[kept ? 'keptWrong' : 'broke']++;
  }
  return counts;
}
