/** Whether patches for one skill harm others: word problems as GSM8K's, worked solutions, facts, and ordinary text. */
import type { AnswerComparison } from '../src/search/evaluate.js';
import { parseQuestions } from '../src/search/question-answers.js';
import { measureText, parseText, type TextComparison, type TextSet } from '../src/search/texts.js';
import type { Experiment } from './experiment.js';
import { answerCells, answerColumns, isLoss, listed, percent, perplexityChange } from './words.js';
import { wordProblems } from './word-problems.js';

/** Problems that are asked. */
const COUNT = 120;

/** Sets whose default patches are checked. */
const patched = ['calculus', 'calculus-large', 'arithmetic', 'arithmetic-large'] as const;

/** A patch, and what it does. */
interface Trial {
  readonly name: string;
  readonly flips: number;
  readonly answers: AnswerComparison;
  readonly solutions: TextComparison;
  readonly facts: AnswerComparison;
  readonly text: TextComparison;
}

/** A change of perplexity that is called one. */
const NOTABLE = 0.005;

export const safety: Experiment = {
  name: 'safety',
  title: 'Word problems, worked solutions, facts and text: what patches harm',
  published:
    'Checked on problems in the manner of GSM8K, a patch did no harm; an independent follow-up found no significant effect on four benchmarks.',
  searches: true,
  async run({ engine, probes, text, patch, compare, seed, questions }) {
    const bytes = questions ?? wordProblems(COUNT, seed);
    const asked = parseQuestions(bytes, 'word problems', { wording: 'Question: {question} Answer:' });
    const problems = asked.probes.slice(0, COUNT);
    const solutions = solutionsOf(bytes);
    const trials: Trial[] = [];
    for (const name of patched) {
      const { flips } = await patch(name);
      trials.push({
        ...{ name, flips: flips.length },
        answers: await compare(flips, problems),
        solutions: await measureText(engine, solutions, flips),
        facts: await compare(flips, probes('knowledge').probes),
        text: await measureText(engine, text, flips),
      });
    }
    const [{ answers }] = trials;
    const capable = answers.rightBefore > answers.total / 20;
    const rise = (measured: TextComparison): number => measured.perplexityAfter / measured.perplexityBefore - 1;
    const harmed = trials.filter(({ answers, facts }) => isLoss(answers) || isLoss(facts));
    const moved = trials.filter(({ text, solutions }) => Math.max(rise(text), rise(solutions)) > NOTABLE);
    const brokenFacts = trials.reduce((sum, { facts }) => sum + facts.broke, 0);
    return {
      columns: [
        ...['patch', 'flips', ...answerColumns('word problems'), 'perplexity of worked solutions', 'facts right'],
        ...['perplexity of text', 'KL of text (nats a token)'],
      ],
      rows: trials.map(({ name, flips, answers, solutions, facts, text }) => [
        ...[name, String(flips), ...answerCells(answers), perplexities(solutions)],
        ...[`${facts.rightAfter} of ${facts.total}`, perplexities(text), text.divergence.toExponential(1)],
      ]),
      chart: {
        bars: trials.flatMap(({ name, solutions, text }) => [
          { label: `${name}: solutions`, value: rise(solutions), note: perplexityChange(solutions) },
          { label: `${name}: text`, value: rise(text), note: perplexityChange(text) },
        ]),
      },
      sentences: [
        `${questions ? 'The questions were given' : `The ${answers.total} questions are made by the program, in GSM8K's form`}; the answer is the number on the first line, asked for without a worked solution.`,
        capable
          ? `The unpatched model answers ${answers.rightBefore} of ${answers.total}.`
          : `The unpatched model answers ${answers.rightBefore} of ${answers.total}: it cannot do such problems, so that there is little for a patch to break, and this part proves little. What it predicts can be measured all the same.`,
        harmed.length === 0
          ? 'No patch makes word problems or facts significantly worse.'
          : `Word problems or facts get significantly worse by ${listed(harmed.map(({ name }) => name))}.`,
        brokenFacts === 0 ? 'No fact is lost by any.' : `${brokenFacts} answers to facts are lost, over all patches.`,
        moved.length === 0
          ? `No perplexity rises by more than ${percent(NOTABLE)}, as published.`
          : `Perplexity of text or worked solutions rises by more than ${percent(NOTABLE)} with ${listed(moved.map(({ name }) => name))}: what was published, no measurable harm, does not hold for ${moved.length === trials.length ? 'them' : moved.length === 1 ? 'this one' : 'these'}.`,
      ],
    };
  },
};

/** `1.877 → 1.882 (+0.27 %)` */
function perplexities(measured: TextComparison): string {
  const [before, after] = [measured.perplexityBefore, measured.perplexityAfter].map((value) => value.toPrecision(4));
  return `${before} → ${after} (${perplexityChange(measured)})`;
}

/** Questions with their worked solutions, as documents of text. */
function solutionsOf(bytes: Uint8Array): TextSet {
  const rows = Buffer.from(bytes)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, COUNT)
    .map((line) => JSON.parse(line) as { readonly question?: unknown; readonly answer?: unknown });
  const documents = rows
    .filter(({ question, answer }) => typeof question === 'string' && typeof answer === 'string')
    .map(({ question, answer }) => `${question}\n${answer}`.replace(/\n\s*\n/g, '\n'));
  return parseText(Buffer.from(documents.join('\n\n')), 'worked solutions');
}
