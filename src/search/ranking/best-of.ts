/** Owns the keeping of the best of many without holding them all. */

/** A collection that remembers the best. */
export interface BestOf<T> {
  /** Takes something with a score above 0; it is made only where it is among the best so far. */
  add(score: number, make: () => T): void;
  /** The best, best first; of equal ones those that were added first. */
  list(): T[];
}

/** Keeps the `most` things of the highest score. */
export function bestOf<T>(most: number): BestOf<T> {
  let kept: { score: number; value: T }[] = [];
  let floor = 0;
  const shorten = (): void => {
    // The sort is stable.
    kept = kept.sort((a, b) => b.score - a.score).slice(0, most);
    if (kept.length === most && most > 0) floor = kept[most - 1].score;
  };
  return {
    add(score, make) {
      if (!(score > floor)) return;
      kept.push({ score, value: make() });
      if (kept.length >= 2 * most) shorten();
    },
    list() {
      shorten();
      return kept.map(({ value }) => value);
    },
  };
}
