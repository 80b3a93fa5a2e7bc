/** Owns how a revert and a cherry-pick look. */
import { type ChangeReport, commitLine, renderChange } from './change.js';
import type { View } from './view.js';

/** What `bankai revert --json` and `cherry-pick` print: the schemas of their names. */
export interface PickReport extends ChangeReport {
  readonly message: string;
  /** The commit that was undone or done again. */
  readonly source: string;
}

/** Writes the new commit, the patches that came and went, and the rows that cancel. */
export function renderPick(report: PickReport, view: View): string[] {
  return renderChange([commitLine(report, report.message, view)], report, view);
}
