/** Owns tables: aligned columns under a header, fitted to the width of the view. */
import type { Paint } from './style.js';
import { displayWidth, pad, printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** A column: its header, and how its cells behave. */
export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
  /** Gives way, with an ellipsis, when the table is too wide. Without any such column the widest one does. */
  readonly flexible?: boolean;
}

/** A cell: its text, which is made printable here, and how to paint it. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

const gap = '  ';
const narrowest = 4;

/** Lays out rows under their headers; no line is wider than the view. Without rows there are no lines. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], view: View): string[] {
  if (rows.length === 0) return [];
  const texts = rows.map((row) => row.map((cell) => printable(typeof cell === 'string' ? cell : cell.text)));
  const widths = fit(columns, texts, view.width);
  const { ellipsis } = signs(view);
  const line = (cells: readonly string[], paint: (text: string, column: number) => string): string =>
    cells
      .map((text, i) => {
        const cell = pad(truncate(text, widths[i], ellipsis), widths[i], columns[i].align);
        // Trailing padding of the last column is cut before painting, or it could not be cut at all.
        return paint(i === cells.length - 1 ? cell.trimEnd() : cell, i);
      })
      .join(gap)
      .trimEnd();
  const headers = columns.map((column) => column.header);
  const header = headers.every((text) => text === '') ? [] : [line(headers, view.style.faint)];
  const body = rows.map((row, r) =>
    line(texts[r], (text, i) => {
      const cell = row[i];
      return typeof cell === 'string' ? text : cell.paint(text);
    }),
  );
  return [...header, ...body];
}

/** Natural column widths, with the flexible columns, widest first, narrowed until the sum fits. */
function fit(columns: readonly Column[], texts: readonly (readonly string[])[], available: number): number[] {
  const widths = columns.map((column, i) =>
    texts.reduce((widest, row) => Math.max(widest, displayWidth(row[i])), displayWidth(column.header)),
  );
  const gaps = gap.length * (columns.length - 1);
  let excess = widths.reduce((sum, width) => sum + width, gaps) - available;
  const flexible = widths.map((_, i) => i).filter((i) => columns[i].flexible === true);
  const rest = widths.map((_, i) => i).filter((i) => columns[i].flexible !== true);
  for (const candidates of [flexible, rest]) {
    while (excess > 0) {
      const widest = candidates.reduce((a, b) => (widths[b] > widths[a] ? b : a), candidates[0] ?? -1);
      if (widest < 0 || widths[widest] <= narrowest) break;
      widths[widest] -= 1;
      excess -= 1;
    }
  }
  return widths;
}
