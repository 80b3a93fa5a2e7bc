/** Owns the list of what statements can say: a type is a file in `predicates/` and its lines here. */
import { type DerivationPredicate, derivationPredicate } from './predicates/derivation.js';
import { type EvaluationPredicate, evaluationPredicate } from './predicates/evaluation.js';
import { type ImportPredicate, importPredicate } from './predicates/import.js';
import { type SearchPredicate, searchPredicate } from './predicates/search.js';
import { type ReviewPredicate, reviewPredicate } from './predicates/review.js';
import { type RevocationPredicate, revocationPredicate } from './predicates/revocation.js';
import type { PredicateType } from './predicates/terms.js';

/** What is said, by the kind under which such a statement lies in a patch's evidence. */
export interface Predicates {
  readonly search: SearchPredicate;
  readonly import: ImportPredicate;
  readonly derivation: DerivationPredicate;
  readonly evaluation: EvaluationPredicate;
  readonly review: ReviewPredicate;
  readonly revocation: RevocationPredicate;
}

export type StatementKind = keyof Predicates;

export const predicateTypes: { readonly [Kind in StatementKind]: PredicateType<Predicates[Kind]> } = {
  search: searchPredicate,
  import: importPredicate,
  derivation: derivationPredicate,
  evaluation: evaluationPredicate,
  review: reviewPredicate,
  revocation: revocationPredicate,
};

/** Tells whether a kind of evidence is a kind of statement. */
export function isStatementKind(kind: string): kind is StatementKind {
  return Object.hasOwn(predicateTypes, kind);
}
