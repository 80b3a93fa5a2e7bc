/** Owns how an error looks: to people as git writes it, to programs as `schema/error.schema.json` says. */
import { displayWidth, printable, printableLines } from './text.js';
import type { View } from './view.js';

/** An error as `--json` prints it. */
export interface ErrorReport {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

/** Writes `error: …`, the place where a text is wrong, and `hint: …`. Lines are not wrapped: commands in a hint are there to be copied. */
export function renderError({ error }: ErrorReport, { style }: View): string[] {
  return [
    ...printableLines(error.message).map((line) => `${style.bad('error:')} ${line}`),
    ...pointAt(error.data),
    ...printableLines(error.hint ?? '').flatMap((line) => (line === '' ? [] : [`${style.warning('hint:')} ${line}`])),
  ];
}

/** The text that an error is about, with a caret below the character that it is at. */
function pointAt({ text, at }: ErrorReport['error']['data']): string[] {
  if (typeof text !== 'string' || typeof at !== 'number') return [];
  return [`  ${printable(text)}`, `  ${' '.repeat(displayWidth(printable(text.slice(0, at))))}^`];
}
