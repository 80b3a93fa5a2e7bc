/** Owns how the result of a pull looks. */
import { type FetchReport, renderFetch } from './fetch.js';
import { type MergeReport, renderMerge } from './merge.js';
import type { View } from './view.js';

/** What `bankai pull --json` prints: `schema/pull.schema.json`. */
export interface PullReport extends MergeReport {
  readonly fetched: FetchReport;
}

/** Writes what came in, and what that made of HEAD. */
export const renderPull = (report: PullReport, view: View): string[] => [
  ...(report.fetched.moved.length + report.fetched.ignored.length > 0 ? renderFetch(report.fetched, view) : []),
  ...renderMerge(report, view),
];
