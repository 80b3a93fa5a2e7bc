/** Owns how the result of a search looks: `bankai commit`. */
import { formatDuration } from './duration.js';
import { type EvaluationReport, renderEvaluation } from './evaluation.js';
import { shortId } from './id.js';
import { formatChange, plural } from './number.js';
import { printable } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai commit --json` prints: `schema/commit.schema.json`. */
export interface CommitReport {
  readonly commit: string;
  readonly branch?: string;
  readonly message: string;
  /** Id of the new patch. */
  readonly patch: string;
  readonly flips: number;
  readonly objectiveBefore: number;
  readonly objectiveAfter: number;
  /** Candidates evaluated, and how many of them were accepted. */
  readonly iterations: number;
  readonly accepted: number;
  readonly elapsedMs: number;
  /** What was measured afterwards. */
  readonly evaluation?: EvaluationReport;
  /** What ended the search. */
  readonly stoppedBy: 'iterations' | 'time' | 'flips' | 'exhausted' | 'held-back';
}

const reasons = {
  iterations: 'stopped at the iteration budget',
  time: 'stopped at the time budget',
  flips: 'stopped at the size budget',
  'held-back': 'stopped where the held-back probes no longer gained',
  exhausted: 'stopped because nothing more was gained',
};

/** Writes the commit as git does, and what the search gained. */
export function renderCommit(report: CommitReport, view: View): string[] {
  const { style } = view;
  const place = report.branch === undefined ? 'detached HEAD' : printable(report.branch);
  const gain = formatChange(report.objectiveAfter - report.objectiveBefore, 4);
  const values = `${report.objectiveBefore.toFixed(4)} ${signs(view).arrow} ${report.objectiveAfter.toFixed(4)}`;
  return [
    `[${style.name(place)} ${style.id(shortId(report.commit))}] ${printable(report.message.split('\n')[0])}`,
    ` patch ${style.id(shortId(report.patch))}, ${plural(report.flips, 'flip')}`,
    ` objective ${values} (${style.good(gain)})`,
    ` ${plural(report.iterations, 'iteration')}, ${report.accepted} accepted, ${formatDuration(report.elapsedMs)}`,
    ` ${reasons[report.stoppedBy]}`,
    ...(report.evaluation ? renderEvaluation(report.evaluation, view, false) : []).map((line) => ` ${line}`),
  ];
}
