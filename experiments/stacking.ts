/** What two patches do together: stacked, searched jointly, repaired, and searched in turn. */
import { type Flip } from '../src/patch/flip.js';
import { maskFlips, maskOf } from '../src/patch/mask.js';
import type { AnswerComparison } from '../src/search/evaluate.js';
import { joinProbes } from '../src/search/probes.js';
import { guidedFor, recommendedFitness } from '../src/search/recommended.js';
import { plural } from '../src/render/number.js';
import { answerMeter, type Experiment } from './experiment.js';
import { under } from './laboratory.js';
import { answerBar, answersInWords, isGain, listed, net } from './words.js';

const skills = ['calculus', 'arithmetic'] as const;

/** Figures of a state on both skills, in the order of `skills`. */
interface State {
  readonly label: string;
  readonly flips: readonly Flip[];
  readonly answers: readonly AnswerComparison[];
}

export const stacking: Experiment = {
  name: 'stacking',
  title: 'Two patches stacked, searched jointly, repaired, and searched in turn',
  published:
    'Stacking two patches is exact in any order and exactly reversible, but their gains partly cancel; searching jointly should do better.',
  searches: true,
  async run({ engine, probes, search, patch, compare }) {
    const judge = async (label: string, flips: readonly Flip[]): Promise<State> => {
      const answers: AnswerComparison[] = [];
      for (const skill of skills) answers.push(await compare(flips, probes(`${skill}-heldout`).probes));
      return { label, flips, answers };
    };
    const [first, second] = [(await patch(skills[0])).flips, (await patch(skills[1])).flips];
    const stack = netOf([...first, ...second]);
    const both = joinProbes(skills.map((skill) => probes(skill)));
    const joint = await search({ probes: both });
    const onTop = (flips: readonly Flip[], known: readonly (typeof skills)[number][]) => {
      const digests = known.map((skill) => probes(skill).sha256);
      const method = { strategy: guidedFor(both, { known: digests }), fitness: recommendedFitness(both, digests) };
      return under(engine, flips, () => search({ probes: both, ...method }));
    };
    const repair = await onTop(stack, skills);
    const next = await onTop(first, [skills[0]]);
    const alone = [await judge(`${skills[0]} alone`, first), await judge(`${skills[1]} alone`, second)];
    const stacked = await judge('both stacked', stack);
    const together = await judge('one joint search', joint.flips);
    const repaired = await judge('both stacked, and a search on top', netOf([...stack, ...repair.flips]));
    const inTurn = await judge(`${skills[0]}, and a search for both on top`, netOf([...first, ...next.flips]));
    const states = [...alone, stacked, together, repaired, inTurn];
    const exact = exactness();

    /** Whether both orders give the same numbers to the last bit, and taking both back the base's. */
    function exactness(): { ordered: boolean; reversed: boolean } {
      const meter = answerMeter(engine, both);
      const base = meter.measure();
      engine.toggle(first);
      engine.toggle(second);
      const inOrder = meter.measure();
      engine.toggle(first);
      engine.toggle(second);
      const reversed = meter.measure() === base;
      engine.toggle(second);
      engine.toggle(first);
      const ordered = meter.measure() === inOrder;
      engine.toggle(stack);
      meter.dispose();
      return { ordered, reversed };
    }

    const single = alone.map(({ answers }, i) => net(answers[i]));
    const kept = (state: State): string =>
      listed(skills.map((skill, i) => `${net(state.answers[i])} of ${single[i]} in ${skill}`));
    const lost = skills.filter((_, i) => net(stacked.answers[i]) < single[i]);
    const total = (state: State): number => state.answers.reduce((sum, answers) => sum + net(answers), 0);
    const best = [stacked, together, repaired, inTurn].reduce((a, b) => (total(b) > total(a) ? b : a));
    const shared = (first.length + second.length - stack.length) / 2;
    return {
      columns: ['state', 'flips', ...skills.flatMap((skill) => [`${skill} held-out`, 'fixed', 'broke'])],
      rows: states.map(({ label, flips, answers }) => [
        label,
        String(flips.length),
        ...answers.flatMap(({ rightBefore, rightAfter, fixed, broke }) => [
          `${rightBefore} → ${rightAfter}`,
          String(fixed),
          String(broke),
        ]),
      ]),
      chart: {
        bars: states.flatMap(({ label, answers }) =>
          answers.map((comparison, i) => answerBar(`${label}: ${skills[i]}`, comparison)),
        ),
      },
      sentences: [
        `Either order gives ${exact.ordered ? 'the same numbers to the last bit' : 'other numbers'}, and taking both back ${exact.reversed ? 'gives the base exactly' : 'does not give the base'}; ${plural(shared, 'flip is', 'flips are')} in both patches.`,
        lost.length === 0
          ? `Stacked, neither loses: net gains ${kept(stacked)}.`
          : `Stacked, ${lost.length === 2 ? 'both lose' : `${lost[0]} loses`}, as published: net gains ${kept(stacked)}.`,
        `One joint search: ${kept(together)}; a search on top of the stack: ${kept(repaired)}; one for both on top of ${skills[0]} alone: ${kept(inTurn)}. The best in sum is ${best.label} (${total(best)}${
          best === stacked ? ', other than expected' : `, against ${total(stacked)} stacked`
        }).`,
        ...skills.map((skill, i) =>
          isGain(best.answers[i])
            ? `There ${skill} goes from ${answersInWords(best.answers[i])}.`
            : `There the gain in ${skill} is not significant: ${answersInWords(best.answers[i])}.`,
        ),
      ],
    };
  },
};

/** What is inverted on balance. */
const netOf = (flips: readonly Flip[]): Flip[] => maskFlips(maskOf(flips));
