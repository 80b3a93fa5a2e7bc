/** Owns what is said of a patch made out of others (FORMAT.md, "Derivation: what a patch was made of"). */
import type { PatchId, WeightsId } from '../../patch/ids.js';
import {
  type Decimal,
  type NamedSettings,
  type PredicateType,
  type ProbeEvidence,
  type Product,
  type Settings,
  sortedSet,
} from './terms.js';

/** How a patch was made out of others. */
export interface DerivationPredicate {
  readonly base: WeightsId;
  readonly operation: 'split' | 'squash' | 'minimize';
  /** The patches it was made of: a set, without the subject. */
  readonly parents: readonly PatchId[];
  /** How, e.g. by what a patch was split and which part this is. */
  readonly settings: Settings;
  /** What the operation was decided by; none where it needed no model. */
  readonly probes: readonly ProbeEvidence<'search' | 'control'>[];
  /** Of `minimize`: the state with the parents, before, and with the subject in their place, after. */
  readonly result?: {
    readonly fitness: NamedSettings;
    readonly objectiveBefore: Decimal;
    readonly objectiveAfter: Decimal;
    readonly flipsBefore: number;
    readonly flipsAfter: number;
    /** Probes answered rightly. */
    readonly rightBefore: number;
    readonly rightAfter: number;
  };
  readonly engine: Product;
  /** RFC 3339 in UTC, as `Date.toISOString` gives it. */
  readonly createdAt: string;
}

export const derivationPredicate: PredicateType<DerivationPredicate> = {
  uri: 'urn:bankai:derivation:v1',
  schema: 'statement-derivation',
  normalize: (predicate) => ({ ...predicate, parents: sortedSet(predicate.parents) }),
  contradiction({ parents, operation, result }, patch) {
    if (parents.some((parent, i) => i > 0 && parents[i - 1] >= parent)) return 'lists parents out of order';
    if ((parents as readonly string[]).includes(patch)) return 'calls a patch its own parent';
    if ((operation === 'minimize') !== (result !== undefined))
      return `has ${result ? 'a' : 'no'} result of "${operation}"`;
    return undefined;
  },
};
