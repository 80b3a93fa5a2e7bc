/** Owns how experiments put numbers into words: every word follows from a number. */
import type { AnswerComparison } from '../src/search/evaluate.js';
import type { TextComparison } from '../src/search/texts.js';
import { formatChange, formatProbability } from '../src/render/number.js';

/** From this p-value on a difference may be chance. */
const SIGNIFICANT = 0.05;

/** `50 to 71 of 151 right (24 fixed, 3 broke, p = 0.00005)` */
export function answersInWords({ rightBefore, rightAfter, total, fixed, broke, p }: AnswerComparison): string {
  return `${rightBefore} to ${rightAfter} of ${total} right (${fixed} fixed, ${broke} broke, ${formatProbability(p)})`;
}

/** `a significant gain`, `a significant loss` or `no significant change`. */
export function verdictOf({ fixed, broke, p }: AnswerComparison): string {
  if (p >= SIGNIFICANT) return 'no significant change';
  return fixed > broke ? 'a significant gain' : 'a significant loss';
}

export const isGain = ({ fixed, broke, p }: AnswerComparison): boolean => fixed > broke && p < SIGNIFICANT;
export const isLoss = ({ fixed, broke, p }: AnswerComparison): boolean => fixed < broke && p < SIGNIFICANT;
export const net = ({ fixed, broke }: AnswerComparison): number => fixed - broke;

/** The answers as four cells of a table; their headers are `answerColumns`. */
export function answerCells({ rightBefore, rightAfter, total, fixed, broke, p }: AnswerComparison): string[] {
  return [`${rightBefore} → ${rightAfter} of ${total}`, String(fixed), String(broke), formatProbability(p)];
}

export const answerColumns = (what: string): string[] => [`${what} right`, 'fixed', 'broke', 'chance'];

/** A bar for fixed − broke. */
export const answerBar = (label: string, comparison: AnswerComparison) => ({
  label,
  value: net(comparison),
  note: `+${comparison.fixed} −${comparison.broke}`,
});

/** `+0.29 %` */
export function perplexityChange({ perplexityBefore, perplexityAfter }: TextComparison): string {
  return percent(perplexityAfter / perplexityBefore - 1, 2);
}

/** A signed share of one as percent. */
export function percent(share: number, digits = 1): string {
  return `${formatChange(100 * share, digits)} %`;
}

/** `a`, `a and b`, `a, b and c` */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
