/** Owns how two answers to one prompt look: `bankai try`. */
import { displayWidth, pad, printableLines, wrap } from './text.js';
import type { View } from './view.js';

/** What `bankai try --json` prints: `schema/try.schema.json`. */
export interface TryReport {
  readonly prompt: string;
  /** The stack expression that made `patched`. */
  readonly stack: string;
  /** Generated text, without the prompt. */
  readonly base: string;
  readonly patched: string;
}

/** Writes both answers side by side, or one under the other when either does not fit half the width. */
export function renderTry(report: TryReport, view: View): string[] {
  const { style } = view;
  const prompt = printableLines(report.prompt).flatMap((line) => wrap(line, view.width - 2));
  const base = printableLines(report.base.trim());
  const patched = printableLines(report.patched.trim());
  const stack = printableLines(report.stack).join(' ');
  const head = prompt.map((line) => `${style.faint('>')} ${line}`);
  const same = report.base.trim() === report.patched.trim();
  const note = same ? ['', style.faint('Both answers are the same.')] : [];
  const half = Math.floor((view.width - 2) / 2);
  const fits = [...base, ...patched, stack].every((line) => displayWidth(line) <= half);
  if (!fits) {
    const block = (title: string, lines: readonly string[]): string[] => [
      style.strong(wrap(title, view.width)[0]),
      ...lines.flatMap((line) => wrap(line, view.width - 2)).map((line) => `  ${line}`.trimEnd()),
    ];
    return [...head, '', ...block('base', base), '', ...block(stack, patched), ...note];
  }
  const column = Math.min(half, Math.max(20, ...base.map(displayWidth)));
  const rows = Array.from({ length: Math.max(base.length, patched.length) }, (_, i) =>
    `${pad(base[i] ?? '', column)}  ${patched[i] ?? ''}`.trimEnd(),
  );
  return [...head, '', `${style.strong(pad('base', column))}  ${style.strong(stack)}`, ...rows, ...note];
}
