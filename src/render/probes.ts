/** Owns how the making of probe files is told: `bankai probes init`, `expand`, `split` and `import`. */
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** What `bankai probes init --json` prints: `schema/probes-init.schema.json`. */
export interface ProbesInitReport {
  readonly path: string;
  /** Probes, those of templates included. */
  readonly count: number;
  readonly templates: number;
}

/** What `bankai probes expand --json` prints: `schema/probes-expand.schema.json`, which is a probe file as well. */
export interface ProbesExpandReport {
  readonly name: string;
  /** SHA-256 of the file that was expanded. */
  readonly sha256: string;
  readonly probes: readonly { readonly prompt: string; readonly correct: string; readonly wrong?: string }[];
}

/** What `bankai probes split --json` prints: `schema/probes-split.schema.json`. */
export interface ProbesSplitReport {
  readonly probes: { readonly name: string; readonly count: number };
  readonly search: { readonly path: string; readonly count: number };
  readonly heldOut: { readonly path: string; readonly count: number };
  readonly categories: readonly { readonly category: string; readonly search: number; readonly heldOut: number }[];
}

/** What `bankai probes import --json` prints: `schema/probes-import.schema.json`. */
export interface ProbesImportReport {
  readonly questions: string;
  readonly path: string;
  readonly count: number;
  readonly skipped: readonly { readonly reason: string; readonly count: number }[];
  readonly first: { readonly prompt: string; readonly correct: string };
}

/** Says what the file holds and what to do with it. */
export function renderProbesInit({ path, count, templates }: ProbesInitReport, view: View): string[] {
  const from = templates > 0 ? ` from ${plural(templates, 'template')}` : '';
  return [
    ...wrap(`Wrote ${printable(path)}: ${plural(count, 'probe')}${from}.`, view.width),
    ...wrap(
      'Edit it, then use "bankai probes expand" to see its probes and "bankai probes audit" to judge them.',
      view.width,
    ).map(view.style.faint),
  ];
}

/** Lists the probes: prompts with their answers. */
export function renderProbesExpand({ name, probes }: ProbesExpandReport, view: View): string[] {
  const columns = [
    { header: 'prompt', flexible: true },
    { header: 'correct', flexible: true },
    { header: 'wrong', flexible: true },
  ];
  return [
    ...renderTable(
      columns,
      probes.map(({ prompt, correct, wrong = '' }) => [prompt, correct.trim(), wrong.trim()]),
      view,
    ),
    '',
    ...wrap(`${printable(name)}: ${plural(probes.length, 'probe')}`, view.width),
  ];
}

/** Says how many probes of each category went where. */
export function renderProbesSplit({ search, heldOut, categories }: ProbesSplitReport, view: View): string[] {
  const columns = [
    { header: 'category', flexible: true },
    { header: 'search', align: 'right' as const },
    { header: 'held out', align: 'right' as const },
  ];
  return [
    ...renderTable(
      columns,
      categories.map((row) => [row.category || '(none)', String(row.search), String(row.heldOut)]),
      view,
    ),
    '',
    ...wrap(`Search on ${printable(search.path)}: ${plural(search.count, 'probe')}`, view.width),
    ...wrap(`Judge by  ${printable(heldOut.path)}: ${plural(heldOut.count, 'probe')}`, view.width),
  ];
}

/** Says what was read and left out, and shows the first probe. */
export function renderProbesImport(report: ProbesImportReport, view: View): string[] {
  return [
    ...wrap(
      `Wrote ${printable(report.path)}: ${plural(report.count, 'probe')} of ${printable(report.questions)}.`,
      view.width,
    ),
    ...report.skipped.flatMap(({ reason, count }) =>
      wrap(`Left out ${plural(count, 'line')}: ${printable(reason)}.`, view.width).map(view.style.warning),
    ),
    ...wrap(`First: ${printable(report.first.prompt)}`, view.width),
    ...wrap(`Answer:${printable(report.first.correct)}`, view.width),
  ];
}
