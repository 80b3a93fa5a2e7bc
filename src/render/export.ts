/** Owns how an exported model is announced: `bankai export`. */
import { formatBytes, plural } from './number.js';
import { printable } from './text.js';
import type { View } from './view.js';
import { warningLines } from './warnings.js';

/** What `bankai export --json` prints: `schema/export.schema.json`. */
export interface ExportReport {
  readonly stack: string;
  readonly path: string;
  readonly byteLength: number;
  readonly patches: number;
  readonly flips: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** What policies that only warn have against the patches. */
  readonly warnings: readonly string[];
}

/** Writes what was written where. */
export function renderExport(report: ExportReport, view: View): string[] {
  const { style } = view;
  const content = `${plural(report.patches, 'patch', 'patches')}, ${plural(report.flips, 'flip')}`;
  return [
    `Wrote ${style.name(printable(report.stack))} (${content}) to ${printable(report.path)}, ${formatBytes(report.byteLength)}`,
    style.faint(`sha256 ${report.sha256}`),
    ...warningLines(report.warnings, view),
  ];
}
