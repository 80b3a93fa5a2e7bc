/** Attention rows against MLP rows: what they promise, what they do alone, and what searches make of them. */
import { answerFitness } from '../src/search/fitness/answer.js';
import { lowerBound } from '../src/search/ranking.js';
import { guided } from '../src/search/strategies/guided.js';
import type { Experiment } from './experiment.js';
import type { Laboratory } from './laboratory.js';
import { byBound, promises, realChange } from './units.js';
import { answerBar, answerCells, answerColumns, answersInWords, isGain, net, verdictOf } from './words.js';

/** Rows of each kind that are really inverted, alone. */
const ALONE = 16;

const kinds = {
  attention: ['attn_q', 'attn_k', 'attn_v', 'attn_output'],
  MLP: ['ffn_gate', 'ffn_up', 'ffn_down'],
} as const;
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];

export const attention: Experiment = {
  name: 'attention',
  title: 'Attention rows against MLP rows',
  published: 'Attention rows fit the probes that are searched on, and lose held-out problems.',
  searches: true,
  async run(laboratory) {
    const { probes, search, compare } = laboratory;
    const alone = rowsAlone(laboratory);
    const set = probes('calculus').probes;
    const heldOut = probes('calculus-heldout').probes;
    const searches = [];
    for (const [label, projections] of [
      ...names.map((name) => [`${name} rows`, kinds[name]] as const),
      ['rows of both', names.flatMap((name) => kinds[name])] as const,
    ]) {
      const { flips, objectiveBefore, objectiveAfter } = await search({
        probes: set,
        strategy: guided({ ranking: lowerBound({ projections }) }),
      });
      const rise = objectiveAfter - objectiveBefore;
      searches.push({ label, flips: flips.length, rise, answers: await compare(flips, heldOut) });
    }
    const [attentive, mlp] = searches;
    const [few, many] = alone;
    return {
      columns: [
        'rows',
        'flips',
        'rise of the objective',
        ...answerColumns('held-out'),
        `${ALONE} best alone`,
        'promise anything',
      ],
      rows: searches.map(({ label, flips, rise, answers }, i) => [
        ...[label, String(flips), rise.toFixed(3), ...answerCells(answers)],
        alone[i] ? `${alone[i].raising} raise it, by ${alone[i].mean.toFixed(5)} in the mean` : '',
        alone[i] ? `${alone[i].promising} of ${alone[i].total}` : '',
      ]),
      chart: { bars: searches.map(({ label, answers }) => answerBar(label, answers)) },
      sentences: [
        `By first-order effect, three standard errors off, ${few.promising} of ${few.total} attention rows and ${many.promising} of ${many.total} MLP rows promise a gain; ` +
          `really inverted alone, ${few.raising} and ${many.raising} of the ${ALONE} best of each raise the objective.`,
        `Searched on attention rows alone, the objective rises by ${attentive.rise.toFixed(3)} (MLP rows: ${mlp.rise.toFixed(3)}), and held-out problems go from ${answersInWords(attentive.answers)}, ${verdictOf(attentive.answers)}; with MLP rows from ${answersInWords(mlp.answers)}, ${verdictOf(mlp.answers)}.`,
        isGain(attentive.answers)
          ? `Other than published, attention rows gain on held-out problems here${net(attentive.answers) < net(mlp.answers) ? ', though less than MLP rows' : ''}.`
          : attentive.rise > 0
            ? 'As published, what attention rows gain on their own probes does not carry over.'
            : 'Attention rows gain nothing even on their own probes.',
      ],
    };
  },
};

/** What rows of each kind promise, and what the best of them do alone. */
function rowsAlone({ engine, probes }: Laboratory) {
  const fitness = answerFitness().prepare(engine, probes('calculus').probes, probes('knowledge').probes);
  const rows = promises(engine, fitness, 'row');
  const found = names.map((name) => {
    const ofKind = rows.filter(({ projection }) => (kinds[name] as readonly string[]).includes(projection));
    const changes = byBound(ofKind)
      .slice(0, ALONE)
      .map(({ flip }) => realChange(engine, fitness, [flip]));
    return {
      total: ofKind.length,
      promising: ofKind.filter(({ bound }) => bound > 0).length,
      raising: changes.filter((change) => change > 0).length,
      mean: changes.reduce((sum, change) => sum + change, 0) / changes.length,
    };
  });
  fitness.dispose();
  return found;
}
