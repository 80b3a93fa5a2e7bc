/** Owns how a measurement looks: `bankai eval`. */
import { renderBars } from './bars.js';
import { type ProbeResult, renderAnswers, renderCategories, renderText, type TextResult } from './evaluation.js';
import { captioned, figureSvg } from './figure-svg.js';
import { type LikelihoodPoint, likelihoodPanel, marginPanel } from './likelihood-svg.js';
import { formatCount, formatProbability, plural } from './number.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai eval --json` prints: `schema/eval.schema.json`. */
export interface EvalReport {
  readonly stack: string;
  /** The stack that it is compared with. */
  readonly against: string;
  readonly probes: readonly EvalResult[];
  readonly texts: readonly TextResult[];
}

export interface EvalResult extends ProbeResult {
  readonly examples: readonly ChangedAnswer[];
  /** log p (nats) of every correct answer, in the order of the file. */
  readonly likelihoods?: {
    readonly before: readonly number[];
    readonly after: readonly number[];
    readonly change: readonly LikelihoodPoint['change'][];
    /** log p(correct) − log p(wrong), nats, where every probe has a wrong answer. */
    readonly margins?: { readonly before: readonly number[]; readonly after: readonly number[] };
  };
}

/** A probe whose answer changed from wrong to right or from right to wrong. */
export interface ChangedAnswer {
  readonly prompt: string;
  readonly correct: string;
  readonly before: string;
  readonly after: string;
  readonly change: 'fixed' | 'broke';
}

/** Writes, of each file, the totals, whether they mean anything, each category, and a few answers that changed. */
export function renderEval(report: EvalReport, view: View): string[] {
  const { style } = view;
  const against = report.against === 'base' ? '' : ` against ${style.name(printable(report.against))}`;
  const stack = `${style.name(printable(report.stack))}${against}`;
  const files = report.probes.map((result) => [
    `${stack} on ${printable(result.name)}, ${formatCount(result.count)} probes`,
    '',
    ...renderAnswers(result, view),
    ...spaced(renderCategories(result.categories, view)),
    ...spaced(likelihoodLines(result.likelihoods, view)),
    ...spaced(exampleLines(result.examples, view)),
  ]);
  const texts = report.texts.map((text) => renderText(text, view));
  return [...files, ...texts].flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

const spaced = (lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', ...lines]);

/** Bounds of the bins that probabilities are counted in, from above. */
const bins = [
  { from: 0.9, name: '90 % and more' },
  { from: 0.5, name: '50 to 90 %' },
  { from: 0.1, name: '10 to 50 %' },
  { from: 0.01, name: '1 to 10 %' },
  { from: 0, name: 'less than 1 %' },
];

/** The same of margins in nats. */
const marginBins = [
  { from: 3, name: 'ahead by 3 and more' },
  { from: 1, name: 'ahead by 1 to 3' },
  { from: 0, name: 'ahead by up to 1' },
  { from: -1, name: 'behind by up to 1' },
  { from: -Infinity, name: 'behind by more' },
];

/** How many correct answers are how likely, and how far ahead of the wrong ones, before and after. */
function likelihoodLines(likelihoods: EvalResult['likelihoods'], view: View): string[] {
  if (!likelihoods) return [];
  const { before, after, margins } = likelihoods;
  const probabilities = { before: before.map(Math.exp), after: after.map(Math.exp) };
  return [
    'probability of the correct answer',
    ...binLines(bins, probabilities, view),
    ...(margins ? ['', 'correct answer against the wrong one, nats', ...binLines(marginBins, margins, view)] : []),
  ];
}

function binLines(
  bounds: readonly { readonly from: number; readonly name: string }[],
  values: { readonly before: readonly number[]; readonly after: readonly number[] },
  view: View,
): string[] {
  const countIn = (state: readonly number[], bin: number): number =>
    state.filter((value) => bounds.findIndex(({ from }) => value >= from) === bin).length;
  const bars = bounds.flatMap(({ name }, bin) =>
    (['before', 'after'] as const).map((state) => {
      const count = countIn(values[state], bin);
      const label = `${state === 'before' ? name : ''.padEnd(name.length)} ${state}`;
      return { label, value: count, note: String(count) };
    }),
  );
  const widest = Math.max(...bars.map((bar) => bar.label.length));
  return renderBars(
    bars.map((bar) => ({ ...bar, label: bar.label.padStart(widest) })),
    view,
  );
}

/** Draws, of each file, where every probe was and is. */
export function evalSvg(report: EvalReport): string {
  const drawn = report.probes.filter(({ likelihoods }) => likelihoods !== undefined);
  const words = ({ name, fixed, broke, count, p }: EvalResult): string =>
    `${name}: ${fixed} fixed, ${broke} broke of ${plural(count, 'probe')} (${formatProbability(p)})`;
  return figureSvg({
    title: `How likely the correct answers are: ${report.stack} against ${report.against}`,
    description: `Each point is a probe: across before, up after. ${drawn.map(words).join('. ')}.`,
    panels: drawn.flatMap((result) => [
      captioned(words(result), likelihoodPanel(pointsOf(result.likelihoods, result.likelihoods))),
      ...(result.likelihoods?.margins
        ? [
            captioned(
              `${result.name}: margin of the correct answer over the wrong one, nats`,
              marginPanel(pointsOf(result.likelihoods, result.likelihoods.margins)),
            ),
          ]
        : []),
    ]),
  });
}

function pointsOf(
  likelihoods: EvalResult['likelihoods'],
  values: { readonly before: readonly number[]; readonly after: readonly number[] } | undefined,
): LikelihoodPoint[] {
  return (values?.before ?? []).map((before, i) => ({
    before,
    after: values?.after[i] ?? before,
    change: likelihoods?.change[i] ?? 'kept',
  }));
}

/** Answers shown of each kind; all are in the JSON. */
const shownExamples = 4;

function exampleLines(examples: readonly ChangedAnswer[], view: View): string[] {
  if (examples.length === 0) return [];
  const shown = (['fixed', 'broke'] as const).flatMap((change) =>
    examples.filter((example) => example.change === change).slice(0, shownExamples),
  );
  const more = examples.length - shown.length;
  const note = `${signs(view).ellipsis} and ${plural(more, 'more changed answer')}: --json lists all`;
  return [...shown.flatMap((example) => exampleOf(example, view)), ...(more > 0 ? [view.style.faint(note)] : [])];
}

function exampleOf(example: ChangedAnswer, view: View): string[] {
  const { style } = view;
  const { ellipsis, arrow, good, bad } = signs(view);
  const paint = example.change === 'fixed' ? style.good : style.bad;
  const sign = example.change === 'fixed' ? good : bad;
  const cut = (text: string, width: number): string => truncate(printable(text.trim()), width, ellipsis);
  const half = Math.floor((view.width - 10) / 2);
  return [
    `${paint(sign)} ${cut(example.prompt, view.width - sign.length - 1)}`,
    `    ${cut(example.before, half)} ${arrow} ${paint(cut(example.after, half))}`,
    ...(example.change === 'broke' ? [`    ${style.faint('correct:')} ${cut(example.correct, view.width - 13)}`] : []),
  ];
}
