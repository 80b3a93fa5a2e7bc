/** Owns what is said of a search: how a patch was found (FORMAT.md, "Search: how a patch was searched"). */
import type { PatchId, WeightsId } from '../../patch/ids.js';
import {
  type Decimal,
  type NamedSettings,
  type PredicateType,
  type ProbeEvidence,
  type Product,
  sortedSet,
} from './terms.js';

/** How a patch was searched: all that a replay needs, and what came out. */
export interface SearchPredicate {
  readonly base: WeightsId;
  /** The patches that were in the model during the search: a set. */
  readonly parents: readonly PatchId[];
  readonly probes: readonly ProbeEvidence<'search' | 'control'>[];
  readonly strategy: NamedSettings;
  readonly fitness: NamedSettings;
  readonly seed: number;
  readonly budget: { readonly iterations?: number; readonly flips?: number; readonly milliseconds?: number };
  readonly engine: Product;
  readonly result: {
    readonly objectiveBefore: Decimal;
    readonly objectiveAfter: Decimal;
    readonly iterations: number;
    readonly accepted: number;
    readonly evaluations: number;
    readonly elapsedMs: number;
    readonly flips: number;
    readonly stoppedBy: string;
    /** How it got there, in at most 64 points, ascending by iteration: to be drawn, not to be replayed. */
    readonly course?: readonly {
      readonly iteration: number;
      readonly objective: Decimal;
      readonly heldBackRight?: number;
    }[];
  };
  /** RFC 3339 in UTC, as `Date.toISOString` gives it. */
  readonly createdAt: string;
}

export const searchPredicate: PredicateType<SearchPredicate> = {
  uri: 'urn:bankai:search:v1',
  schema: 'statement-search',
  normalize: (predicate) => ({ ...predicate, parents: sortedSet(predicate.parents) }),
};
