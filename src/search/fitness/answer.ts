/**
 * Owns the default fitness: how likely right answers are, and how far the model has moved elsewhere.
 *
 *     score      = log((p + floor) / (1 + floor)) − log((1 − p + doubt) / doubt)
 *     p          = min(e^ceiling, probability of generating a right answer)
 *     gain       = mean(score − loss weight · max(0, reference score − score))
 *     objective  = gain − divergence weight · mean over positions of KL(reference ‖ present)
 *                  − known weight · mean over answer positions of known probes of KL(reference ‖ present)
 *
 * An answer is right when it is the whole line, so its end counts like its other tokens: ` 6` must not go on to ` 6x`.
 * What a probe loses counts more than what another gains: a problem that was right should stay right. A probability is
 * measured against every competitor, a solved probe earns nothing more, and divergence has no lower end: the objective
 * cannot be driven up by destroying answers. With a floor, what is hopeless earns little more either, so that the flips go
 * to what can be won. With a doubt, the score is like the log odds between the two: an answer that is just likelier than the
 * others goes on earning until the model is sure of it, for what is barely right here is wrong in the next problem. The positions are those of the control texts, prompt and right answer;
 * without controls, those of the probes' own prompts, where nothing should change either.
 *
 * Probes of sets that the model knows already, because a patch below was searched with them, earn nothing: what they learnt is
 * to stay, and the new skill is to be learnt beside it. Their right answers are held where they stand, position by position,
 * and not their prompts, so that all the rest of the model may move.
 */
import type { Engine, PreparedBatch, Sequence } from '../../engine/engine.js';
import type { Fitness } from '../fitness.js';
import { isOfSets, type Probe } from '../probes.js';
import { rightSequences } from '../sequences.js';
import {
  type FitnessTerms,
  mean,
  negated,
  noCost,
  type PreparedProbes,
  type PreparedTerm,
  prepareTerms,
  sum,
  sumOfCosts,
} from './terms.js';

export interface AnswerSettings {
  /** The score (nats, ≤ 0) from which on a probe counts as solved. */
  ceiling: number;
  /** The price of one nat of mean divergence. */
  divergenceWeight: number;
  /** The probability below which a probe counts as hopeless; 0: none does. */
  floor: number;
  /** The probability of all that is not right from which down a probe counts as sure; 0: doubt does not count. */
  doubt: number;
  /** The price of a nat that a probe's score loses against the reference, beside the nat itself. */
  lossWeight: number;
  /** The same, on top, for probes that the reference predicts right: they are what can break. */
  rightLossWeight: number;
  /** Sets that the model knows already, by the first digits of their digests. */
  known: readonly string[];
  /** The price of one nat of mean divergence in their answers. */
  knownWeight: number;
}

type Scoring = Omit<AnswerSettings, 'divergenceWeight' | 'known' | 'knownWeight'>;

/** Makes the `answer` fitness: ceiling −0.02, weight 4 of divergence, 2 of losses, neither floor nor doubt; nothing is known. */
export function answerFitness({
  ceiling = -0.02,
  divergenceWeight = 4,
  floor = 0,
  doubt = 0,
  lossWeight = 2,
  rightLossWeight = 0,
  known = [],
  knownWeight = 128,
}: Partial<AnswerSettings> = {}): Fitness {
  const scoring = { ceiling, floor, doubt, lossWeight, rightLossWeight };
  const isKnown = isOfSets(known);
  const termsBeside = (held: readonly Probe[]): FitnessTerms => ({
    prepareProbes: (engine, probes) => prepareAnswers(engine, probes, scoring),
    prepareCost: (engine, probes, controls) =>
      sumOfCosts([
        prepareDivergence(engine, leashTexts(engine, probes, controls), divergenceWeight),
        prepareDivergence(engine, answerTexts(engine, held), knownWeight),
      ]),
  });
  return {
    name: 'answer',
    settings: { ...scoring, divergenceWeight, ...(known.length > 0 && { known, knownWeight }) },
    prepare(engine, probes, controls) {
      const fresh = probes.filter((probe) => !isKnown(probe));
      return prepareTerms(termsBeside(probes.filter(isKnown)), engine, fresh, controls);
    },
  };
}

/** Measures log p of a right answer, in whatever way it is given. */
function prepareAnswers(engine: Engine, probes: readonly Probe[], scoring: Scoring): PreparedProbes {
  const ways = probes.map((probe) => rightSequences(engine.tokenizer, probe));
  const batch = engine.prepare(ways.flat());
  /** The probe that each way answers. */
  const owners = ways.flatMap((sequences, probe) => sequences.map(() => probe));
  const measure = () => {
    const ofWays = batch.logProbabilities().map(sum);
    return { ofWays, ofProbes: logSumExp(ofWays, owners, probes.length) };
  };
  return {
    tokenCount: batch.tokenCount,
    compute: () => measure().ofProbes,
    keep: () => batch.keep(),
    visitEffects(scope, visit) {
      batch.keep();
      const { ofWays, ofProbes } = measure();
      // Of the logarithm of a sum each part has the slope of its share.
      const shares = ofWays.map((value, way) => Math.exp(value - ofProbes[owners[way]]));
      batch.visitAnswerEffects(shares, scope, visit, owners);
    },
    dispose: () => batch.dispose(),
    ...scoringOf(probes.length, scoring, () => predictedRight(batch, owners)),
  };
}

