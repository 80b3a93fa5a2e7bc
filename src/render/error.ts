/** Owns how an error looks: to people as git writes it, to programs as `schema/error.schema.json` says. */
import { printableLines } from './text.js';
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

/** Writes `error: …` and `hint: …`. Lines are not wrapped: commands in a hint are there to be copied. */
export function renderError({ error }: ErrorReport, { style }: View): string[] {
  return [
    ...printableLines(error.message).map((line) => `${style.bad('error:')} ${line}`),
    ...printableLines(error.hint ?? '').flatMap((line) => (line === '' ? [] : [`${style.warning('hint:')} ${line}`])),
  ];
}
