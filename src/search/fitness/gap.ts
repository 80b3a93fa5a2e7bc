/**
 * Owns the published fitness: by how much the correct answer is likelier than the wrong one.
 *
 *     gap        = log p(correct) − log p(wrong), each summed over the whole answer
 *     objective  = mean(gap − gap₀) − λ · mean(max(0, control gap₀ − control gap))
 *
 * It looks at one chosen competitor and has no upper end: see docs/SEARCH.md for what that does.
 */
import type { EffectScope, EffectVisitor, Engine } from '../../engine/engine.js';
import { SearchError } from '../../errors.js';
import type { Fitness } from '../fitness.js';
import { type Probe, probeLabel } from '../probes.js';
import { answerSequence } from '../sequences.js';
import {
  type FitnessTerms,
  mean,
  negated,
  noCost,
  type PreparedProbes,
  type PreparedTerm,
  prepareTerms,
  sum,
} from './terms.js';

export interface GapSettings {
  /** λ, the weight of what controls lose. */
  penalty: number;
}

/** Makes the `gap` fitness; λ is 2 as published. Its `prepare` throws PROBES_UNUSABLE for a probe or control without `wrong`. */
export function gapFitness({ penalty = 2 }: Partial<GapSettings> = {}): Fitness {
  const terms: FitnessTerms = {
    prepareProbes,
    prepareCost: (engine, _probes, controls) =>
      controls.length > 0 ? prepareLostGap(engine, controls, penalty) : noCost,
  };
  return {
    name: 'gap',
    settings: { penalty },
    prepare: (engine, probes, controls) => prepareTerms(terms, engine, probes, controls),
  };
}

/** Gaps, and how flips would move Σ weights[probe] · gap, each probe's share apart or all in one. */
interface Gaps extends PreparedTerm<Float64Array> {
  visitWeighted(weights: ArrayLike<number>, shares: 'apart' | 'summed', scope: EffectScope, visit: EffectVisitor): void;
}

function prepareGaps(engine: Engine, probes: readonly Probe[]): Gaps {
  const sequences = probes.flatMap((probe, index) => [
    answerSequence(engine.tokenizer, probe.prompt, probe.correct),
    answerSequence(engine.tokenizer, probe.prompt, wrongAnswer(probe, index)),
  ]);
  const batch = engine.prepare(sequences);
  const visitWeighted: Gaps['visitWeighted'] = (weights, shares, scope, visit) => {
    const signed = sequences.map((_, index) => (index % 2 === 0 ? weights[index >> 1] : -weights[index >> 1]));
    const owners = sequences.map((_, index) => (shares === 'apart' ? index >> 1 : 0));
    batch.visitAnswerEffects(signed, scope, visit, owners);
  };
  return {
    tokenCount: batch.tokenCount,
    compute() {
      const answers = batch.logProbabilities();
      return Float64Array.from(probes, (_, index) => sum(answers[2 * index]) - sum(answers[2 * index + 1]));
    },
    keep: () => batch.keep(),
    visitWeighted,
    visitEffects: (scope, visit) =>
      visitWeighted(
        probes.map(() => 1),
        'apart',
        scope,
        visit,
      ),
    dispose: () => batch.dispose(),
  };
}

function prepareProbes(engine: Engine, probes: readonly Probe[]): PreparedProbes {
  const even = new Float64Array(probes.length).fill(1);
  const none = new Float64Array(probes.length);
  let reference: Float64Array = new Float64Array(probes.length);
  return {
    ...prepareGaps(engine, probes),
    setReference: (present) => void (reference = present),
    scores: (gaps) => gaps,
    gain: (present) => mean(present.map((gap, index) => gap - reference[index])),
    respond: () => ({ rise: even, fall: even, lead: none, price: none }),
  };
}

function prepareLostGap(engine: Engine, controls: readonly Probe[], penalty: number): PreparedTerm<number> {
  const gaps = prepareGaps(engine, controls);
  const reference = gaps.compute();
  const loss = (): Float64Array => gaps.compute().map((gap, i) => Math.max(0, reference[i] - gap));
  return {
    ...gaps,
    compute: () => penalty * mean(loss()),
    visitEffects(scope, visit) {
      gaps.keep();
      // A control that is no worse than at the start costs nothing yet; one that is costs what its gap loses.
      const weights = loss().map((amount) => (amount > 0 ? penalty / controls.length : 0));
      if (weights.every((weight) => weight === 0)) return;
      gaps.visitWeighted(weights, 'summed', scope, negated(visit));
    },
  };
}

function wrongAnswer(probe: Probe, index: number): string {
  if (probe.wrong !== undefined) return probe.wrong;
  throw new SearchError('PROBES_UNUSABLE', `Cannot measure the gap of ${probeLabel(probe, index)}: it has no "wrong"`, {
    hint: 'Give every probe and control a wrong answer, or use the fitness "answer", which needs none.',
    data: { probe: index },
  });
}
