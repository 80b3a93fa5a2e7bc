/** Owns the one line of a terminal that is drawn over and over while something is going on. */
import { formatProgress } from '../../src/render/progress.js';
import type { View } from '../../src/render/view.js';
import type { Stream } from './view.js';

/** How far a workflow says it has got. */
export interface ProgressUpdate {
  readonly done: number;
  readonly total?: number;
  /** What else is worth seeing, e.g. the gain so far. */
  readonly extra?: string;
}

export interface LiveLine {
  /** Draws, unless the last drawing was less than a tenth of a second ago. */
  update(update: ProgressUpdate): void;
  /** Leaves no trace of the line. */
  clear(): void;
}

const intervalMs = 100;
// What is over sooner than this needs no progress; it would only flicker.
const patienceMs = 300;

/** Draws on a terminal; on anything else it does nothing. `now` gives milliseconds. */
export function liveLine(
  stream: Stream & { write(text: string): unknown },
  label: string,
  view: View,
  now: () => number = () => performance.now(),
): LiveLine {
  const start = now();
  let next = start + patienceMs;
  let drawn = false;
  // The last column stays free: a character there wraps the line on some terminals.
  const narrower = { ...view, width: view.width - 1 };
  return {
    update(update) {
      const time = now();
      if (stream.isTTY !== true || time < next) return;
      next = time + intervalMs;
      drawn = true;
      stream.write(`\r${formatProgress({ label, elapsedMs: time - start, ...update }, narrower)}`);
    },
    clear() {
      if (drawn) stream.write(`\r${' '.repeat(narrower.width)}\r`);
      drawn = false;
    },
  };
}
