/** Owns how one patch looks: `bankai show`. */
import { type EvaluationReport, renderEvaluation } from './evaluation.js';
import { shortId } from './id.js';
import { type LayerStrip, renderLayerStrips } from './layer-strips.js';
import { formatBytes, formatCount, plural } from './number.js';
import { renderTable } from './table.js';
import { printable, printableLines, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai show --json` prints: `schema/show.schema.json`. */
export interface PatchReport {
  readonly id: string;
  readonly base: { readonly weightsId: string; readonly name?: string };
  readonly message?: string;
  /** Flips in all, and by kind. */
  readonly flips: number;
  readonly kinds: { readonly row: number; readonly group: number; readonly scaleBit: number };
  /** Every tensor the patch touches; `layer` is absent for tensors outside the layers. */
  readonly tensors: readonly TensorFlips[];
  /** Size in the compact binary form. */
  readonly compactBytes: number;
  readonly statements: readonly StatementSummary[];
}

export interface TensorFlips {
  readonly tensor: string;
  readonly layer?: number;
  /** The tensor's name without its layer, e.g. `ffn_up`. */
  readonly projection: string;
  readonly flips: number;
}

/** A signed statement about the patch. */
export interface StatementSummary {
  readonly kind: string;
  readonly signer: string;
  /** `unknown`: the signature holds, but nobody here vouches for the signer. */
  readonly verified: 'good' | 'bad' | 'unknown';
  readonly summary: readonly string[];
  /** What an evaluation measured. */
  readonly evaluation?: EvaluationReport;
}

/** Writes what a patch is, where it is, and what is said about it by whom. */
export function renderPatch(report: PatchReport, view: View): string[] {
  const { style } = view;
  const base = report.base.name === undefined ? '' : `${printable(report.base.name)} `;
  const outside = report.tensors.filter((tensor) => tensor.layer === undefined);
  const picture = renderLayerStrips(stripsOf(report.tensors), view);
  return [
    style.id(`patch ${report.id}`),
    `Base:  ${base}${style.faint(shortId(report.base.weightsId))}`,
    `Flips: ${formatCount(report.flips)} (${kindsOf(report)}), ${formatBytes(report.compactBytes)}`,
    ...(report.message === undefined
      ? []
      : ['', ...printableLines(report.message).map((line) => `    ${line}`.trimEnd())]),
    ...(picture.length === 0 ? [] : ['', ...picture]),
    ...(outside.length === 0 ? [] : ['', ...outsideTable(outside, view)]),
    ...report.statements.flatMap((statement) => ['', ...statementLines(statement, view)]),
  ];
}

function kindsOf({ kinds }: PatchReport): string {
  const parts = [
    ...(kinds.row > 0 ? [plural(kinds.row, 'row')] : []),
    ...(kinds.group > 0 ? [plural(kinds.group, 'group')] : []),
    ...(kinds.scaleBit > 0 ? [plural(kinds.scaleBit, 'scale bit')] : []),
  ];
  return parts.length === 0 ? 'empty' : parts.join(', ');
}

function stripsOf(tensors: readonly TensorFlips[]): LayerStrip[] {
  const strips = new Map<string, number[]>();
  const layers = 1 + Math.max(-1, ...tensors.map((tensor) => tensor.layer ?? -1));
  for (const { layer, projection, flips } of tensors) {
    if (layer === undefined) continue;
    const perLayer = strips.get(projection) ?? new Array<number>(layers).fill(0);
    perLayer[layer] += flips;
    strips.set(projection, perLayer);
  }
  return [...strips].map(([label, perLayer]) => ({ label, perLayer })).sort((a, b) => (a.label < b.label ? -1 : 1));
}

function outsideTable(tensors: readonly TensorFlips[], view: View): string[] {
  return renderTable(
    [
      { header: 'tensor', flexible: true },
      { header: 'flips', align: 'right' },
    ],
    tensors.map((tensor) => [tensor.tensor, String(tensor.flips)]),
    view,
  );
}

function statementLines(statement: StatementSummary, view: View): string[] {
  const { style } = view;
  const { good, bad } = signs(view);
  const verdict = {
    good: style.good(`${good} signed by`),
    bad: style.bad(`${bad} BAD SIGNATURE of`),
    unknown: style.warning('? signed by unknown key'),
  }[statement.verified];
  return [
    `${verdict} ${printable(statement.signer)} (${printable(statement.kind)})`,
    ...statement.summary.flatMap((line) => wrap(printable(line), view.width - 4)).map((line) => `    ${line}`),
    ...(statement.evaluation ? renderEvaluation(statement.evaluation, { ...view, width: view.width - 4 }) : []).map(
      (line) => `    ${line}`,
    ),
  ];
}
