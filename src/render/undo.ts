/** Owns how an undo looks. */
import { type ChangeReport, renderChange } from './change.js';
import { shortId } from './id.js';
import { printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai undo --json` prints: `schema/undo.schema.json`. */
export interface UndoReport extends ChangeReport {
  /** What was undone, in the words of the reflog. */
  readonly operation: string;
  /** Refs that are back where they were; a side is absent where there is no such ref. */
  readonly refs: readonly { readonly name: string; readonly before?: string; readonly after?: string }[];
}

/** Writes what was undone, the refs that are back, and what that did to the model. */
export function renderUndo(report: UndoReport, view: View): string[] {
  const { style } = view;
  const { arrow, ellipsis } = signs(view);
  const place = (id: string | undefined) => (id === undefined ? 'none' : style.id(shortId(id)));
  const room = view.width - 40;
  return renderChange(
    [
      `Undid ${style.strong(truncate(printable(report.operation), view.width - 8, ellipsis))}`,
      ...report.refs.map(
        ({ name, before, after }) =>
          `   ${style.name(truncate(printable(name), room, ellipsis))} ${place(before)} ${arrow} ${place(after)}`,
      ),
    ],
    report,
    view,
  );
}
