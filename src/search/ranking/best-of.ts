/** Owns the keeping of the best of many without holding them all. */

/** A collection that remembers the best. */
export interface BestOf<T> {
  /** Whether something with such a score is among the best so far, and so worth making. */
  takes(score: number): boolean;
  /** Takes what is worth it. */
  add(score: number, value: T): void;
  /** The best, best first; of equal ones those that were added first. */
  list(): T[];
}

/** Keeps the `most` things of the highest score above `floor`. */
export function bestOf<T>(most: number, floor = 0): BestOf<T> {
  let kept: { score: number; value: T }[] = [];
  const shorten = (): void => {
    // The sort is stable.
    kept = kept.sort((a, b) => b.score - a.score).slice(0, most);
    if (kept.length === most && most > 0) floor = kept[most - 1].score;
  };
  return {
    takes: (score) => score > floor,
    add(score, value) {
      if (!(score > floor)) return;
      kept.push({ score, value });
      if (kept.length >= 2 * most) shorten();
    },
    list() {
      shorten();
      return kept.map(({ value }) => value);
    },
  };
}
