/** Owns the measured effect of single flips: each is really taken back, and the probes are scored without it. */
import type { Engine, PreparedBatch } from '../engine/engine.js';
import { SearchError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { nextTurn } from './event-loop.js';
import { sum } from './fitness/terms.js';
import type { Probe } from './probes.js';
import { answerSequence } from './sequences.js';

/** What the probes score: natural logarithms, summed over whole answers. */
export interface ProbeScores {
  /** log p of the correct answer: (probes). */
  readonly correct: Float64Array;
  /** log p(correct) − log p(wrong): (probes). Undefined unless every probe has a wrong answer. */
  readonly margin: Float64Array | undefined;
}

/** How much the presence of a flip moves the scores: with it minus without it. */
export interface FlipEffect extends ProbeScores {
  readonly flip: Flip;
}

export interface EffectOptions {
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Measures the effect of each of some flips that are in effect, in their order, and leaves the engine as it was. The
 * effects of several flips need not add up. Throws INTERRUPTED.
 */
export async function measureFlips(
  engine: Engine,
  probes: readonly Probe[],
  flips: readonly Flip[],
  { onProgress, signal }: EffectOptions = {},
): Promise<{ present: ProbeScores; effects: FlipEffect[] }> {
  const batches = prepare(engine, probes);
  try {
    const present = scoresOf(batches, probes.length);
    for (const batch of batches) batch.keep();
    const effects: FlipEffect[] = [];
    for (const flip of flips) {
      await nextTurn();
      if (signal?.aborted) throw interrupted(effects.length, flips.length);
      engine.toggle([flip]);
      try {
        const without = scoresOf(batches, probes.length);
        effects.push({
          flip,
          correct: present.correct.map((value, i) => value - without.correct[i]),
          margin: present.margin?.map((value, i) => value - (without.margin as Float64Array)[i]),
        });
      } finally {
        engine.toggle([flip]);
      }
      onProgress?.(effects.length, flips.length);
    }
    return { present, effects };
  } finally {
    for (const batch of batches) batch.dispose();
  }
}

/** Scores probes with the weights as they are. */
export function scoreProbes(engine: Engine, probes: readonly Probe[]): ProbeScores {
  const batches = prepare(engine, probes);
  try {
    return scoresOf(batches, probes.length);
  } finally {
    for (const batch of batches) batch.dispose();
  }
}

/** The correct answers, and the wrong ones where all probes have them: each a batch, so that either is a plain list. */
function prepare(engine: Engine, probes: readonly Probe[]): PreparedBatch[] {
  const sequences = (answerOf: (probe: Probe) => string) =>
    probes.map((probe) => answerSequence(engine.tokenizer, probe.prompt, answerOf(probe)));
  const batches = [engine.prepare(sequences(({ correct }) => correct))];
  if (probes.every(({ wrong }) => wrong !== undefined)) {
    batches.push(engine.prepare(sequences(({ wrong }) => wrong ?? '')));
  }
  return batches;
}

function scoresOf([correct, wrong]: readonly (PreparedBatch | undefined)[], count: number): ProbeScores {
  const likelihoods = (batch: PreparedBatch) => Float64Array.from(batch.logProbabilities(), sum);
  const right = correct ? likelihoods(correct) : new Float64Array(count);
  const other = wrong && likelihoods(wrong);
  return { correct: right, margin: other && right.map((value, i) => value - other[i]) };
}

function interrupted(done: number, total: number): SearchError {
  return new SearchError('INTERRUPTED', `Interrupted after ${done} of ${total} flips`, {
    hint: 'Run it again to get the whole picture.',
    data: { done, total },
  });
}
