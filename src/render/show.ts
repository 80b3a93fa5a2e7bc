/** Owns how one patch looks: `bankai show`. */
import { type EvaluationReport, renderEvaluation } from './evaluation.js';
import { figureSvg, captioned } from './figure-svg.js';
import { barPanel } from './bar-chart-svg.js';
import { type CoursePoint, coursePanel } from './course-svg.js';
import { shortId } from './id.js';
import { renderSparkline } from './sparkline.js';
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
  /** SHA-256 of what was signed, by which it can be named; absent where that does not hold. */
  readonly digest?: string;
  readonly signer: string;
  /** `unknown`: the signature holds, but nobody here vouches for the signer. */
  readonly verified: 'good' | 'bad' | 'unknown';
  readonly summary: readonly string[];
  /** How a search got there. */
  readonly course?: readonly CoursePoint[];
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
    `${verdict} ${printable(statement.signer)} (${called(statement)})`,
    ...statement.summary.flatMap((line) => wrap(printable(line), view.width - 4)).map((line) => `    ${line}`),
    ...courseLines(statement.course ?? [], view),
    ...(statement.evaluation ? renderEvaluation(statement.evaluation, { ...view, width: view.width - 4 }) : []).map(
      (line) => `    ${line}`,
    ),
  ];
}

const called = ({ kind, digest }: StatementSummary): string =>
  digest === undefined ? printable(kind) : `${printable(kind)} ${shortId(digest)}`;

function courseLines(course: readonly CoursePoint[], view: View): string[] {
  const held = course.flatMap(({ heldBackRight }) => (heldBackRight === undefined ? [] : [heldBackRight]));
  const line = (name: string, values: readonly number[]): string =>
    `    ${name.padEnd(10)} ${view.style.name(renderSparkline(values, view.width - 15, view))}`;
  if (course.length < 2) return [];
  const objectives = course.map(({ objective }) => objective);
  return [line('objective', objectives), ...(held.length < 2 ? [] : [line('held back', held)])];
}

/** Draws a patch: the course of its search, where that is known, and its flips by layer. */
export function patchSvg(report: PatchReport): string {
  const course = report.statements.find((statement) => statement.course !== undefined)?.course ?? [];
  const inLayers = report.tensors.filter((tensor) => tensor.layer !== undefined);
  const layers = 1 + Math.max(-1, ...inLayers.map(({ layer = -1 }) => layer));
  const bars = Array.from({ length: layers }, (_, layer) => {
    const here = inLayers.filter((tensor) => tensor.layer === layer);
    const flips = here.reduce((sum, tensor) => sum + tensor.flips, 0);
    const note = here.map((tensor) => `${tensor.projection} ${tensor.flips}`).join(', ');
    return { label: `layer ${String(layer).padStart(String(layers - 1).length)}`, value: flips, note };
  });
  const hasHeldBack = course.some(({ heldBackRight }) => heldBackRight !== undefined);
  const gained =
    course.length > 1
      ? ` Its search raised the objective from ${course[0].objective.toFixed(4)} to ${course[course.length - 1].objective.toFixed(4)}.`
      : '';
  const message = report.message === undefined ? '' : `: ${report.message.split('\n')[0]}`;
  return figureSvg({
    title: `Patch ${shortId(report.id)}${message}`,
    description: `${plural(report.flips, 'flip')} in ${plural(layers, 'layer')}.${gained}`,
    panels: [
      ...(course.length > 1
        ? [
            captioned(
              hasHeldBack
                ? 'Objective of the search (blue, left) and right answers to held-back probes (orange, right)'
                : 'Objective of the search',
              coursePanel(course),
            ),
          ]
        : []),
      captioned('Flips by layer', barPanel(bars)),
    ],
  });
}
