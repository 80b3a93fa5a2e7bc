/** Owns how a reset looks. */
import { type ChangeReport, renderChange } from './change.js';
import { shortId } from './id.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai reset --json` prints: `schema/reset.schema.json`. */
export interface ResetReport extends ChangeReport {
  readonly stack: string;
  readonly mode: string;
  /** Of the commit where HEAD is now. */
  readonly message: string;
  /** Whether the model stayed behind and stands for another commit than HEAD. */
  readonly behind: boolean;
}

/** Writes where HEAD is now, as git does, and what that did to the model. */
export function renderReset(report: ResetReport, view: View): string[] {
  const { style } = view;
  const { ellipsis } = signs(view);
  const subject = truncate(printable(report.message.split('\n')[0]), view.width - 30, ellipsis);
  const headline = `HEAD is now at ${style.id(shortId(report.commit))} ${subject}`.trimEnd();
  if (report.mode === 'soft' || report.mode === 'mixed') {
    return [
      ...(report.recovered === undefined ? [] : [style.warning(printable(report.recovered))]),
      headline,
      report.behind
        ? 'The model stays as it was: use "bankai checkout HEAD" to bring it along'
        : 'The model stays as it is',
    ];
  }
  return renderChange([headline], report, view);
}
