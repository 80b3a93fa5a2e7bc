/** Owns how a move of HEAD is told by the verbs that make one: merge, revert, cherry-pick and their kin. */
import { formatDuration } from './duration.js';
import { shortId } from './id.js';
import { formatBytes, plural } from './number.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';
import { warningLines } from './warnings.js';

/** What these verbs print with `--json`, beside fields of their own. */
export interface ChangeReport {
  readonly commit: string;
  /** Absent when HEAD is detached. */
  readonly branch?: string;
  /** How many the state has now. */
  readonly patches: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Rows that were in effect and now cancel, because several patches change them. */
  readonly cancelled: readonly {
    readonly tensor: string;
    readonly row: number;
    readonly cancelled: string;
    readonly patches: readonly string[];
  }[];
  readonly tensorsTouched: number;
  readonly bytesChanged: number;
  readonly elapsedMs: number;
  /** Patches that came in about which nobody has signed a statement. */
  readonly unsigned: readonly string[];
  /** What policies that only warn have against patches that came in. */
  readonly warnings: readonly string[];
  /** What an interrupted operation left and this command put right. */
  readonly recovered?: string;
}

/** Rows that cancel are shown by name up to this many. */
const ROWS_SHOWN = 5;

/** Writes a commit as git does: `[calc 9d2b17c] subject`. */
export function commitLine(report: Pick<ChangeReport, 'branch' | 'commit'>, message: string, view: View): string {
  const { style } = view;
  const { ellipsis } = signs(view);
  const place = report.branch === undefined ? 'detached HEAD' : printable(report.branch);
  const head = `[${style.name(place)} ${style.id(shortId(report.commit))}]`;
  const room = view.width - place.length - shortId(report.commit).length - 4;
  return room > 20 ? `${head} ${truncate(printable(message.split('\n')[0]), room, ellipsis)}` : head;
}

/** Writes a first line of the verb's own and what the move did to state and model. */
export function renderChange(headline: readonly string[], report: ChangeReport, view: View): string[] {
  const { style } = view;
  const what = report.patches === 0 ? 'the base' : plural(report.patches, 'patch', 'patches');
  const change =
    report.bytesChanged === 0
      ? 'already in place'
      : `${formatBytes(report.bytesChanged)} changed in ${plural(report.tensorsTouched, 'tensor')}, ` +
        formatDuration(report.elapsedMs);
  const unsigned = `${plural(report.unsigned.length, 'patch', 'patches')} without a signed statement: use "bankai verify" to see which`;
  return [
    ...(report.recovered === undefined ? [] : [style.warning(printable(report.recovered))]),
    ...headline,
    ...report.removed.map((id) => ` ${style.bad('-')} patch ${style.id(shortId(id))}`),
    ...report.added.map((id) => ` ${style.good('+')} patch ${style.id(shortId(id))}`),
    ...cancelledLines(report, view),
    `Model is ${what}: ${change}`,
    ...(report.unsigned.length === 0 ? [] : [style.warning(unsigned)]),
    ...warningLines(report.warnings, view),
  ];
}

function cancelledLines({ cancelled }: ChangeReport, view: View): string[] {
  if (cancelled.length === 0) return [];
  const { ellipsis } = signs(view);
  const more = cancelled.length - ROWS_SHOWN;
  return [
    view.style.warning(`${plural(cancelled.length, 'row')} changed by several patches cancel now:`),
    ...cancelled.slice(0, ROWS_SHOWN).map(({ tensor, row, cancelled: extent, patches }) => {
      const by = ` in ${patches.map((id) => shortId(id)).join(', ')}${extent === 'part' ? ', in part' : ''}`;
      return truncate(`   ${printable(tensor)} row ${row}${by}`, view.width, ellipsis);
    }),
    ...(more > 0 ? [`   and ${more} more`] : []),
  ];
}
