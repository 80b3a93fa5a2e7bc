/** Owns how long computations let the rest of the program have a turn. */

/** Waits for one turn of the event loop, so that signals, timers and input get through. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
