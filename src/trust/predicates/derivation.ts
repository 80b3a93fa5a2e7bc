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
  /** Of `minimize`: the other patches in effect when it was decided, a set; absent where there were none. */
  readonly beside?: readonly PatchId[];
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
  normalize: ({ beside, ...predicate }) => ({
    ...predicate,
    parents: sortedSet(predicate.parents),
    ...(beside && { beside: sortedSet(beside) }),
  }),
  contradiction({ parents, beside = [], operation, result }, patch) {
    if (!isAscending(parents)) return 'lists parents out of order';
    if (!isAscending(beside)) return 'lists the patches beside it out of order';
    if (beside.some((id) => id === patch || parents.includes(id))) return 'lists a patch beside itself';
    if (beside.length > 0 && operation !== 'minimize') return `has patches beside it of "${operation}"`;
    if ((parents as readonly string[]).includes(patch)) return 'calls a patch its own parent';
    if ((operation === 'minimize') !== (result !== undefined))
      return `has ${result ? 'a' : 'no'} result of "${operation}"`;
    return undefined;
  },
};

const isAscending = (ids: readonly PatchId[]): boolean => ids.every((id, i) => i === 0 || ids[i - 1] < id);
