/** Owns how what was measured looks: answers to probe files, and texts. Shared by `eval`, `commit` and `show`. */
import { formatChange, formatCount, formatProbability, formatShare } from './number.js';
import { renderTable } from './table.js';
import { printable } from './text.js';
import { signs, type View } from './view.js';

/** Two states compared: defined in `schema/eval.schema.json`. */
export interface EvaluationReport {
  readonly probes: readonly ProbeResult[];
  readonly texts: readonly TextResult[];
}

/** The answers to one probe file. Answers are counted, so all but `p` and rates are whole. */
export interface ProbeResult {
  /** What the search made of the file, where there was one. */
  readonly role?: 'heldout' | 'control' | 'search';
  readonly name: string;
  readonly count: number;
  /** Right answers in the state before, and after. */
  readonly before: number;
  readonly after: number;
  readonly fixed: number;
  readonly broke: number;
  readonly keptRight: number;
  readonly keptWrong: number;
  /** Exact McNemar test of fixed against broke, two-sided. */
  readonly p: number;
  readonly verdict: 'better' | 'worse' | 'not significant' | 'unchanged';
  /** 95 % interval of the share of what was wrong before that is fixed. */
  readonly fixRate: { readonly low: number; readonly high: number };
  readonly categories: readonly CategoryResult[];
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

/** How well a text is predicted. */
export interface TextResult {
  readonly name: string;
  /** Tokens predicted. */
  readonly tokens: number;
  readonly perplexityBefore: number;
  readonly perplexityAfter: number;
  /** Mean KL(before ‖ after) of a token, in nats. */
  readonly divergence: number;
}

const roles = { heldout: 'held-out', control: 'control', search: 'searched' };

/** Writes everything that was measured: each file under a heading, its categories where there are several, each text. */
export function renderEvaluation({ probes, texts }: EvaluationReport, view: View, details = true): string[] {
  const inner = { ...view, width: view.width - 2 };
  return [
    ...probes.flatMap((result) => [
      `${result.role === undefined ? '' : `${roles[result.role]} `}${printable(result.name)}, ${formatCount(result.count)} probes`,
      ...[...renderAnswers(result, inner), ...(details ? renderCategories(result.categories, inner) : [])].map(
        (line) => `  ${line}`,
      ),
    ]),
    ...texts.flatMap((text) => renderText(text, view)),
  ];
}

/** Writes how the answers to one file changed, and whether that means anything: three lines. */
export function renderAnswers(result: ProbeResult, view: View): string[] {
  const { style } = view;
  const share = (right: number): string => (result.count === 0 ? '' : ` (${formatShare(right / result.count)})`);
  return [
    `right  ${result.before}${share(result.before)} ${signs(view).arrow} ${style.strong(String(result.after))}${share(result.after)}`,
    `       ${style.good(`${result.fixed} fixed`)}, ${style.bad(`${result.broke} broke`)}, ` +
      `${result.keptRight} kept right, ${result.keptWrong} kept wrong`,
    `       ${verdict(result, view)}`,
  ];
}

function verdict(
  { verdict: shown, p, fixed, keptWrong, fixRate: { low, high } }: ProbeResult,
  { style }: View,
): string {
  if (shown === 'unchanged') return style.warning('no answer changed');
  const test = formatProbability(p);
  // Where nothing was wrong before, nothing could be fixed.
  const rate = fixed + keptWrong === 0 ? '' : `, fix rate ${formatShare(low)} to ${formatShare(high)}`;
  if (shown === 'not significant') return `${style.warning(`not significant (${test})`)}${rate}`;
  return `${shown === 'better' ? style.good('better') : style.bad('worse')} (${test})${rate}`;
}

/** Writes a table of categories; one category is no table. */
export function renderCategories(categories: readonly CategoryResult[], view: View): string[] {
  if (categories.length < 2) return [];
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

/** Writes how the prediction of a text changed: two lines. */
export function renderText(text: TextResult, view: View): string[] {
  const change = formatChange(100 * (text.perplexityAfter / text.perplexityBefore - 1), 2);
  const values = `${formatPerplexity(text.perplexityBefore)} ${signs(view).arrow} ${formatPerplexity(text.perplexityAfter)}`;
  return [
    `text ${printable(text.name)}, ${formatCount(text.tokens)} tokens`,
    `  perplexity ${values} (${change} %), KL ${Number(text.divergence.toPrecision(2))} nats`,
  ];
}

/** A broken model's perplexity may have hundreds of digits. */
const formatPerplexity = (value: number): string => (value < 1e6 ? value.toFixed(4) : value.toExponential(1));
