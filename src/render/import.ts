/** Owns how an imported patch is announced: `bankai import`. */
import { shortId } from './id.js';
import { plural } from './number.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';
import { warningLines } from './warnings.js';

/** What `bankai import --json` prints: `schema/import.schema.json`. */
export interface ImportReport {
  readonly commit: string;
  readonly branch?: string;
  /** Id of the patch. */
  readonly patch: string;
  readonly format: string;
  readonly flips: number;
  /** Top-level fields of the file that say nothing about flips and are not in the patch. */
  readonly ignoredFields: readonly string[];
  /** What people should know about the conversion, as sentences. */
  readonly notes: readonly string[];
  /** What policies that only warn have against the patch. */
  readonly warnings: readonly string[];
}

/** Writes which patch came of the file, and what of the file is not in it. */
export function renderImport(report: ImportReport, view: View): string[] {
  const { style } = view;
  const place = report.branch === undefined ? 'detached HEAD' : printable(report.branch);
  return [
    `[${style.name(place)} ${style.id(shortId(report.commit))}] imported from ${printable(report.format)}`,
    ` patch ${style.id(shortId(report.patch))}, ${plural(report.flips, 'flip')}`,
    ...(report.ignoredFields.length === 0 ? [] : [` ignored: ${report.ignoredFields.map(printable).join(', ')}`]),
    ...report.notes.flatMap((note) => wrap(`note: ${printable(note)}`, view.width - 1)).map((line) => ` ${line}`),
    ...warningLines(report.warnings, view),
  ];
}
