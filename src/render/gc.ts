/** Owns how the tidying of a repository is told: `bankai gc`. */
import { plural } from './number.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** What `bankai gc --json` prints: `schema/gc.schema.json`. */
export interface GcReport {
  readonly packed: number;
  readonly pack?: string;
  readonly pruned: number;
  readonly unreachable: number;
  readonly leftovers: number;
  readonly recovered?: string;
}

/** Writes what went where. */
export function renderGc({ packed, pruned, unreachable, leftovers, recovered }: GcReport, { width }: View): string[] {
  const facts = [
    ...(packed > 0 ? [`Packed ${plural(packed, 'loose object')}.`] : []),
    ...(pruned > 0 ? [`Removed ${plural(pruned, 'object')} that nothing needs.`] : []),
    ...(leftovers > 0 ? [`Removed ${plural(leftovers, 'unfinished file')}.`] : []),
  ];
  return [
    ...(recovered === undefined ? [] : [printable(recovered)]),
    ...(facts.length > 0 ? facts : ['There was nothing to tidy up.']),
    ...(unreachable > 0 ? [`${plural(unreachable, 'loose object')} that nothing needs can still be found by id.`] : []),
  ].flatMap((line) => wrap(line, width));
}
