/** Owns the line that is drawn while something is going on. */
import { formatDuration } from './duration.js';
import { formatCount, threeDigits } from './number.js';
import { pad, printable, truncate } from './text.js';
import { signs, type View } from './view.js';

/** How far something has got. */
export interface ProgressState {
  readonly label: string;
  readonly done: number;
  /** Absent when the end is not known: then there is neither bar nor time left. */
  readonly total?: number;
  readonly elapsedMs: number;
  /** What else is worth seeing, e.g. the gain so far. */
  readonly extra?: string;
}

const barCells = 20;

/**
 * Writes one progress line of exactly `view.width` cells: label, bar, done/total, rate, time left, extra. When it gets
 * narrow the bar goes first, then the rate; the rest is cut.
 */
export function formatProgress(state: ProgressState, view: View): string {
  const { ellipsis } = signs(view);
  const rate = state.elapsedMs > 0 ? (state.done / state.elapsedMs) * 1000 : 0;
  const count =
    state.total === undefined ? formatCount(state.done) : `${formatCount(state.done)}/${formatCount(state.total)}`;
  const known = state.total !== undefined && state.total > 0;
  const share = known ? Math.min(1, state.done / (state.total ?? 1)) : 0;
  const parts = {
    label: printable(state.label),
    bar: known ? bar(share, view.ascii) : '',
    count,
    rate: rate > 0 ? `${threeDigits(rate)}/s` : '',
    left: timeLeft(state, rate),
    extra: printable(state.extra ?? ''),
  };
  const join = (keys: readonly (keyof typeof parts)[]): string =>
    keys
      .map((key) => parts[key])
      .filter((part) => part !== '')
      .join('  ');
  const candidates = [
    join(['label', 'bar', 'count', 'rate', 'left', 'extra']),
    join(['label', 'count', 'rate', 'left', 'extra']),
    join(['label', 'count', 'left', 'extra']),
  ];
  const chosen = candidates.find((line) => truncate(line, view.width, ellipsis) === line) ?? candidates[2];
  return pad(truncate(chosen, view.width, ellipsis), view.width);
}

function bar(share: number, ascii: boolean): string {
  const filled = Math.round(share * barCells);
  const [full, empty] = ascii ? ['#', '-'] : ['█', '░'];
  return full.repeat(filled) + empty.repeat(barCells - filled);
}

function timeLeft(state: ProgressState, rate: number): string {
  if (state.total === undefined || rate <= 0 || state.done >= state.total) return '';
  return `${formatDuration(((state.total - state.done) / rate) * 1000)} left`;
}
