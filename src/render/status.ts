/** Owns how `bankai status` looks. */
import { shortId } from './id.js';
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable } from './text.js';
import { renderTracking, type TrackingSummary } from './tracking.js';
import type { View } from './view.js';

/** What `bankai status --json` prints: `schema/status.schema.json`. */
export interface StatusReport {
  /** Absent when HEAD is detached. */
  readonly branch?: string;
  readonly commit: string;
  /** What the branch follows. */
  readonly upstream?: TrackingSummary;
  /** Patch ids of the state. */
  readonly stack: readonly string[];
  readonly patches: readonly { readonly id: string; readonly flips: number; readonly message?: string }[];
  readonly model: { readonly path: string; readonly state: 'clean' | 'behind' | 'changed' | 'missing' };
  readonly base: { readonly weightsId: string; readonly name?: string };
  readonly worktree: 'clean' | 'dirty';
  /** What an interrupted checkout left and this command put right. */
  readonly recovered?: string;
}

const advice = {
  clean: '',
  behind: '  (it holds other patches than HEAD: use "bankai checkout HEAD" to bring it up to date)',
  changed: '  (something else wrote to it: use "bankai verify" to see where)',
  missing: '  (put it back, or remove .git/bankai/state.json and init again with the base)',
};

/** Writes where HEAD is, what the working model is, and which patches it carries. */
export function renderStatus(report: StatusReport, view: View): string[] {
  const { style } = view;
  const place =
    report.branch === undefined
      ? `HEAD detached at ${style.id(shortId(report.commit))}`
      : `On branch ${style.name(printable(report.branch))} at ${style.id(shortId(report.commit))}`;
  const base = report.base.name === undefined ? '' : `${printable(report.base.name)} `;
  const paintState = report.model.state === 'clean' ? style.good : style.bad;
  const lines = [
    place,
    ...(report.upstream ? renderTracking(report.upstream, view) : []),
    `Base:  ${base}${style.faint(shortId(report.base.weightsId))}`,
    `Model: ${printable(report.model.path)} (${paintState(report.model.state)})`,
  ];
  if (advice[report.model.state] !== '') lines.push(advice[report.model.state]);
  if (report.worktree === 'dirty') {
    lines.push(style.warning('Repository files differ from the last commit'), '  (use "git status" to see them)');
  }
  if (report.recovered !== undefined) lines.push(style.warning(`Recovered: ${printable(report.recovered)}`));
  if (report.patches.length === 0) return [...lines, '', 'No patches: the model is its base.'];
  const rows = report.patches.map((patch) => [
    '',
    { text: shortId(patch.id), paint: style.id },
    plural(patch.flips, 'flip'),
    firstLine(patch.message),
  ]);
  const columns = [
    { header: '' },
    { header: '' },
    { header: '', align: 'right' as const },
    { header: '', flexible: true },
  ];
  return [...lines, '', `${plural(report.patches.length, 'patch', 'patches')}:`, ...renderTable(columns, rows, view)];
}

function firstLine(message = ''): string {
  return message.split('\n')[0];
}
