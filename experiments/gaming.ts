/** A fitness that can be raised without fixing answers, beside one that cannot. */
import type { Flip } from '../src/patch/flip.js';
import { maskFlips, maskOf } from '../src/patch/mask.js';
import { type AnswerComparison, answerProbes } from '../src/search/evaluate.js';
import type { Fitness } from '../src/search/fitness.js';
import { answerFitness } from '../src/search/fitness/answer.js';
import { gapFitness } from '../src/search/fitness/gap.js';
import { scoreProbes } from '../src/search/flip-effects.js';
import { mean } from '../src/search/fitness/terms.js';
import type { Probe } from '../src/search/probes.js';
import { formatChange } from '../src/render/number.js';
import { guided } from '../src/search/strategies/guided.js';
import type { SearchResult } from '../src/search/strategy.js';
import type { Experiment } from './experiment.js';
import { type Laboratory, under } from './laboratory.js';
import { answerCells, answerColumns, answersInWords, net, verdictOf } from './words.js';

/** Parts of a search's course after which it is looked at. */
const STAGES = [0.25, 0.5, 1];

/** No limit of flips, and nothing held back: a search may go as far as its fitness carries it. */
const unlimited = () => guided({ mostBytes: Number.MAX_SAFE_INTEGER, heldBack: 0 });

/** A search, and what its fitness compares. */
interface Drive {
  readonly label: string;
  readonly set: readonly Probe[];
  readonly fitness: Fitness;
}

/** A state on the way of a search. */
interface Stage {
  readonly label: string;
  readonly flips: number;
  /** Rise of the mean gap to the wrong answers of the search's own set, in nats. */
  readonly gap: number;
  /** Rise of the mean log-probability of the right answers, in nats. */
  readonly correct: number;
  readonly own: AnswerComparison;
  readonly heldOut: AnswerComparison;
}

export const gaming: Experiment = {
  name: 'gaming',
  title: 'The fitness that can be gamed',
  published:
    'The wrong token was not the competitor of the right one in 76 of 90 probes; 99.96 % of the flips that an average gap ' +
    'accepts change no answer; driven on, the gap rises without limit while answers break.',
  searches: true,
  async run(laboratory) {
    const set = laboratory.probes('calculus').probes;
    const drives: readonly Drive[] = [
      { label: 'gap to the real competitor', set, fitness: gapFitness() },
      { label: 'gap to an answer of another probe', set: set.map(distracted), fitness: gapFitness() },
      { label: 'the whole answer', set, fitness: answerFitness() },
    ];
    const courses: Stage[][] = [];
    let idle = { idle: 0, steps: 0 };
    for (const drive of drives) {
      const { set: probes, fitness } = drive;
      const found = await laboratory.search({ probes, controls: [], strategy: unlimited(), fitness });
      courses.push(await courseOf(laboratory, drive, found));
      if (drive === drives[1]) idle = await idleSteps(laboratory, found);
    }
    const stages = courses.flat();
    const [real, gamed, whole] = courses.map((course) => course[course.length - 1]);
    const change = (value: number): string => formatChange(value, 2);
    return {
      columns: [
        ...['driven by', 'flips', 'gap (nats)', 'log p of the right answer', `own ${set.length} right`],
        ...answerColumns('held-out'),
      ],
      rows: stages.map(({ label, flips, gap, correct, own, heldOut }) => [
        ...[label, String(flips), change(gap), change(correct), `${own.rightBefore} → ${own.rightAfter}`],
        ...answerCells(heldOut),
      ]),
      chart: {
        bars: [real, gamed, whole].flatMap(({ label, gap, heldOut }) => [
          { label, value: gap, note: `gap ${change(gap)} nats` },
          {
            label: 'fixed − broke in 10 problems',
            value: (10 * net(heldOut)) / heldOut.total,
            note: `+${heldOut.fixed} −${heldOut.broke}`,
          },
        ]),
      },
      sentences: [
        `Driven by the gap to answers that the model would hardly give, ${gamed.flips} flips raise it by ${gamed.gap.toFixed(2)} nats, and the right answers ` +
          `become ${gamed.correct > 0 ? 'likelier' : 'less likely'} by ${Math.abs(gamed.correct).toFixed(2)}: held-out problems go from ${answersInWords(gamed.heldOut)}, ${verdictOf(gamed.heldOut)}.`,
        `Driven by the gap to the careless answer, which is the real competitor here, ${real.flips} flips raise it by ${real.gap.toFixed(2)}: ${answersInWords(real.heldOut)}, ${verdictOf(real.heldOut)}.`,
        `Driven by the whole answer, ${whole.flips} flips: ${answersInWords(whole.heldOut)}, ${verdictOf(whole.heldOut)}.`,
        `${idle.idle} of the ${idle.steps} steps of the second search changed no answer to its own probes, and each raised its fitness (published: 99.96 % of the flips; a step is of up to eight).`,
        gamed.gap > real.gap && net(gamed.heldOut) < Math.min(net(real.heldOut), net(whole.heldOut))
          ? 'So the gap can be gamed, by its distractors: the greatest rise of it fixes the least.'
          : 'So here the greatest rise of the gap is not where the fewest answers are fixed.',
      ],
    };
  },
};

/** Gives a probe the right answer of one half a set away as its wrong one: a text that the model does not expect here. */
function distracted(probe: Probe, index: number, set: readonly Probe[]): Probe {
  const other = (step: number): string => set[(index + step) % set.length].correct;
  const first = Math.floor(set.length / 2);
  const step = Array.from(set, (_, i) => first + i).find((candidate) => other(candidate) !== probe.correct) ?? first;
  return { ...probe, wrong: other(step) };
}

/** Looks at a search where it stood after parts of its flips. */
async function courseOf({ engine, compare, probes }: Laboratory, { label, set }: Drive, { history }: SearchResult) {
  const before = scoreProbes(engine, set);
  const rise = (now: Float64Array | undefined, then: Float64Array | undefined): number =>
    mean(now ?? []) - mean(then ?? []);
  const stages: Stage[] = [];
  const counts = new Set(STAGES.map((part) => Math.round(part * history.length)));
  for (const count of counts) {
    const flips = flipsOf(history.slice(0, count));
    const scores = await under(engine, flips, () => scoreProbes(engine, set));
    stages.push({
      ...{ label, flips: flips.length },
      ...{ gap: rise(scores.margin, before.margin), correct: rise(scores.correct, before.correct) },
      own: await compare(flips, set),
      heldOut: await compare(flips, probes('calculus-heldout').probes),
    });
  }
  return stages;
}

/** Counts the accepted steps after which every searched probe was answered as right or wrong as before. */
async function idleSteps({ engine, probes }: Laboratory, { history }: SearchResult) {
  const set = probes('calculus').probes;
  const right = async (flips: readonly Flip[]): Promise<string> =>
    (await under(engine, flips, () => answerProbes(engine, set))).map(({ correct }) => Number(correct)).join('');
  let before = await right([]);
  let idle = 0;
  const iterations = [...new Set(history.map(({ iteration }) => iteration))];
  for (const reached of iterations) {
    const after = await right(flipsOf(history.filter(({ iteration }) => iteration <= reached)));
    if (after === before) idle += 1;
    before = after;
  }
  return { idle, steps: iterations.length };
}

const flipsOf = (history: SearchResult['history']): Flip[] => maskFlips(maskOf(history.map(({ flip }) => flip)));
