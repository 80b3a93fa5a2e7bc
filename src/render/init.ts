/** Owns how a new repository is announced: `bankai init`. */
import { shortId } from './id.js';
import { formatBytes, plural } from './number.js';
import { printable } from './text.js';
import type { View } from './view.js';
import { warningLines } from './warnings.js';

/** What `bankai init --json` prints: `schema/init.schema.json`. */
export interface InitReport {
  /** The repository's directory. */
  readonly repository: string;
  readonly commit: string;
  readonly base: { readonly weightsId: string; readonly name?: string };
  readonly model: {
    readonly path: string;
    readonly byteLength: number;
    /** A copy shares its blocks with the original until they change, where the disk can do that. */
    readonly made: 'copy' | 'in-place';
  };
  /** Patches that a clone's HEAD has, applied to the working model now. */
  readonly patches: number;
  /** What policies that only warn have against them. */
  readonly warnings: readonly string[];
}

const ways = { copy: 'copy', 'in-place': 'used in place' };

/** Writes where the repository is and what its base and working model are. */
export function renderInit(report: InitReport, view: View): string[] {
  const { style } = view;
  const base = report.base.name === undefined ? '' : `${printable(report.base.name)} `;
  return [
    report.patches === 0
      ? `Initialized empty Bankai repository in ${printable(report.repository)}`
      : `Ready: ${printable(report.repository)}, with ${plural(report.patches, 'patch', 'patches')} applied`,
    `Base:  ${base}${style.id(shortId(report.base.weightsId))}`,
    `Model: ${printable(report.model.path)} (${formatBytes(report.model.byteLength)}, ${ways[report.model.made]})`,
    ...warningLines(report.warnings, view),
  ];
}
