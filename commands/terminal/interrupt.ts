/** Owns Ctrl-C: the first asks, the second insists. */
import { exitCodes } from './failure.js';

/** As much of `process` as it takes. */
export interface Interruptible {
  on(signal: 'SIGINT', listener: () => void): unknown;
  exit(code: number): void;
}

/** Gives a signal that the first SIGINT aborts, after telling `onFirst`; the second one exits with 130 at once. */
export function abortOnInterrupt(program: Interruptible, onFirst: () => void): AbortSignal {
  const controller = new AbortController();
  program.on('SIGINT', () => {
    if (controller.signal.aborted) {
      program.exit(exitCodes.interrupted);
      return;
    }
    onFirst();
    controller.abort();
  });
  return controller.signal;
}
