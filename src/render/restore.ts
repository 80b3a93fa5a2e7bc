/** Owns how a restore looks. */
import { type ChangeReport, commitLine, renderChange } from './change.js';
import { plural } from './number.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai restore --json` prints: `schema/restore.schema.json`. */
export interface RestoreReport extends ChangeReport {
  /** Of the commit, where there is one. */
  readonly message?: string;
  /** Files of worktree and index that are HEAD's again. */
  readonly files: readonly string[];
}

/** Files are shown by name up to this many. */
const FILES_SHOWN = 5;

/** Writes the commit that brought patches back, or the files that are HEAD's again. */
export function renderRestore(report: RestoreReport, view: View): string[] {
  if (report.message !== undefined) return renderChange([commitLine(report, report.message, view)], report, view);
  const { ellipsis } = signs(view);
  const more = report.files.length - FILES_SHOWN;
  return [
    ...(report.recovered === undefined ? [] : [view.style.warning(printable(report.recovered))]),
    report.files.length === 0 ? 'Nothing to restore.' : `Restored ${plural(report.files.length, 'file')} from HEAD`,
    ...report.files.slice(0, FILES_SHOWN).map((path) => truncate(`   ${printable(path)}`, view.width, ellipsis)),
    ...(more > 0 ? [`   and ${more} more`] : []),
  ];
}
