/** Owns package `diff`: the unified diff of two texts. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { printable } from './text.js';
import type { View } from './view.js';

/** A text and the name it goes by in the diff. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Writes a unified diff as `diff -u` does. Equal texts give no lines. Lines are not cut: they may be piped to `patch`. */
export function renderTextDiff(before: NamedText, after: NamedText, view: View): string[] {
  if (before.text === after.text) return [];
  const patch = createTwoFilesPatch(before.name, after.name, before.text, after.text, undefined, undefined, {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
  return patch
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => paintLine(line, view));
}

function paintLine(raw: string, { style }: View): string {
  const line = printable(raw);
  if (line.startsWith('---') || line.startsWith('+++')) return style.strong(line);
  if (line.startsWith('@@')) return style.name(line);
  if (line.startsWith('+')) return style.good(line);
  return line.startsWith('-') ? style.bad(line) : line;
}
