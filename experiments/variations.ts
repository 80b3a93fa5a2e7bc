/** What is learnt from six probes, and from how many on it carries over to problems that no search has seen. */
import type { Flip } from '../src/patch/flip.js';
import type { AnswerComparison } from '../src/search/evaluate.js';
import { gapFitness } from '../src/search/fitness/gap.js';
import type { Probe } from '../src/search/probes.js';
import { seededRandom, shuffle } from '../src/search/random.js';
import { greedy } from '../src/search/strategies/greedy.js';
import type { Experiment } from './experiment.js';
import { answerBar, answerCells, answerColumns, answersInWords, isGain, net, percent, verdictOf } from './words.js';

const FEW = 6;
const VARIATIONS = 90;

export const variations: Experiment = {
  name: 'variations',
  title: 'Memorising: six probes and their variations',
  published: 'A patch searched on 6 probes fixed 2 and broke 15 of 90 variations of them: it had memorised.',
  searches: true,
  async run({ probes, search, compare, seed }) {
    const draw = seededRandom(seed);
    const six = shuffle([...probes('calculus').probes], draw).slice(0, FEW);
    const held = probes('calculus-heldout').probes;
    const asked = shuffle([...held], draw).slice(0, VARIATIONS);
    const trials: { label: string; flips: readonly Flip[]; own: AnswerComparison; others: AnswerComparison }[] = [];
    const judge = async (label: string, flips: readonly Flip[]) =>
      trials.push({ label, flips, own: await compare(flips, six), others: await compare(flips, asked) });
    // On six probes alone: controls would hold either search back from what is to be seen.
    const alone = { probes: six, controls: [] };
    const climbed = await search({ ...alone, strategy: greedy(), fitness: gapFitness() });
    await judge('as published (greedy, gap)', climbed.flips);
    await judge('the default without controls', (await search(alone)).flips);
    await judge('the default, facts as controls', (await search({ probes: six })).flips);
    const [published, , standard] = trials;
    const carried = trials.filter(({ others }) => isGain(others));
    return {
      columns: ['search', 'flips', `own ${FEW} right`, ...answerColumns('variations')],
      rows: trials.map(({ label, flips, own, others }) => [
        label,
        String(flips.length),
        `${own.rightBefore} → ${own.rightAfter}`,
        ...answerCells(others),
      ]),
      chart: { bars: trials.map(({ label, others }) => answerBar(label, others)) },
      sentences: [
        `Searched as published on ${FEW} probes, ${published.flips.length} flips take variations from ${answersInWords(published.others)}, ${verdictOf(published.others)}.`,
        `The default takes them from ${answersInWords(standard.others)}, ${verdictOf(standard.others)}.`,
        carried.length === 0
          ? `Nothing that ${FEW} probes teach carries over, as published.`
          : `Other than published, ${carried.length} of ${trials.length} searches carry over to variations.`,
      ],
    };
  },
};

/** Sizes of the nested draws from the large set. */
const SIZES = [6, 20, 60, 120];

export const generalising: Experiment = {
  name: 'generalising',
  title: 'Generalising: from how many probes on?',
  published:
    '6 probes were memorised; 60 diverse ones generalised: 14 to 19 of 30 held-out problems (5 fixed, 0 broke, p = 0.06).',
  searches: true,
  async run({ probes, search, patch, compare, seed }) {
    const large = probes('calculus-large').probes;
    const held = probes('calculus-heldout').probes;
    const order = shuffle([...large], seededRandom(seed));
    const trials: { count: number; flips: number; own: AnswerComparison; others: AnswerComparison }[] = [];
    const judge = async (searched: readonly Probe[], { flips }: { readonly flips: readonly Flip[] }) =>
      trials.push({
        count: searched.length,
        flips: flips.length,
        own: await compare(flips, searched),
        others: await compare(flips, held),
      });
    for (const size of SIZES.filter((size) => size < large.length)) {
      const drawn = order.slice(0, size);
      await judge(drawn, await search({ probes: drawn }));
    }
    await judge(large, await patch('calculus-large'));
    const rate = ({ fixed, broke, total }: AnswerComparison): number => (fixed - broke) / total;
    const first = trials.find(({ others }) => isGain(others));
    const best = trials.reduce((a, b) => (net(b.others) > net(a.others) ? b : a));
    const sixty = trials.find(({ count }) => count === 60);
    const few = trials[0];
    return {
      columns: ['probes', 'flips', 'their own gain', ...answerColumns('held-out')],
      rows: trials.map(({ count, flips, own, others }) => [
        String(count),
        String(flips),
        percent(rate(own), 0),
        ...answerCells(others),
      ]),
      chart: { bars: trials.map(({ count, others }) => answerBar(`${count} probes`, others)) },
      sentences: [
        first
          ? `The gain on held-out problems is significant from ${first.count} probes on.`
          : 'No number of probes gave a significant gain on held-out problems.',
        `${few.count} probes gain ${percent(rate(few.own), 0)} on themselves and ${percent(rate(few.others), 0)} on others; ` +
          `${best.count}, the best here, ${percent(rate(best.own), 0)} and ${percent(rate(best.others), 0)}.`,
        ...(sixty
          ? [
              `With 60: from ${answersInWords(sixty.others)}, ${verdictOf(sixty.others)}; published was a net gain of ${percent(5 / 30, 0)}, here ${percent(rate(sixty.others), 0)}.`,
            ]
          : []),
        'The draws are nested, by one seed: another draw of as many probes gives other figures.',
      ],
    };
  },
};
