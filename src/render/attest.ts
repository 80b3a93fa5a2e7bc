/** Owns how `bankai attest` and `bankai key revoke` look. */
import { type EvaluationReport, renderEvaluation } from './evaluation.js';
import { shortId } from './id.js';
import { plural } from './number.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** What `bankai attest --json` prints: `schema/attest.schema.json`. */
export interface AttestReport {
  readonly commit: string;
  readonly branch?: string;
  readonly message: string;
  readonly patch: string;
  /** Id of the key that signed. */
  readonly signer: string;
  /** Of a review. */
  readonly verdict?: 'approve' | 'reject';
  readonly read?: boolean;
  readonly ran?: boolean;
  readonly evaluation?: EvaluationReport;
  /** Of a revocation. */
  readonly reason?: string;
  /** The statement that was signed beside others, and who had signed it before. */
  readonly coSigned?: { readonly kind: string; readonly statement: string; readonly signers: readonly string[] };
}

/** Writes the commit as git does, and what was measured. */
export function renderAttest(report: AttestReport, view: View): string[] {
  const { style } = view;
  const place = report.branch === undefined ? 'detached HEAD' : printable(report.branch);
  return [
    `[${style.name(place)} ${style.id(shortId(report.commit))}] ${printable(report.message)}`,
    ` signed by ${style.id(shortId(report.signer))}${report.coSigned ? `, after ${report.coSigned.signers.map((id) => style.id(shortId(id))).join(', ')}` : ''}`,
    ...(report.reason === undefined ? [] : wrap(printable(report.reason), view.width - 1).map((line) => ` ${line}`)),
    ...(report.evaluation ? renderEvaluation(report.evaluation, view, false) : []).map((line) => ` ${line}`),
  ];
}

/** What `bankai key revoke --json` prints: `schema/key-revoke.schema.json`. */
export interface RevokedKeyReport {
  readonly name: string;
  readonly id: string;
  readonly reason: string;
  readonly signer: string;
  /** Patches of HEAD beside which it was recorded. */
  readonly patches: number;
  readonly commit?: string;
}

/** Writes which key is not believed any more. */
export const renderRevokedKey = (report: RevokedKeyReport, view: View): string[] => [
  ...wrap(`Key ${printable(report.name)} ${shortId(report.id)} is revoked: ${printable(report.reason)}`, view.width),
  ...(report.commit === undefined
    ? []
    : [`Recorded beside ${plural(report.patches, 'patch', 'patches')} in ${shortId(report.commit)}.`]),
];
