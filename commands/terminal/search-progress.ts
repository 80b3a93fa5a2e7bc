/** Owns how far a search is, as the live line shows it. */
import type { SearchProgress } from '../../src/search/strategy.js';
import type { ProgressUpdate } from './live-line.js';

/** Counts the trials of a search where they are limited, or else the flips, of which it knows how many there can be. */
export function searchUpdate(
  { rehearsal = false, iterations, accepted, flips, mostFlips, gain }: SearchProgress,
  limit: number | undefined,
): ProgressUpdate {
  const gained = `${rehearsal ? 'rehearsal, ' : ''}gain ${gain.toFixed(4)}`;
  if (limit !== undefined) return { done: iterations, total: limit, extra: `${gained}, ${accepted} kept` };
  if (mostFlips === undefined) return { done: iterations, extra: `${gained}, ${accepted} kept` };
  return { done: flips, total: mostFlips, extra: `${gained}, ${iterations} tried` };
}
