/** Owns the keeping of the best of many without holding them all. */

/** What has a score. */
interface Scored {
  readonly score: number;
}

/** A collection that remembers the best. */
export interface BestOf<T extends Scored> {
  /** Whether something with such a score is among the best so far, and so worth making. */
  takes(score: number): boolean;
  /** Takes what is worth it. */
  add(item: T): void;
  /** The best, of equal ones those that were added first; in the order in which they were added. */
  list(): T[];
}

/** Keeps the `most` things, at least one, of the highest score above `floor`. */
export function bestOf<T extends Scored>(most: number, floor = 0): BestOf<T> {
  let kept: T[] = [];
  /** Drops what is too much. */
  const shorten = (): void => {
    if (kept.length < most) return;
    const scores = new Float64Array(kept.map(({ score }) => score)).sort();
    floor = scores[scores.length - most];
    let equalKept = most - (scores.length - 1 - scores.lastIndexOf(floor));
    kept = kept.filter(({ score }) => score > floor || (score === floor && equalKept-- > 0));
  };
  return {
    takes: (score) => score > floor,
    add(item) {
      if (!(item.score > floor)) return;
      kept.push(item);
      if (kept.length >= 2 * most) shorten();
    },
    list() {
      shorten();
      return kept;
    },
  };
}