/** What the measured probabilities are worth; `rightNow` tells which probes the present weights predict right. */
function scoringOf(
  count: number,
  { ceiling, floor, doubt, lossWeight, rightLossWeight }: Scoring,
  rightNow: () => ReadonlySet<number>,
): Pick<PreparedProbes, 'setReference' | 'scores' | 'gain' | 'respond'> {
  let reference: Float64Array = new Float64Array(count);
  let lossWeights: Float64Array = new Float64Array(count);
  const probabilities = (perProbe: Float64Array): Float64Array =>
    perProbe.map((logP) => Math.exp(Math.min(ceiling, logP)));
  const scores = (perProbe: Float64Array): Float64Array =>
    probabilities(perProbe).map(
      (p) => Math.log((p + floor) / (1 + floor)) - (doubt > 0 ? Math.log((1 - p + doubt) / doubt) : 0),
    );
  return {
    scores,
    setReference(perProbe) {
      const right = rightLossWeight === 0 ? new Set() : rightNow();
      lossWeights = new Float64Array(count).map((_, probe) => lossWeight + (right.has(probe) ? rightLossWeight : 0));
      reference = scores(perProbe);
    },
    gain: (perProbe) =>
      mean(scores(perProbe).map((score, i) => score - lossWeights[i] * Math.max(0, reference[i] - score))),
    respond(perProbe) {
      /** ∂score / ∂log p = p / (p + floor) + p / (1 − p + doubt); of a floor of 0 the first is 1 even where p is 0. */
      const steepness = probabilities(perProbe).map(
        (p) => (floor > 0 ? p / (p + floor) : 1) + (doubt > 0 ? p / (1 - p + doubt) : 0),
      );
      return {
        // What is solved has nothing more to gain.
        rise: steepness.map((slope, i) => (perProbe[i] >= ceiling ? 0 : slope)),
        fall: steepness,
        lead: scores(perProbe).map((score, i) => (score - reference[i]) / steepness[i]),
        price: steepness.map((slope, i) => slope * lossWeights[i]),
      };
    },
  };
}

/** The probes of which the present model's likeliest token is, at every place, that of one way to answer right. */
function predictedRight(batch: PreparedBatch, owners: readonly number[]): Set<number> {
  const right = batch.predictions().map((likeliest, way) => {
    const { tokens, from } = batch.sequences[way];
    return likeliest.every((token, place) => token === tokens[from + place]);
  });
  return new Set(owners.filter((_, way) => right[way]));
}

/** log Σ exp of the values of each owner: (owners). */
function logSumExp(values: readonly number[], owners: readonly number[], count: number): Float64Array {
  const greatest = new Float64Array(count).fill(-Infinity);
  owners.forEach((owner, i) => (greatest[owner] = Math.max(greatest[owner], values[i])));
  const sums = new Float64Array(count);
  owners.forEach((owner, i) => (sums[owner] += Math.exp(values[i] - greatest[owner])));
  return sums.map((total, owner) => greatest[owner] + Math.log(total));
}

/** Texts on which the model should stay as it is, every position of them that has a token before it. */
function leashTexts(engine: Engine, probes: readonly Probe[], controls: readonly Probe[]): Sequence[] {
  const tokens =
    controls.length > 0
      ? controls.map((control) => rightSequences(engine.tokenizer, control)[0].tokens)
      : probes.map(({ prompt }) => engine.tokenizer.encode(prompt));
  return tokens.filter((text) => text.length > 1).map((text) => ({ tokens: text, from: 1 }));
}

/** The right answers of probes. */
const answerTexts = ({ tokenizer }: Engine, probes: readonly Probe[]): Sequence[] =>
  probes.map((probe) => rightSequences(tokenizer, probe)[0]);

function prepareDivergence(engine: Engine, texts: readonly Sequence[], weight: number): PreparedTerm<number> {
  if (texts.length === 0) return noCost;
  const batch = engine.prepare(texts);
  batch.keep();
  batch.setReference();
  const positions = texts.reduce((count, { tokens, from }) => count + tokens.length - from, 0);
  const compute = (): number => {
    const divergences = Float64Array.from(batch.divergence(), sum);
    // In float32 the divergence of equal distributions may come out a hair below its true bound.
    return weight * Math.max(0, sum(divergences) / positions);
  };
  return {
    tokenCount: batch.tokenCount,
    compute,
    keep: () => batch.keep(),
    visitEffects(scope, visit) {
      batch.keep();
      if (compute() === 0) return;
      // The engine reports what −weight · divergence gains.
      batch.visitDivergenceEffects(weight / positions, scope, negated(visit));
    },
    dispose: () => batch.dispose(),
  };
}
