/** Owns how the calibration of probes is told: `bankai probes calibrate`. */
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable, truncate, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai probes calibrate --json` prints: `schema/probes-calibrate.schema.json`. */
export interface ProbesCalibrateReport {
  readonly probes: { readonly name: string; readonly count: number };
  readonly path: string;
  readonly count: number;
  readonly sureFrom: number;
  readonly categories: readonly {
    readonly category: string;
    readonly wrong: number;
    readonly near: number;
    readonly sure: number;
  }[];
  readonly kept: readonly KeptProbe[];
  readonly dropped: readonly { readonly prompt: string; readonly correct: string; readonly margin?: number }[];
}

export interface KeptProbe {
  readonly prompt: string;
  readonly correct: string;
  readonly wrong?: string;
  readonly standing: string;
  /** What became of the file's wrong answer. */
  readonly distractor: 'replaced' | 'same' | 'added' | 'kept' | 'none';
  /** The wrong answer that gave way. */
  readonly replaced?: string;
  /** log p(right answer) − log p(wrong answer), nats. */
  readonly margin?: number;
}

/** Replaced answers that are shown. */
const SHOWN = 4;

const fates = {
  replaced: 'replaced by what the model says',
  same: 'left: the likeliest already',
  added: 'added',
  kept: 'left, for the model gave none that can serve',
  none: 'missing: neither file nor model gave one',
} as const;

/** Says how many probes of each category stay and why the others go, and what became of the wrong answers. */
export function renderProbesCalibrate(report: ProbesCalibrateReport, view: View): string[] {
  const { kept, dropped, categories } = report;
  const columns = [
    { header: 'category', flexible: true },
    ...['wrong', 'nearly wrong', 'dropped'].map((header) => ({ header, align: 'right' as const })),
  ];
  const rows = categories.map(({ category, wrong, near, sure }) => [
    category || '(none)',
    ...[wrong, near, sure].map(String),
  ]);
  const counted = Object.entries(fates).flatMap(([fate, words]) => {
    const count = kept.filter(({ distractor }) => distractor === fate).length;
    return count === 0 ? [] : [`${count} ${words}`];
  });
  const why = `the model answers right, and at least ${plural(report.sureFrom, 'time')} as likely as any wrong answer that is known`;
  return [
    ...renderTable(columns, rows, view),
    '',
    ...wrap(
      `Wrote ${printable(report.path)}: ${plural(report.count, 'probe')} of ${printable(report.probes.name)}.`,
      view.width,
    ),
    ...(dropped.length === 0 ? [] : wrap(`Dropped ${plural(dropped.length, 'probe')}: ${why}.`, view.width)),
    ...wrap(`Wrong answers: ${counted.join(', ')}.`, view.width),
    ...replacedLines(kept, view),
  ];
}

function replacedLines(kept: readonly KeptProbe[], view: View): string[] {
  const replaced = kept.filter(({ distractor }) => distractor === 'replaced').slice(0, SHOWN);
  const { arrow, ellipsis } = signs(view);
  return replaced.map(({ prompt, wrong = '', replaced: before = '' }) =>
    truncate(
      `  ${printable(prompt)} ${printable(before.trim())} ${arrow} ${printable(wrong.trim())}`,
      view.width,
      ellipsis,
    ),
  );
}
