/** Owns how a measurement looks: `bankai eval`. */
import { formatChange, formatCount, formatProbability, formatShare, plural } from './number.js';
import { renderTable } from './table.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai eval --json` prints: `schema/eval.schema.json`. Answers are counted, so all but `p` and rates are whole. */
export interface EvalReport {
  readonly stack: string;
  readonly probes: { readonly name: string; readonly count: number };
  /** Right answers of the base, and of the stack. */
  readonly before: number;
  readonly after: number;
  readonly fixed: number;
  readonly broke: number;
  readonly keptRight: number;
  readonly keptWrong: number;
  /** Exact McNemar test of fixed against broke, two-sided. */
  readonly p: number;
  /** 95 % interval of the share of the base's wrong answers that the stack fixes. */
  readonly fixRate: { readonly low: number; readonly high: number };
  readonly categories: readonly CategoryResult[];
  readonly examples: readonly ChangedAnswer[];
}

export interface CategoryResult {
  /** Empty for the probes that have none. */
  readonly category: string;
  readonly total: number;
  readonly before: number;
  readonly after: number;
  readonly fixed: number;
  readonly broke: number;
}

/** A probe whose answer changed from wrong to right or from right to wrong. */
export interface ChangedAnswer {
  readonly prompt: string;
  readonly correct: string;
  readonly before: string;
  readonly after: string;
  readonly change: 'fixed' | 'broke';
}

/** Above this a difference is called not significant. */
const significance = 0.05;

/** Writes the totals, whether they mean anything, each category, and a few answers that changed. */
export function renderEval(report: EvalReport, view: View): string[] {
  const { style } = view;
  const { arrow } = signs(view);
  const { count } = report.probes;
  const share = (right: number): string => (count === 0 ? '' : ` (${formatShare(right / count)})`);
  return [
    `${style.name(printable(report.stack))} on ${printable(report.probes.name)}, ${formatCount(count)} probes`,
    '',
    `right  ${report.before}${share(report.before)} ${arrow} ${style.strong(String(report.after))}${share(report.after)}`,
    `       ${style.good(`${report.fixed} fixed`)}, ${style.bad(`${report.broke} broke`)}, ` +
      `${report.keptRight} kept right, ${report.keptWrong} kept wrong`,
    `       ${verdict(report, view)}`,
    ...(report.categories.length < 2 ? [] : ['', ...categoryTable(report.categories, view)]),
    ...(report.examples.length === 0 ? [] : ['', ...exampleLines(report.examples, view)]),
  ];
}

function verdict(report: EvalReport, { style }: View): string {
  if (report.fixed + report.broke === 0) return style.warning('no answer changed');
  const { low, high } = report.fixRate;
  const test = formatProbability(report.p);
  const rate = `fix rate ${formatShare(low)} to ${formatShare(high)}`;
  if (report.p >= significance) return `${style.warning(`not significant (${test})`)}, ${rate}`;
  return `${report.fixed > report.broke ? style.good('better') : style.bad('worse')} (${test}), ${rate}`;
}

function categoryTable(categories: readonly CategoryResult[], view: View): string[] {
  const { style } = view;
  const right = (header: string) => ({ header, align: 'right' as const });
  return renderTable(
    [
      { header: 'category', flexible: true },
      right('probes'),
      right('before'),
      right('after'),
      right('change'),
      right('fixed'),
      right('broke'),
    ],
    categories.map((category) => {
      const change = category.after - category.before;
      return [
        category.category === '' ? '(none)' : category.category,
        formatCount(category.total),
        formatCount(category.before),
        formatCount(category.after),
        { text: formatChange(change), paint: change < 0 ? style.bad : change > 0 ? style.good : style.faint },
        formatCount(category.fixed),
        formatCount(category.broke),
      ];
    }),
    view,
  );
}

/** Answers shown of each kind; all are in the JSON. */
const shownExamples = 4;

function exampleLines(examples: readonly ChangedAnswer[], view: View): string[] {
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
