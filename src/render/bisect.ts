/** Owns how `bankai bisect` looks. */
import { shortId } from './id.js';
import { plural } from './number.js';
import { printable, truncate, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai bisect --json` prints: `schema/bisect.schema.json`. */
export interface BisectReport {
  readonly good: BisectEnd;
  readonly bad: BisectEnd;
  readonly probes: { readonly name: string; readonly count: number };
  /** Probes that are right at `good` and wrong at `bad`: those that were followed. */
  readonly broke: number;
  /** Commits that lead from `good` to `bad`. */
  readonly commits: number;
  readonly culprit: Culprit;
  /** The flips of the culprit to which it comes down. */
  readonly flips: readonly { readonly flip: string; readonly patches: readonly string[] }[];
  /** These flips alone make the probes wrong. */
  readonly sufficient: boolean;
  /** Without them the rest of the commit leaves the probes right. */
  readonly necessary: boolean;
  /** Evaluations in all, of these among commits, and the answers that were generated. */
  readonly evaluations: { readonly total: number; readonly history: number; readonly answers: number };
  readonly examples: readonly BrokenAnswer[];
}

export interface BisectEnd {
  readonly expression: string;
  readonly commit: string;
}

export interface Culprit {
  readonly commit: string;
  /** The good commit it was compared with: as a rule its parent. */
  readonly comparedWith: string;
  readonly message: string;
  /** Of the probes that were followed, those that are wrong at the commit. */
  readonly brokeThere: number;
  /** Flips by which the two commits differ. */
  readonly flips: number;
  readonly patches: readonly { readonly id: string; readonly change: 'added' | 'removed'; readonly flips: number }[];
}

export interface BrokenAnswer {
  readonly prompt: string;
  readonly correct: string;
  readonly good: string;
  readonly bad: string;
}

/** Writes the commit, the flips inside it, how certain that is, and an answer that was lost. */
export function renderBisect(report: BisectReport, view: View): string[] {
  const { style } = view;
  const { culprit } = report;
  const cut = (text: string, width: number): string => truncate(printable(text), width, signs(view).ellipsis);
  return [
    ...wrapped(
      `${plural(report.broke, 'probe')} of ${report.probes.count} in ${printable(report.probes.name)}: ` +
        `right at ${printable(report.good.expression)}, wrong at ${printable(report.bad.expression)}`,
      view,
    ),
    '',
    `${style.id(culprit.commit)} is the first bad commit`,
    `    ${cut(culprit.message.split('\n')[0], view.width - 4)}`,
    ...culprit.patches.map(
      ({ id, change, flips }) =>
        `    ${change === 'added' ? style.good('+') : style.bad('-')} patch ${style.id(shortId(id))}  ${plural(flips, 'flip')}`,
    ),
    `    ${culprit.brokeThere} of ${report.broke} wrong from there on`,
    '',
    ...flipLines(report, view),
    '',
    ...exampleLines(report.examples, view, cut),
    ...wrapped(effort(report), view).map(style.faint),
  ];
}

function flipLines(report: BisectReport, view: View): string[] {
  const { flips, culprit, sufficient } = report;
  const ofAll = `of its ${plural(culprit.flips, 'flip')}`;
  const head = !sufficient
    ? `more than ${flips.length} ${ofAll} act together; the last of them to tip it over:`
    : flips.length > 1
      ? `${flips.length} ${ofAll} do it together, and none of them without the others:`
      : `one ${ofAll} does it:`;
  return [
    ...wrapped(head, view),
    ...flips.map(({ flip }) => `    ${view.style.strong(printable(flip))}`),
    ...wrapped(certainty(report), view),
  ];
}

function certainty({ flips, sufficient, necessary }: BisectReport): string {
  if (!sufficient) return 'They do not do it without others of the commit: look at it as a whole.';
  const [alone, them] = flips.length > 1 ? ['these flips alone make', 'them'] : ['this flip alone makes', 'it'];
  const rest = necessary
    ? `, and the commit without ${them} leaves them right.`
    : `. Without ${them} other flips of the commit do so too.`;
  return `Tested: ${alone} the probes wrong${rest}`;
}

/** Answers shown; all are in the JSON. */
const shownExamples = 2;

function exampleLines(
  examples: readonly BrokenAnswer[],
  view: View,
  cut: (text: string, width: number) => string,
): string[] {
  const { style } = view;
  const { arrow } = signs(view);
  const half = Math.floor((view.width - 10) / 2);
  const lines = examples
    .slice(0, shownExamples)
    .flatMap(({ prompt, good, bad }) => [
      cut(prompt.trim(), view.width),
      `    ${style.good(cut(good.trim(), half))} ${arrow} ${style.bad(cut(bad.trim(), half))}`,
    ]);
  return [...lines, ''];
}

function effort({ commits, culprit, evaluations }: BisectReport): string {
  const { total, history, answers } = evaluations;
  return (
    `${plural(commits, 'commit')} and ${plural(culprit.flips, 'flip')} in ${plural(total, 'evaluation')} ` +
    `(${history} of commits, ${total - history} of flips), ${plural(answers, 'answer')}`
  );
}

const wrapped = (text: string, view: View): string[] => wrap(text, view.width);
