/** Groups of 128 weights against whole rows. */
import type { EffectUnit } from '../src/engine/engine.js';
import { answerFitness } from '../src/search/fitness/answer.js';
import { seededRandom, shuffle } from '../src/search/random.js';
import type { Experiment } from './experiment.js';
import type { Laboratory } from './laboratory.js';
import { byBound, climbByUnits, promises, realChange } from './units.js';
import { answerBar, answerCells, answerColumns, answersInWords, isGain, net, verdictOf } from './words.js';

/** Units really inverted alone: the best, and as many at random. */
const ALONE = 32;

/** Units flipped at once at first, and rounds of the climb. */
const CLIMB = { step: 16, rounds: 12 };

export const groups: Experiment = {
  name: 'groups',
  title: 'Groups of 128 weights against whole rows',
  published: 'The effect of a single group of 128 weights is below the noise of greedy search.',
  async run(laboratory) {
    const [rows, parts] = [await judge(laboratory, 'row'), await judge(laboratory, 'group')];
    const ratio = rows.random / parts.random;
    return {
      columns: [
        ...['unit', 'of them', `one at random, either way`, `the ${ALONE} best, alone`, 'raise the objective'],
        ...['flips of a climb', 'rise of the objective', ...answerColumns('held-out')],
      ],
      rows: [rows, parts].map((trial) => [
        ...[trial.unit, String(trial.total), trial.random.toExponential(1), trial.best.toExponential(1)],
        ...[`${trial.raising} of ${ALONE}`, String(trial.climb.flips.length), trial.rise.toFixed(3)],
        ...answerCells(trial.answers),
      ]),
      chart: { bars: [rows, parts].map(({ unit, answers }) => answerBar(`${unit}s`, answers)) },
      sentences: [
        `A group at random moves the objective ${ratio.toFixed(1)} times less than a row at random (${parts.random.toExponential(1)} against ${rows.random.toExponential(1)}), but is not noise: the same weights give the same number to the last bit.`,
        `Of the ${ALONE} groups with the best first-order effects ${parts.raising} raise it when they are inverted alone, by ${parts.best.toExponential(1)} in the mean; of the rows ${rows.raising}, by ${rows.best.toExponential(1)}.`,
        `A climb of ${CLIMB.rounds} rounds by the best ${CLIMB.step} groups raises the objective by ${parts.rise.toFixed(3)} and takes held-out problems from ${answersInWords(parts.answers)}, ${verdictOf(parts.answers)}; by rows by ${rows.rise.toFixed(3)}, from ${answersInWords(rows.answers)}, ${verdictOf(rows.answers)}.`,
        isGain(parts.answers)
          ? `So where effects are known and not sampled, groups gain on held-out problems, ${net(parts.answers) < net(rows.answers) ? 'less' : 'no less'} than rows.`
          : 'So groups are of no use by this climb, even where their effects are known.',
      ],
    };
  },
};

async function judge({ engine, probes, compare, seed }: Laboratory, unit: EffectUnit) {
  const fitness = answerFitness().prepare(engine, probes('calculus').probes, probes('knowledge').probes);
  const units = promises(engine, fitness, unit);
  const changeOf = ({ flip }: (typeof units)[number]): number => realChange(engine, fitness, [flip]);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const random = shuffle([...units], seededRandom(seed))
    .slice(0, ALONE)
    .map(changeOf)
    .map(Math.abs);
  const best = byBound(units).slice(0, ALONE).map(changeOf);
  const climb = climbByUnits(engine, fitness, unit, CLIMB);
  fitness.dispose();
  return {
    unit,
    total: units.length,
    random: mean(random),
    best: mean(best),
    raising: best.filter((change) => change > 0).length,
    climb,
    rise: climb.objective - fitness.start.objective,
    answers: await compare(climb.flips, probes('calculus-heldout').probes),
  };
}
