/**
 * Owns the calibration of probes on a model: which of them it gets wrong or nearly wrong, and what it says instead.
 *
 * A probe that a model is sure of teaches a search nothing, and a wrong answer that it would never give tells nothing of the
 * right one. So the wrong answer of every probe becomes the likeliest one that is found: what the model says by itself, what
 * it says after leaving the right answer at the tokens where it is readiest to, or the file's own.
 */
import type { Engine } from '../engine/engine.js';
import { SearchError } from '../errors.js';
import { acceptedAnswers, answerStop, answerTokenLimit, firstLine, matchesAnswer } from './answers.js';
import { deviations } from './calibrate/deviations.js';
import { nextTurn } from './event-loop.js';
import { sum } from './fitness/terms.js';
import type { Probe } from './probes.js';
import { answerSequence } from './sequences.js';

/** How a model stands to a probe: wrong, right but not by much, right and sure. */
export type Standing = 'wrong' | 'near' | 'sure';

/** What was found out about a probe. */
export interface CalibratedProbe {
  /** Index of the probe. */
  readonly probe: number;
  readonly standing: Standing;
  /** The first line of what the model says, as it came. */
  readonly generated: string;
  /** The likeliest wrong answer, the model's or the file's, that can serve as one; undefined where there is none. */
  readonly wrong: string | undefined;
  /** log p(right answer) − log p(that wrong one), nats; undefined without one. */
  readonly margin: number | undefined;
}

export interface CalibrateOptions {
  /** The margin in nats from which on a right answer is sure. */
  readonly sureFrom: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Probes that are asked at once: bounds the memory. */
const BATCH = 32;

/** Deviations from a right answer that are followed to their end. */
const DEVIATIONS = 3;

/** Characters of the longest wrong answer: a probe file holds no longer ones. */
const LONGEST = 4096;

/** Asks a model about every probe, in their order. It depends on probes and weights alone. Throws INTERRUPTED. */
export async function calibrate(
  engine: Engine,
  probes: readonly Probe[],
  { sureFrom, signal, onProgress }: CalibrateOptions,
): Promise<CalibratedProbe[]> {
  const limit = answerTokenLimit(probes, engine.tokenizer);
  const found: CalibratedProbe[] = [];
  while (found.length < probes.length) {
    await nextTurn();
    if (signal?.aborted) throw interrupted(found.length, probes.length);
    const first = found.length;
    const batch = probes.slice(first, first + BATCH);
    found.push(...judgeBatch(engine, batch, limit, sureFrom).map((judged, i) => ({ probe: first + i, ...judged })));
    onProgress?.(found.length, probes.length);
  }
  return found;
}

function judgeBatch(
  engine: Engine,
  probes: readonly Probe[],
  maximumTokens: number,
  sureFrom: number,
): Omit<CalibratedProbe, 'probe'>[] {
  const { tokenizer } = engine;
  const stop = answerStop(tokenizer);
  const prompts = probes.map(({ prompt }) => tokenizer.encode(prompt));
  const said = engine.generate(prompts, { maximumTokens, stop }).map((tokens) => ({
    text: firstLine(tokenizer.decode(tokens)),
    ended: tokens.length < maximumTokens || stop(tokens),
  }));
  const others = deviations(engine, probes, { maximumTokens, count: DEVIATIONS });
  const candidates = probes.map((probe, i) => {
    const texts = [said[i], ...others[i]].filter(({ ended }) => ended).map(({ text }) => text.trimEnd());
    const known = probe.wrong === undefined ? [] : [probe.wrong];
    return [...new Set([...known, ...texts])].filter((text) => canServe(engine, probe, text));
  });
  const right = likeliest(engine, probes, probes.map(acceptedAnswers));
  const wrong = likeliest(engine, probes, candidates);
  return probes.map((probe, i) => {
    const { text: generated, ended } = said[i];
    const margin = wrong[i] && (right[i]?.logProbability ?? -Infinity) - wrong[i].logProbability;
    const isRight = ended && matchesAnswer(generated, probe);
    const sure = margin === undefined || margin >= sureFrom;
    return { standing: isRight ? (sure ? 'sure' : 'near') : 'wrong', generated, wrong: wrong[i]?.text, margin };
  });
}

/** Whether a text can stand beside the right answer: wrong, spaced alike, and neither's tokens the other's beginning. */
function canServe({ tokenizer }: Engine, probe: Probe, text: string): boolean {
  if (text.trim() === '' || text.length > LONGEST || text.includes('\uFFFD') || matchesAnswer(text, probe))
    return false;
  if (/^\s/.test(text) !== /^\s/.test(probe.correct)) return false;
  const [wrong, correct] = [tokenizer.encode(text), tokenizer.encode(probe.correct)];
  return wrong.slice(0, correct.length).some((token, index) => token !== correct[index]);
}

/** The likeliest of each probe's texts; undefined where there are none, of equals the first. */
function likeliest(engine: Engine, probes: readonly Probe[], texts: readonly (readonly string[])[]) {
  const asked = texts.flatMap((options, probe) => options.map((text) => ({ probe, text })));
  const best: ({ text: string; logProbability: number } | undefined)[] = probes.map(() => undefined);
  if (asked.length === 0) return best;
  const batch = engine.prepare(
    asked.map(({ probe, text }) => answerSequence(engine.tokenizer, probes[probe].prompt, text)),
  );
  try {
    batch.logProbabilities().forEach((values, i) => {
      const { probe, text } = asked[i];
      const logProbability = sum(values);
      if (logProbability > (best[probe]?.logProbability ?? -Infinity)) best[probe] = { text, logProbability };
    });
  } finally {
    batch.dispose();
  }
  return best;
}

function interrupted(done: number, total: number): SearchError {
  return new SearchError('INTERRUPTED', `Interrupted after ${done} of ${total} probes`, {
    hint: 'Nothing was written. Run it again to the end.',
    data: { done, total },
  });
}
