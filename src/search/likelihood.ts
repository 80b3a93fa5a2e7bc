/** Owns how likely correct answers are before and after a change. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import { nextTurn } from './event-loop.js';
import { sum } from './fitness/terms.js';
import type { Probe } from './probes.js';
import { answerSequence } from './sequences.js';

/** log p (nats) of every probe's whole correct answer, in the order of the probes. */
export interface Likelihoods {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Probes that are evaluated at once: bounds the memory. */
const BATCH = 256;

/** Measures the model as it is, and with the flips inverted; the engine is left as it was found. */
export async function measureLikelihoods(
  engine: Engine,
  flips: readonly Flip[],
  probes: readonly Probe[],
): Promise<Likelihoods> {
  return measureAnswers(engine, flips, probes, ({ correct }) => correct);
}

/**
 * Measures log p(correct) − log p(wrong) of every probe, given what `measureLikelihoods` measured; undefined unless every
 * probe has a wrong answer. The engine is left as it was found.
 */
export async function measureMargins(
  engine: Engine,
  flips: readonly Flip[],
  probes: readonly Probe[],
  { before, after }: Likelihoods,
): Promise<Likelihoods | undefined> {
  if (!probes.every(({ wrong }) => wrong !== undefined)) return undefined;
  const wrong = await measureAnswers(engine, flips, probes, ({ wrong: answer }) => answer ?? '');
  return {
    before: before.map((value, i) => value - wrong.before[i]),
    after: after.map((value, i) => value - wrong.after[i]),
  };
}

async function measureAnswers(
  engine: Engine,
  flips: readonly Flip[],
  probes: readonly Probe[],
  answerOf: (probe: Probe) => string,
): Promise<Likelihoods> {
  const before: number[] = [];
  const after: number[] = [];
  for (let first = 0; first < probes.length; first += BATCH) {
    await nextTurn();
    const sequences = probes
      .slice(first, first + BATCH)
      .map((probe) => answerSequence(engine.tokenizer, probe.prompt, answerOf(probe)));
    const batch = engine.prepare(sequences);
    try {
      before.push(...batch.logProbabilities().map(sum));
      engine.toggle(flips);
      try {
        after.push(...batch.logProbabilities().map(sum));
      } finally {
        engine.toggle(flips);
      }
    } finally {
      batch.dispose();
    }
  }
  return { before, after };
}
