/** Owns how `bankai blame` looks: who flipped what, and how much each flip moves probes. */
import { renderBars } from './bars.js';
import { shortId } from './id.js';
import { formatChange, plural } from './number.js';
import { printable, truncate, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai blame --json` prints without probes: one of the two forms of `schema/blame.schema.json`. */
export interface BlameReport {
  readonly stack: string;
  /** The row that was asked about; absent where the whole stack was. */
  readonly row?: string;
  readonly patches: readonly BlamedPatch[];
  readonly flips: readonly BlamedFlip[];
}

/** A patch of the stack and the commit that added it, where its history has one. */
export interface BlamedPatch {
  readonly id: string;
  /** Its flips that were asked about. */
  readonly flips: number;
  readonly commit?: string;
  readonly author?: string;
  /** Day in UTC. */
  readonly date?: string;
  readonly message?: string;
}

export interface BlamedFlip {
  readonly flip: string;
  readonly patches: readonly string[];
  /** False where an even number of patches make it, so that none does. */
  readonly inEffect: boolean;
}

/** Groups the flips by the patch that makes them, under its commit. */
export function renderBlame(report: BlameReport, view: View): string[] {
  const what = printable(report.row ?? report.stack);
  if (report.flips.length === 0) {
    return wrap(
      report.row === undefined ? `${what}: no flips` : `${what}: not flipped in ${printable(report.stack)}`,
      view.width,
    );
  }
  return report.patches.flatMap((patch, i) => [
    ...(i === 0 ? [] : ['']),
    ...patchLines(patch, view),
    ...groups(report.flips.filter(({ patches }) => patches.includes(patch.id))).flatMap(([tensor, flips]) => [
      `    ${truncate(printable(tensor), view.width - 4, signs(view).ellipsis)}`,
      ...wrap(flips.map(placeInTensor).join(', '), view.width - 8).map((line) => `        ${line}`),
    ]),
  ]);
}

function patchLines(patch: BlamedPatch, view: View): string[] {
  const { style } = view;
  const { ellipsis } = signs(view);
  const head = `${patch.commit === undefined ? 'no commit' : shortId(patch.commit)} `;
  const tail = ` patch ${shortId(patch.id)}, ${plural(patch.flips, 'flip')}`;
  const who = patch.author === undefined ? '' : `(${patch.author} ${patch.date ?? ''})`;
  const shown = truncate(printable(who), view.width - head.length - tail.length, ellipsis);
  const subject = printable((patch.message ?? '').split('\n')[0]);
  return [
    `${style.id(head.trimEnd())}${shown === '' ? '' : ` ${style.faint(shown)}`}${tail}`,
    ...(subject === '' ? [] : [`    ${style.strong(truncate(subject, view.width - 4, ellipsis))}`, '']),
  ];
}

/** Flips by tensor, in the order of the list. */
function groups(flips: readonly BlamedFlip[]): [string, BlamedFlip[]][] {
  const byTensor = new Map<string, BlamedFlip[]>();
  for (const flip of flips) {
    const [tensor] = flip.flip.split(' row ');
    byTensor.set(tensor, [...(byTensor.get(tensor) ?? []), flip]);
  }
  return [...byTensor];
}

function placeInTensor({ flip, inEffect }: BlamedFlip): string {
  const place = printable(flip.slice(flip.indexOf(' row ') + 5));
  return inEffect ? place : `${place} (cancelled)`;
}

/** What `bankai blame --json` prints with probes: the other form. Natural logarithms, means over the probes. */
export interface BlameProbesReport {
  readonly stack: string;
  readonly probes: { readonly name: string; readonly count: number };
  /** Scores of the base, and of the stack. */
  readonly base: MeanScores;
  readonly present: MeanScores;
  readonly patches: readonly BlamedPatch[];
  /** Each flip's own effect, with it minus without it, largest first. */
  readonly effects: readonly (MeanScores & { readonly flip: string; readonly patches: readonly string[] })[];
}

export interface MeanScores {
  readonly logProbability: number;
  /** Over the wrong answer; absent where a probe has none. */
  readonly margin?: number;
}

/** Effects shown unless all are asked for; all are in the JSON. */
const shownEffects = 20;

/** Writes the scores of base and stack, and a bar for each flip: to the right where it makes the right answer likelier. */
export function renderBlameProbes(report: BlameProbesReport, view: View, all = false): string[] {
  const { style } = view;
  const { arrow, ellipsis } = signs(view);
  const shown = all ? report.effects : report.effects.slice(0, shownEffects);
  const more = report.effects.length - shown.length;
  const change = (name: string, before: number, after: number): string =>
    `${name} ${before.toFixed(4)} ${arrow} ${after.toFixed(4)} (${formatChange(after - before, 4)})`;
  const { base, present } = report;
  const together = report.effects.reduce((sum, { logProbability }) => sum + logProbability, 0);
  return [
    ...wrap(
      `${printable(report.stack)} on ${printable(report.probes.name)}, ${plural(report.probes.count, 'probe')}`,
      view.width,
    ),
    change('log p of the right answer', base.logProbability, present.logProbability),
    ...(base.margin === undefined || present.margin === undefined
      ? []
      : [change('margin over the wrong one', base.margin, present.margin)]),
    '',
    ...(shown.length === 0
      ? ['No flips in effect.']
      : [
          style.faint('what each flip adds: log p with it minus without it, the others in place'),
          ...renderBars(
            shown.map(({ flip, logProbability, margin }) => ({
              // Short enough that the row is never what is cut.
              label: flip.replace('.weight row ', ':'),
              value: logProbability,
              note:
                formatChange(logProbability, 4) + (margin === undefined ? '' : `  margin ${formatChange(margin, 4)}`),
            })),
            view,
          ),
          ...(more > 0 ? [style.faint(`${ellipsis} and ${plural(more, 'smaller one')}: --all lists all`)] : []),
          '',
          ...wrap(
            `${plural(report.effects.length, 'flip')}: ${formatChange(together, 4)} if their effects added up, ` +
              `${formatChange(present.logProbability - base.logProbability, 4)} together`,
            view.width,
          ),
        ]),
  ];
}
