/** Owns how the result of a merge looks. */
import { type ChangeReport, commitLine, renderChange } from './change.js';
import { type CommitReport, renderCommit } from './commit.js';
import { shortId } from './id.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai merge --json` prints: `schema/merge.schema.json`. */
export interface MergeReport extends ChangeReport {
  /** The stack that was merged, as asked for. */
  readonly stack: string;
  readonly result: 'merged' | 'fast-forward' | 'up-to-date';
  /** Of the merge commit. */
  readonly message?: string;
  /** The patch that was then searched on top; null where nothing was gained, absent where nobody asked for one. */
  readonly mend?: CommitReport | null;
}

/** Writes how the two histories became one, the patches that came and went, and the rows that cancel. */
export function renderMerge(report: MergeReport, view: View): string[] {
  const { style } = view;
  if (report.result === 'up-to-date') {
    return [
      ...(report.recovered === undefined ? [] : [style.warning(printable(report.recovered))]),
      'Already up to date.',
      ...mendLines(report, view),
    ];
  }
  const { ellipsis } = signs(view);
  const stack = truncate(printable(report.stack), view.width - 30, ellipsis);
  const headline =
    report.result === 'merged'
      ? commitLine(report, report.message ?? '', view)
      : `Fast-forward to ${style.name(stack)} at ${style.id(shortId(report.commit))}`;
  return [...renderChange([headline], report, view), ...mendLines(report, view)];
}

function mendLines({ mend }: MergeReport, view: View): string[] {
  if (mend === undefined) return [];
  return ['', ...(mend === null ? ['A search on top gained nothing.'] : renderCommit(mend, view))];
}
