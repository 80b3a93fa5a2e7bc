/** Owns how patches made out of others look: `bankai squash`, `split`, `minimize` and `rm`. */
import { shortId } from './id.js';
import { formatChange, plural } from './number.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai squash --json`, `split` and `rm` print: the schemas of their names. */
export interface DeriveReport {
  readonly commit: string;
  readonly branch?: string;
  readonly message: string;
  readonly removed: readonly string[];
  readonly added: readonly { readonly id: string; readonly flips: number; readonly part?: string }[];
}

/** What `bankai minimize --json` prints: `schema/minimize.schema.json`. */
export interface MinimizeReport extends DeriveReport {
  /** The state with the old patches, before, and with the new one, after. */
  readonly measured: {
    readonly probes: { readonly name: string; readonly count: number };
    readonly flipsBefore: number;
    readonly flipsAfter: number;
    readonly objectiveBefore: number;
    readonly objectiveAfter: number;
    readonly rightBefore: number;
    readonly rightAfter: number;
    readonly fixed: number;
    readonly broke: number;
    readonly evaluations: number;
  };
}

/** Writes the commit as git does, and the patches that came and went. */
export function renderDerive(report: DeriveReport, view: View): string[] {
  const { style } = view;
  const { ellipsis } = signs(view);
  const place = report.branch === undefined ? 'detached HEAD' : printable(report.branch);
  const head = `[${style.name(place)} ${style.id(shortId(report.commit))}] `;
  const subject = printable(report.message.split('\n')[0]);
  const room = view.width - place.length - 14;
  return [
    room > 20 ? head + truncate(subject, room, ellipsis) : head.trimEnd(),
    ...report.removed.map((id) => ` ${style.bad('-')} patch ${style.id(shortId(id))}`),
    ...report.added.map(({ id, flips, part }) => {
      const line = ` patch ${shortId(id)}, ${plural(flips, 'flip')}`;
      const name = part === undefined ? '' : `, ${truncate(printable(part), view.width - line.length - 4, ellipsis)}`;
      return ` ${style.good('+')} patch ${style.id(shortId(id))}, ${plural(flips, 'flip')}${name}`;
    }),
  ];
}

/** Writes the same, and the evaluation before and after. */
export function renderMinimize(report: MinimizeReport, view: View): string[] {
  const { style } = view;
  const { arrow, ellipsis } = signs(view);
  const { measured } = report;
  const gain = formatChange(measured.objectiveAfter - measured.objectiveBefore, 4);
  return [
    ...renderDerive(report, view),
    ` flips     ${measured.flipsBefore} ${arrow} ${style.strong(String(measured.flipsAfter))}`,
    ` objective ${measured.objectiveBefore.toFixed(4)} ${arrow} ${measured.objectiveAfter.toFixed(4)} (${gain})`,
    ` right     ${measured.rightBefore} ${arrow} ${measured.rightAfter} of ${measured.probes.count}, ` +
      `${measured.fixed} fixed, ${measured.broke} broke`,
    style.faint(
      ` on ${truncate(printable(measured.probes.name), view.width - 30, ellipsis)}, ${plural(measured.evaluations, 'evaluation')}`,
    ),
  ];
}
