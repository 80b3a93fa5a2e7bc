/** Owns how the overlap of two states looks: `bankai diff`. */
import { barChartSvg } from './bar-chart-svg.js';
import { formatCount, plural } from './number.js';
import { renderTable } from './table.js';
import { printable } from './text.js';
import { signs, type View } from './view.js';

/** Where a flip is: in one state, in both, or in both and so gone from the two composed. */
export type DiffSide = 'a' | 'b' | 'both' | 'cancel';

/** What `bankai diff --json` prints: `schema/diff.schema.json`. */
export interface DiffReport {
  readonly a: { readonly name: string; readonly patches: number };
  readonly b: { readonly name: string; readonly patches: number };
  /** Flips in both; of these, those that cancel when the states are composed; flips in one only. */
  readonly both: number;
  readonly cancel: number;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly rows: readonly { readonly flip: string; readonly side: DiffSide }[];
  readonly layers: readonly LayerOverlap[];
}

export interface LayerOverlap {
  /** Absent for tensors outside the layers. */
  readonly layer?: number;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly both: number;
}

/** Writes the counts, a bar a layer, and the flips that both states touch; all flips with `everyFlip`. */
export function renderDiff(report: DiffReport, view: View, everyFlip = false): string[] {
  const { style } = view;
  const a = printable(report.a.name);
  const b = printable(report.b.name);
  if (report.onlyA + report.onlyB + report.both === 0) return ['No flips on either side.'];
  const listed = everyFlip ? report.rows : report.rows.filter((row) => row.side === 'both' || row.side === 'cancel');
  const counts = renderTable(
    [{ header: '' }, { header: '', flexible: true }, { header: '', align: 'right' }],
    [
      ['a', a, plural(report.a.patches, 'patch', 'patches')],
      ['b', b, plural(report.b.patches, 'patch', 'patches')],
    ],
    view,
  );
  return [
    ...counts,
    '',
    [
      style.bad(`${formatCount(report.onlyA)} only in a`),
      style.good(`${formatCount(report.onlyB)} only in b`),
      style.warning(`${formatCount(report.both)} in both`),
    ].join(', ') +
      (report.cancel > 0 ? style.warning(` (${formatCount(report.cancel)} cancel in a ${signs(view).xor} b)`) : ''),
    ...(report.layers.length === 0 ? [] : ['', ...layerLines(report.layers, view)]),
    ...(listed.length === 0 ? [] : ['', ...rowLines(listed, view)]),
  ];
}

/** Writes the counts and a bar a layer. */
export const renderDiffStat = (report: DiffReport, view: View): string[] => renderDiff({ ...report, rows: [] }, view);

/** Draws a bar a layer and side: what only a flips to the left, what only b flips, or both, to the right. */
export function diffSvg({ a, b, layers, both, onlyA, onlyB }: DiffReport): string {
  const bars = layers.flatMap(({ layer, ...counts }) => {
    const name = layer === undefined ? 'other' : `layer ${layer}`;
    const bar = (label: string, count: number, sign: 1 | -1) =>
      count === 0 ? [] : [{ label: `${name} ${label}`, value: sign * count, note: formatCount(count) }];
    return [...bar('only a', counts.onlyA, -1), ...bar('both', counts.both, 1), ...bar('only b', counts.onlyB, 1)];
  });
  return barChartSvg({
    title: `a ${a.name}, b ${b.name}`,
    description: `Flips by layer: ${onlyA} only in a, ${both} in both, ${onlyB} only in b.`,
    bars,
  });
}

/** One line a layer: three counts, and a bar of what only a, both, and only b flip. */
function layerLines(layers: readonly LayerOverlap[], view: View): string[] {
  const { style } = view;
  const label = (layer: LayerOverlap): string => (layer.layer === undefined ? 'other' : String(layer.layer));
  const headers = ['only a', 'both', 'only b'];
  const countsOf = (layer: LayerOverlap): string[] => [layer.onlyA, layer.both, layer.onlyB].map(formatCount);
  const widths = headers.map((text, i) => Math.max(text.length, ...layers.map((layer) => countsOf(layer)[i].length)));
  const most = Math.max(...layers.map((layer) => layer.onlyA + layer.both + layer.onlyB));
  const room = view.width - 5 - widths.reduce((sum, width) => sum + width + 2, 0) - 2;
  // Two cells are kept back: parts that round to nothing still get one.
  const scale = Math.min(1, (room - 2) / most);
  const [aSign, bothSign, bSign] = view.ascii ? ['-', '#', '+'] : ['░', '█', '▒'];
  const cells = (count: number): number => (count === 0 ? 0 : Math.max(1, Math.floor(count * scale)));
  const header = `layer${headers.map((text, i) => `  ${text.padStart(widths[i])}`).join('')}`;
  return [
    style.faint(header),
    ...layers.map((layer) => {
      const counts = countsOf(layer).map((count, i) => `  ${count.padStart(widths[i])}`);
      const bar =
        style.bad(aSign.repeat(cells(layer.onlyA))) +
        style.warning(bothSign.repeat(cells(layer.both))) +
        style.good(bSign.repeat(cells(layer.onlyB)));
      return `${label(layer).padStart(5)}${counts.join('')}  ${bar}`.trimEnd();
    }),
  ];
}

function rowLines(rows: DiffReport['rows'], view: View): string[] {
  const { style } = view;
  const words = {
    a: { text: 'only a', paint: style.bad },
    b: { text: 'only b', paint: style.good },
    both: { text: 'both', paint: style.warning },
    cancel: { text: 'cancels', paint: style.warning },
  };
  return renderTable(
    [{ header: 'flip', flexible: true }, { header: 'in' }],
    rows.map((row) => [row.flip, words[row.side]]),
    view,
  );
}
