/** Owns the picture of where a patch is: one strip a projection, one cell a layer, darker for more flips. */
import { formatCount } from './number.js';
import { displayWidth, pad, printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** Flips in the tensors of one projection, e.g. `ffn_up`; `perLayer[layer]` counts them. */
export interface LayerStrip {
  readonly label: string;
  readonly perLayer: readonly number[];
}

const blocks = '▁▂▃▄▅▆▇█';
const digits = '123456789';

/** Draws the strips to one scale, under a ruler of layer numbers, folded when there are more layers than columns. */
export function renderLayerStrips(strips: readonly LayerStrip[], view: View): string[] {
  const layers = Math.max(0, ...strips.map((strip) => strip.perLayer.length));
  if (layers === 0) return [];
  const labels = strips.map((strip) => truncate(printable(strip.label), 16, signs(view).ellipsis));
  const labelWidth = Math.max('layer'.length, ...labels.map(displayWidth));
  const totals = strips.map((strip) => formatCount(strip.perLayer.reduce((sum, count) => sum + count, 0)));
  const totalWidth = Math.max(...totals.map((total) => total.length));
  const most = Math.max(1, ...strips.flatMap((strip) => strip.perLayer));
  const perLine = Math.max(10, Math.floor((view.width - labelWidth - totalWidth - 3) / 10) * 10);
  const lines: string[] = [];
  for (let first = 0; first < layers; first += perLine) {
    const end = Math.min(layers, first + perLine);
    lines.push(view.style.faint(`${pad('layer', labelWidth)}  ${ruler(first, end)}`));
    strips.forEach((strip, s) => {
      const cells = Array.from({ length: end - first }, (_, i) => cell(strip.perLayer[first + i] ?? 0, most, view));
      const total = end === layers ? ` ${pad(totals[s], totalWidth, 'right')}` : '';
      lines.push(`${pad(labels[s], labelWidth)}  ${cells.join('')}${total}`);
    });
  }
  return lines;
}

/** Layer numbers at every tenth layer: `0         10        20`. */
function ruler(first: number, end: number): string {
  let line = '';
  for (let layer = first; layer < end; layer += 10) line = line.padEnd(layer - first) + String(layer);
  return line;
}

function cell(count: number, most: number, view: View): string {
  if (count === 0) return view.style.faint(signs(view).dot);
  const levels = view.ascii ? digits : blocks;
  return levels[Math.min(levels.length - 1, Math.ceil((count / most) * levels.length) - 1)];
}
