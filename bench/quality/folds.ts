/** Owns judges that are no held-out files: every probe of a set is asked in one fold, and searched by in the others. */
import { type Probe, type ProbeSet } from '../../src/index.js';
import { nearDuplicates } from '../../src/search/split.js';
import { seededRandom, shuffle } from '../../src/search/random.js';

/** A set without a part of it, and that part. */
export interface Fold {
  readonly searched: ProbeSet;
  readonly asked: readonly Probe[];
}

/** Cuts a set into folds, each with its part of every category, drawn by the seed; what is nearly the same stays together. */
export function foldsOf(set: ProbeSet, count: number, seed: number): Fold[] {
  const categoryOf = ([first]: readonly number[]): string => set.probes[first].category ?? '';
  const groups = shuffle(nearDuplicates(set.probes), seededRandom(seed)).sort((a, b) =>
    compare(categoryOf(a), categoryOf(b)),
  );
  const foldOf = new Map(groups.flatMap((group, index) => group.map((probe) => [probe, index % count])));
  return Array.from({ length: count }, (_, fold) => ({
    searched: { ...set, probes: set.probes.filter((_probe, index) => foldOf.get(index) !== fold) },
    asked: set.probes.filter((_probe, index) => foldOf.get(index) === fold),
  }));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
