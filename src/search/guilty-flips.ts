/**
 * Owns the search for the flips inside a patch that make it bad.
 *
 * As a rule it is one flip, and a binary search over prefixes of the patch finds it in ⌈log₂ n⌉ tests. Whether that flip
 * acts alone is then tested, not assumed: if it does not, the search goes on in what came before it, with what was
 * found held in place (delta debugging: Zeller & Hildebrandt 2002, "Simplifying and isolating failure-inducing input").
 */

/** What was found, and how certain it is: every statement here was tested. */
export interface GuiltyFlips<F> {
  /** In the order of the patch. Where `sufficient`, they alone are bad and each of them is needed for it. */
  readonly flips: readonly F[];
  /** These flips alone, without the rest of the patch, are bad. False where more than the limit act together. */
  readonly sufficient: boolean;
  /** The rest of the patch, without these flips, is good. False where others in it do the same once more. */
  readonly necessary: boolean;
}

/**
 * Finds a set of flips that is bad and of which no flip can be spared. `isBad` judges any subset of the patch; none of it
 * is good, all of it is bad. `limit` is how many flips are looked for.
 */
export async function findGuiltyFlips<F>(
  patch: readonly F[],
  isBad: (flips: readonly F[]) => Promise<boolean>,
  limit: number,
): Promise<GuiltyFlips<F>> {
  const inOrder = (chosen: ReadonlySet<F>): F[] => patch.filter((flip) => chosen.has(flip));
  const found = new Set<F>();
  let pool = patch;
  let sufficient = false;
  while (!sufficient && found.size < limit) {
    const last = await lastNeeded(pool, (prefix) => isBad(inOrder(new Set([...prefix, ...found]))));
    found.add(pool[last]);
    pool = pool.slice(0, last);
    // What is left of the pool may be nothing: then that the set is bad has been tested.
    sufficient = await isBad(inOrder(found));
  }
  if (sufficient) await dropSpare(found, (chosen) => isBad(inOrder(chosen)));
  const necessary = !(await isBad(patch.filter((flip) => !found.has(flip))));
  return { flips: inOrder(found), sufficient, necessary };
}

/** The index of the flip that tips the pool over: the prefix before it is good, the prefix with it is bad. */
async function lastNeeded<F>(pool: readonly F[], isBad: (prefix: readonly F[]) => Promise<boolean>): Promise<number> {
  let good = 0;
  let bad = pool.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await isBad(pool.slice(0, middle))) bad = middle;
    else good = middle;
  }
  return bad - 1;
}

/** Removes from a bad set what it is bad without. */
async function dropSpare<F>(found: Set<F>, isBad: (chosen: ReadonlySet<F>) => Promise<boolean>): Promise<void> {
  if (found.size < 2) return;
  for (const flip of [...found]) {
    const without = new Set([...found].filter((other) => other !== flip));
    if (without.size > 0 && (await isBad(without))) found.delete(flip);
  }
}
