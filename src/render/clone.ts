/** Owns how the result of a clone looks. */
import { renderFetch, type FetchReport } from './fetch.js';
import { plural } from './number.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';
import { warningLines } from './warnings.js';

/** What `bankai clone --json` prints: `schema/clone.schema.json`. */
export interface CloneReport {
  readonly repository: string;
  readonly fetched: FetchReport;
  /** Absent for a remote without branches. */
  readonly head?: { readonly branch: string; readonly commit: string; readonly patches: number };
  /** With a base model. */
  readonly model?: { readonly path: string; readonly byteLength: number; readonly made: string };
  /** What policies that only warn have against the patches that came into the model. */
  readonly warnings: readonly string[];
}

/** Writes what was cloned to where, and what is left to do. */
export function renderClone({ repository, fetched, head, model, warnings }: CloneReport, view: View): string[] {
  const { style } = view;
  const state = head && (head.patches === 0 ? 'the base' : plural(head.patches, 'patch', 'patches'));
  return [
    ...(head ? renderFetch(fetched, view) : [style.warning('You have cloned an empty repository.')]),
    ...wrap(`Cloned into ${printable(repository)}`, view.width),
    ...(head ? wrap(`On branch ${printable(head.branch)} (${state})`, view.width) : []),
    ...wrap(
      model
        ? `The working model ${printable(model.path)} carries it.`
        : 'Run "bankai init --model FILE" there with the base model to use it.',
      view.width,
    ),
    ...warningLines(warnings, view),
  ];
}
