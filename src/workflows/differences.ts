/** Owns the comparison of two records, field by field. */

/** A field that is not the same; `—` where one of them has it not. */
export interface Difference {
  /** Its path: `result.iterations`, `probes.0.fixed`. */
  readonly field: string;
  readonly recorded: string;
  readonly now: string;
}

/** Lists the fields in which two records of plain data differ, but for those whose path begins with one that is ignored. */
export function differences(recorded: object, now: object, ignored: readonly string[] = []): Difference[] {
  const [before, after] = [fieldsOf(recorded), fieldsOf(now)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .filter((path) => before.get(path) !== after.get(path) && !ignored.some((start) => path.startsWith(start)))
    .map((field) => ({ field, recorded: before.get(field) ?? '—', now: after.get(field) ?? '—' }));
}

/** Every leaf of a value by its path, as text. */
function fieldsOf(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, String(value)]]);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  // An empty list or object is a value, too.
  if (entries.length === 0) return new Map([[path, Array.isArray(value) ? '[]' : '{}']]);
  return new Map(entries.flatMap(([key, inner]) => [...fieldsOf(inner, path === '' ? key : `${path}.${key}`)]));
}
