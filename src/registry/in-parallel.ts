/** Owns how many things are asked for at once. */

/** Enough to hide how far a server is, and few enough for every server, and for the files that a process may have open. */
const AT_ONCE = 16;

/** Does something with each item, `AT_ONCE` of them at a time. → the results, in order. Throws the first error, once none is under way. */
export async function inParallel<T, U>(items: readonly T[], action: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const at = next++;
      try {
        results[at] = await action(items[at]);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}
