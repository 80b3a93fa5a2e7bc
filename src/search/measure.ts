/** Owns the measurement of a change: what a model answers, and how it predicts texts, before and after it. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import { type AnswerComparison, answerProbes, compareAnswers, type ProbeAnswer } from './evaluate.js';
import type { ProbeSet } from './probes.js';
import { measureText, type TextComparison, type TextSet } from './texts.js';

/** What is measured. A set may say more of itself, such as its role: it comes back with its result. */
export interface Measurable<Set extends ProbeSet> {
  readonly probes: readonly Set[];
  readonly texts: readonly TextSet[];
}

/** What was measured: plain data but for the sets, which are those that were given. */
export interface Measurement<Set extends ProbeSet = ProbeSet> {
  readonly probes: readonly {
    readonly set: Set;
    readonly before: readonly ProbeAnswer[];
    readonly after: readonly ProbeAnswer[];
    readonly comparison: AnswerComparison;
  }[];
  readonly texts: readonly { readonly text: TextSet; readonly comparison: TextComparison }[];
  readonly elapsedMs: number;
}

export interface MeasureOptions {
  /** Told how many answers and documents are in, of both states. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Milliseconds from any moment on, `performance.now` unless given. */
  readonly now?: () => number;
}

/**
 * Measures the model as it is, and with the flips inverted; the engine is left as it was found. Throws INTERRUPTED,
 * TEXT_INVALID, CONTEXT_TOO_LONG.
 */
export async function measureChange<Set extends ProbeSet>(
  engine: Engine,
  flips: readonly Flip[],
  { probes, texts }: Measurable<Set>,
  { onProgress, signal, now = () => performance.now() }: MeasureOptions = {},
): Promise<Measurement<Set>> {
  const startMs = now();
  const documents = texts.reduce((sum, text) => sum + text.documents.length, 0);
  const total = 2 * (probes.reduce((sum, set) => sum + set.probes.length, 0) + documents);
  let done = 0;
  const interruptible = signal ? { signal } : {};

  const answersOf = async (set: Set): Promise<ProbeAnswer[]> => {
    const reached = done;
    return answerProbes(engine, set.probes, {
      ...interruptible,
      onProgress: ({ answered }) => onProgress?.((done = reached + answered), total),
    });
  };
  const answersOfAll = async (): Promise<ProbeAnswer[][]> => {
    const answers: ProbeAnswer[][] = [];
    for (const set of probes) answers.push(await answersOf(set));
    return answers;
  };

  const before = await answersOfAll();
  let after: ProbeAnswer[][];
  engine.toggle(flips);
  try {
    after = await answersOfAll();
  } finally {
    engine.toggle(flips);
  }
  const measuredTexts: { text: TextSet; comparison: TextComparison }[] = [];
  for (const text of texts) {
    const reached = done;
    const comparison = await measureText(engine, text, flips, {
      ...interruptible,
      onProgress: ({ predicted, total: tokens }) =>
        onProgress?.((done = reached + Math.floor((2 * text.documents.length * predicted) / tokens)), total),
    });
    measuredTexts.push({ text, comparison });
  }
  return {
    probes: probes.map((set, i) => ({
      set,
      before: before[i],
      after: after[i],
      comparison: compareAnswers(set.probes, before[i], after[i]),
    })),
    texts: measuredTexts,
    elapsedMs: now() - startMs,
  };
}
