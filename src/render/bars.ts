/** Owns horizontal bar charts in a terminal. */
import { displayWidth, pad, printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** One bar: positive values grow to the right of the axis, negative ones to the left. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** How the value is written after the bar. */
  readonly note: string;
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Draws one line a bar, all to one scale, with the axis between the signs when both occur. */
export function renderBars(bars: readonly Bar[], view: View): string[] {
  if (bars.length === 0) return [];
  const labels = bars.map((bar) => truncate(printable(bar.label), Math.floor(view.width / 3), signs(view).ellipsis));
  const labelWidth = Math.max(...labels.map(displayWidth));
  const noteWidth = Math.max(...bars.map((bar) => displayWidth(bar.note)));
  const highest = Math.max(0, ...bars.map((bar) => bar.value));
  const lowest = Math.max(0, ...bars.map((bar) => -bar.value));
  const bothSigns = highest > 0 && lowest > 0;
  const room = Math.max(2, view.width - labelWidth - noteWidth - 2 - (bothSigns ? 1 : 0));
  const span = highest + lowest;
  // Divided first: room / span can overflow.
  const cellsOf = (value: number): number => (span === 0 ? 0 : (value / span) * room);
  const left = bothSigns ? Math.round(cellsOf(lowest)) : lowest > 0 ? room : 0;
  const right = room - left;
  return bars.map((bar, i) => {
    const negative = barOf(Math.min(left, cellsOf(Math.max(0, -bar.value))), view.ascii, false);
    const positive = barOf(Math.min(right, cellsOf(Math.max(0, bar.value))), view.ascii, true);
    const axis = bothSigns ? (view.ascii ? '|' : '│') : '';
    const painted =
      view.style.warning(pad(negative, left, 'right')) + view.style.faint(axis) + view.style.name(pad(positive, right));
    return `${pad(labels[i], labelWidth)} ${painted} ${pad(bar.note, noteWidth, 'right')}`;
  });
}

/** A bar of `cells` cells. Only a bar that grows to the right can end in a part of a cell: blocks fill from the left. */
function barOf(cells: number, ascii: boolean, fractional: boolean): string {
  if (ascii) return '#'.repeat(Math.round(cells));
  if (!fractional) return '█'.repeat(Math.round(cells));
  const steps = Math.round(cells * 8);
  return '█'.repeat(Math.floor(steps / 8)) + eighths[steps % 8];
}
