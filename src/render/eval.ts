/** Owns how a measurement looks: `bankai eval`. */
import { type ProbeResult, renderAnswers, renderCategories, renderText, type TextResult } from './evaluation.js';
import { formatCount, plural } from './number.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai eval --json` prints: `schema/eval.schema.json`. */
export interface EvalReport {
  readonly stack: string;
  /** The stack that it is compared with. */
  readonly against: string;
  readonly probes: readonly (ProbeResult & { readonly examples: readonly ChangedAnswer[] })[];
  readonly texts: readonly TextResult[];
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
    ...spaced(exampleLines(result.examples, view)),
  ]);
  const texts = report.texts.map((text) => renderText(text, view));
  return [...files, ...texts].flatMap((lines, i) => (i === 0 ? lines : ['', ...lines]));
}

const spaced = (lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', ...lines]);

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
