/** Owns the terms that predicates have in common (FORMAT.md, "Statements"). */

/** A decimal number as text, as `formatDecimal` makes it. */
export type Decimal = string;

/** Formats a finite number as the shortest decimal text that gives the same number back. */
export function formatDecimal(value: number): Decimal {
  return String(value);
}

/** Settings by name; a number that is no integer is given as a `Decimal`. */
export type Settings = Readonly<Record<string, string | number>>;

/** A named part of a search with its settings. */
export interface NamedSettings {
  readonly name: string;
  readonly settings: Settings;
}

/** A program and its version. */
export interface Product {
  readonly name: string;
  readonly version: string;
}

/** A file of probes that something rests on, by the digest of its bytes. */
export interface ProbeEvidence<Role extends string> {
  readonly role: Role;
  readonly name: string;
  readonly sha256: string;
  /** Probes in the file. */
  readonly count: number;
}

/** The members of a set, each once, in ascending order: how statements write sets of ids. */
export function sortedSet<T extends string>(members: Iterable<T>): readonly T[] {
  return [...new Set(members)].sort();
}

/** One kind of thing that a statement can say. */
export interface PredicateType<Predicate> {
  /** What stands in the statement's `predicateType`. */
  readonly uri: string;
  /** The schema of the whole statement. */
  readonly schema: string;
  /** Brings what a caller gives into the one form that it is written in: sets sorted. */
  normalize?(predicate: Predicate): Predicate;
  /** Says what a schema cannot: which of its fields contradict each other, or the patch that it is about. */
  contradiction?(predicate: Predicate, patch: string): string | undefined;
}
