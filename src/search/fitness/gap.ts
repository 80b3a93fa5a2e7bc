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
import { effectsApart } from './effects-apart.js';
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
    effects: () =>
      addPairs(
        effectsApart(engine, sequences, (_, index) => (index % 2 === 0 ? 1 : -1)),
        probes.length,
      ),
    dispose: () => batch.dispose(),
  };
}

/** Adds up the effects of each probe's two answers, the wrong one's being negative already: (2·probes, rows) → (probes, rows). */
function addPairs(effects: ReadonlyMap<string, Float32Array>, probes: number): ReadonlyMap<string, Float32Array> {
  const paired = [...effects].map(([tensor, values]): [string, Float32Array] => {
    const rows = values.length / (2 * probes);
    const sums = Float32Array.from({ length: probes * rows }, (_, at) => {
      const first = at + Math.floor(at / rows) * rows;
      return values[first] + values[first + rows];
    });
    return [tensor, sums];
  });
  return new Map(paired);
}

function prepareLostGap(engine: Engine, controls: readonly Probe[], penalty: number): PreparedTerm<number> {
  const gaps = prepareGaps(engine, controls);
  const reference = gaps.compute();
  const loss = (): Float64Array => gaps.compute().map((gap, i) => Math.max(0, reference[i] - gap));
  return {
    ...gaps,
    compute: () => penalty * mean(loss()),
    effects() {
      const lost = loss();
      const share = penalty / controls.length;
      // A control that is no worse than at the start costs nothing yet.
      const costs = [...gaps.effects()].map(([tensor, gains]): [string, Float32Array] => {
        const rows = gains.length / controls.length;
        const perControl = (row: number) =>
          sum(Array.from(lost, (amount, i) => (amount > 0 ? -share * gains[i * rows + row] : 0)));
        return [tensor, Float32Array.from({ length: rows }, (_, row) => perControl(row))];
      });
      return new Map(costs);
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
