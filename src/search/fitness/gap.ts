/**
 * Owns the published fitness: by how much the correct answer is likelier than the wrong one.
 *
 *     gap        = log p(correct) − log p(wrong), each summed over the whole answer
 *     objective  = mean(gap − gap₀) − λ · mean(max(0, control gap₀ − control gap))
 *
 * It looks at one chosen competitor and has no upper end: see docs/SEARCH.md for what that does.
 */
import type { Engine } from '../../engine/engine.js';
import { SearchError } from '../../errors.js';
import type { Fitness } from '../fitness.js';
import { type Probe, probeLabel } from '../probes.js';
import { answerSequence } from '../sequences.js';
import { type FitnessTerms, mean, noCost, type PreparedTerm, prepareTerms, sum } from './terms.js';

export interface GapSettings {
  /** λ, the weight of what controls lose. */
  penalty: number;
}

/** Makes the `gap` fitness; λ is 2 as published. Its `prepare` throws PROBES_UNUSABLE for a probe or control without `wrong`. */
export function gapFitness({ penalty = 2 }: Partial<GapSettings> = {}): Fitness {
  const terms: FitnessTerms = {
    prepareScores: prepareGaps,
    prepareCost: (engine, _probes, controls) =>
      controls.length > 0 ? prepareLostGap(engine, controls, penalty) : noCost,
    gain: (gaps, reference) => mean(gaps.map((gap, index) => gap - reference[index])),
  };
  return {
    name: 'gap',
    settings: { penalty },
    prepare: (engine, probes, controls) => prepareTerms(terms, engine, probes, controls),
  };
}

function prepareGaps(engine: Engine, probes: readonly Probe[]): PreparedTerm<Float64Array> {
  const sequences = probes.flatMap((probe, index) => [
    answerSequence(engine.tokenizer, probe.prompt, probe.correct),
    answerSequence(engine.tokenizer, probe.prompt, wrongAnswer(probe, index)),
  ]);
  const batch = engine.prepare(sequences);
  return {
    tokenCount: batch.tokenCount,
    compute() {
      const answers = batch.logProbabilities();
      return Float64Array.from(probes, (_, index) => sum(answers[2 * index]) - sum(answers[2 * index + 1]));
    },
    keep: () => batch.keep(),
    dispose: () => batch.dispose(),
  };
}

function prepareLostGap(engine: Engine, controls: readonly Probe[], penalty: number): PreparedTerm<number> {
  const gaps = prepareGaps(engine, controls);
  const reference = gaps.compute();
  return { ...gaps, compute: () => penalty * mean(gaps.compute().map((gap, i) => Math.max(0, reference[i] - gap))) };
}

function wrongAnswer(probe: Probe, index: number): string {
  if (probe.wrong !== undefined) return probe.wrong;
  throw new SearchError('PROBES_UNUSABLE', `Cannot measure the gap of ${probeLabel(probe, index)}: it has no "wrong"`, {
    hint: 'Give every probe and control a wrong answer, or use the fitness "answer", which needs none.',
    data: { probe: index },
  });
}
