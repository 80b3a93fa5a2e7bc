/** Owns how the findings about a probe set look: `bankai probes audit`. */
import { formatCount, plural } from './number.js';
import { pad, printable, wrap } from './text.js';
import type { View } from './view.js';

/** How bad a finding is: an `error` makes results unsound, a `warning` weakens them. */
export type Severity = 'error' | 'warning' | 'note';

/** What `bankai probes audit --json` prints: `schema/audit.schema.json`. */
export interface AuditReport {
  readonly probes: { readonly name: string; readonly count: number };
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  /** Indices of the probes concerned. */
  readonly probes: readonly number[];
}

const order: readonly Severity[] = ['error', 'warning', 'note'];
const shownIndices = 12;

/** Writes the findings, worst first, each with the probes it is about. */
export function renderAudit(report: AuditReport, view: View): string[] {
  const { style } = view;
  const paints = { error: style.bad, warning: style.warning, note: style.faint };
  const sorted = order.flatMap((severity) => report.findings.filter((finding) => finding.severity === severity));
  const indent = ' '.repeat(9);
  const lines = sorted.flatMap((finding) => {
    const text = wrap(printable(finding.message), view.width - indent.length);
    const start = paints[finding.severity](pad(finding.severity, indent.length - 1));
    return [
      ...text.map((line, i) => `${i === 0 ? `${start} ` : indent}${line}`),
      ...wrap(`${printable(finding.code)}${places(finding.probes)}`, view.width - indent.length).map(
        (line) => indent + style.faint(line),
      ),
    ];
  });
  const name = `${printable(report.probes.name)}, ${plural(report.probes.count, 'probe')}`;
  if (lines.length === 0) return [`${name}: ${style.good('nothing found')}`];
  const counts = order
    .map((severity) => ({ severity, count: sorted.filter((finding) => finding.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => paints[severity](plural(count, severity)));
  return [...lines, '', `${name}: ${counts.join(', ')}`];
}

function places(probes: readonly number[]): string {
  if (probes.length === 0) return '';
  const shown = probes.slice(0, shownIndices).join(', ');
  const more = probes.length > shownIndices ? ` and ${formatCount(probes.length - shownIndices)} more` : '';
  return ` in ${probes.length === 1 ? 'probe' : 'probes'} ${shown}${more}`;
}
