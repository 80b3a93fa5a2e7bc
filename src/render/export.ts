/** Owns how an exported model is announced: `bankai export`. */
import { formatBytes, plural } from './number.js';
import { printable } from './text.js';
import type { View } from './view.js';

/** What `bankai export --json` prints: `schema/export.schema.json`. */
export interface ExportReport {
  readonly stack: string;
  readonly path: string;
  readonly byteLength: number;
  readonly patches: number;
  readonly flips: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
}

/** Writes what was written where. */
export function renderExport(report: ExportReport, { style }: View): string[] {
  const content = `${plural(report.patches, 'patch', 'patches')}, ${plural(report.flips, 'flip')}`;
  return [
    `Wrote ${style.name(printable(report.stack))} (${content}) to ${printable(report.path)}, ${formatBytes(report.byteLength)}`,
    style.faint(`sha256 ${report.sha256}`),
  ];
}
