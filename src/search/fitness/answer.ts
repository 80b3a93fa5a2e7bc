/**
 * Owns the default fitness: how likely the whole correct answer is, and how far the model has moved elsewhere.
 *
 *     score      = log((p + floor) / (1 + floor)), p = min(e^ceiling, probability of the whole answer)
 *     gain       = mean(score − loss weight · max(0, reference score − score))
 *     objective  = gain − divergence weight · mean over positions of KL(reference ‖ present)
 *
 * What a probe loses counts more than what another gains: a problem that was right should stay right. A probability is
 * measured against every competitor, a solved probe earns nothing more, and divergence has no lower end: the objective
 * cannot be driven up by destroying answers. With a floor, what is hopeless earns little more either, so that the flips go
 * to what can be won. The positions are those of the control texts, prompt and correct answer;
 * without controls, those of the probes' own prompts, where nothing should change either.
 */
import type { Engine, PreparedBatch, Sequence } from '../../engine/engine.js';
import type { Fitness } from '../fitness.js';
import type { Probe } from '../probes.js';
import { answerSequence } from '../sequences.js';
import {
  type FitnessTerms,
  mean,
  negated,
  noCost,
  type PreparedTerm,
  prepareTerms,
  type PreparedScores,
  sum,
} from './terms.js';

export interface AnswerSettings {
  /** The score (nats, ≤ 0) from which on a probe counts as solved. */
  ceiling: number;
  /** The price of one nat of mean divergence. */
  divergenceWeight: number;
  /** The probability below which a probe counts as hopeless; 0: none does. */
  floor: number;
  /** The price of a nat that a probe's score loses against the reference, beside the nat itself. */
  lossWeight: number;
  /** The same, on top, for probes that the reference predicts right: they are what can break. */
  rightLossWeight: number;
}

/** Makes the `answer` fitness: ceiling −0.02, weight 4 of divergence, 2 of losses, no floor. */
export function answerFitness({
  ceiling = -0.02,
  divergenceWeight = 4,
  floor = 0,
  lossWeight = 2,
  rightLossWeight = 0,
}: Partial<AnswerSettings> = {}): Fitness {
  const scoring = { ceiling, floor, lossWeight, rightLossWeight };
  const terms: FitnessTerms = {
    prepareScores: (engine, probes) => prepareLikelihoods(engine, probes, scoring),
    prepareCost(engine, probes, controls) {
      const texts = leashTexts(engine, probes, controls);
      return texts.length > 0 ? prepareDivergence(engine, texts, divergenceWeight) : noCost;
    },
  };
  return {
    name: 'answer',
    settings: { ...scoring, divergenceWeight },
    prepare: (engine, probes, controls) => prepareTerms(terms, engine, probes, controls),
  };
}

function prepareLikelihoods(
  engine: Engine,
  probes: readonly Probe[],
  { ceiling, floor, lossWeight, rightLossWeight }: Omit<AnswerSettings, 'divergenceWeight'>,
): PreparedScores {
  const sequences = probes.map(({ prompt, correct }) => answerSequence(engine.tokenizer, prompt, correct));
  const batch = engine.prepare(sequences);
  const scoreOf = (logProbability: number): number =>
    floor === 0 ? logProbability : Math.log((Math.exp(logProbability) + floor) / (1 + floor));
  const scores = (): Float64Array =>
    Float64Array.from(batch.logProbabilities(), (answer) => scoreOf(Math.min(ceiling, sum(answer))));
  const solved = scoreOf(ceiling);
  /** ∂score / ∂log p = p / (p + floor). */
  const steepness = (score: number): number => Math.max(0, 1 - floor / (Math.exp(score) * (1 + floor)));
  let reference: Float64Array = new Float64Array(probes.length);
  let lossWeights: Float64Array = new Float64Array(probes.length);
  return {
    tokenCount: batch.tokenCount,
    compute: scores,
    keep: () => batch.keep(),
    setReference() {
      const right = rightLossWeight === 0 ? [] : predictedRight(batch);
      lossWeights = Float64Array.from(probes, (_, probe) => lossWeight + (right[probe] ? rightLossWeight : 0));
      return (reference = scores());
    },
    gain: (present) =>
      mean(present.map((score, probe) => score - lossWeights[probe] * Math.max(0, reference[probe] - score))),
    visitEffects(unit, visit) {
      batch.keep();
      const slopes = scores().map((score, probe) => {
        // What is solved has no slope.
        if (score === solved) return 0;
        return steepness(score) * (score < reference[probe] ? 1 + lossWeights[probe] : 1);
      });
      batch.visitAnswerEffects(slopes, unit, visit);
    },
    dispose: () => batch.dispose(),
  };
}

/** Whether the present model's likeliest token is the answer's at every place of it. */
function predictedRight(batch: PreparedBatch): boolean[] {
  return batch.predictions().map((likeliest, index) => {
    const { tokens, from } = batch.sequences[index];
    return likeliest.every((token, place) => token === tokens[from + place]);
  });
}

/** Texts on which the model should stay as it is, every position of them that has a token before it. */
function leashTexts(engine: Engine, probes: readonly Probe[], controls: readonly Probe[]): Sequence[] {
  const tokens =
    controls.length > 0
      ? controls.map(({ prompt, correct }) => answerSequence(engine.tokenizer, prompt, correct).tokens)
      : probes.map(({ prompt }) => engine.tokenizer.encode(prompt));
  return tokens.filter((text) => text.length > 1).map((text) => ({ tokens: text, from: 1 }));
}

function prepareDivergence(engine: Engine, texts: readonly Sequence[], weight: number): PreparedTerm<number> {
  const batch = engine.prepare(texts);
  batch.setReference();
  const positions = texts.reduce((count, { tokens, from }) => count + tokens.length - from, 0);
  return {
    tokenCount: batch.tokenCount,
    compute() {
      const divergences = Float64Array.from(batch.divergence(), sum);
      // In float32 the divergence of equal distributions may come out a hair below its true bound.
      return weight * Math.max(0, sum(divergences) / positions);
    },
    keep: () => batch.keep(),
    // The engine reports what −weight · divergence gains.
    visitEffects: (unit, visit) => batch.visitDivergenceEffects(weight / positions, unit, negated(visit)),
    dispose: () => batch.dispose(),
  };
}
