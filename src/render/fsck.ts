/** Owns how the findings of an examination look: `bankai fsck`. */
import { plural } from './number.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** What `bankai fsck --json` prints: `schema/fsck.schema.json`. */
export interface FsckReport {
  readonly ok: boolean;
  readonly objects: number;
  readonly unreachable: number;
  readonly commits: number;
  readonly patches: number;
  readonly findings: readonly { readonly area: string; readonly subject: string; readonly problem: string }[];
  readonly recovered?: string;
}

/** Writes the findings, and what was examined. */
export function renderFsck(report: FsckReport, { style, width }: View): string[] {
  const { objects, unreachable, commits, patches, findings, recovered } = report;
  const lines = findings.flatMap(({ area, subject, problem }) => {
    const [first, ...rest] = wrap(`${area} ${printable(subject)}: ${printable(problem)}`, width - 2);
    return [style.bad(first), ...rest.map((line) => `  ${line}`)];
  });
  const examined = `${plural(objects, 'object')} (${unreachable} unreachable), ${plural(commits, 'commit')}, ${plural(patches, 'patch', 'patches')}`;
  return [
    ...(recovered === undefined ? [] : [printable(recovered)]),
    ...lines,
    ...wrap(`Examined ${examined} and the working model.`, width),
    report.ok ? style.good('Everything is as it must be.') : style.bad(`${plural(findings.length, 'finding')}.`),
  ];
}
