/** Owns what is said by somebody who looked at a patch (FORMAT.md, "Review: what somebody thinks of it"). */
import type { WeightsId } from '../../patch/ids.js';
import type { PredicateType, Product } from './terms.js';

/** Somebody's judgement of a patch. Figures that it rests on are an evaluation of its own, signed by the same key. */
export interface ReviewPredicate {
  readonly base: WeightsId;
  /** They looked at its flips and at what is said about it. */
  readonly read: boolean;
  /** They ran the model with it. */
  readonly ran: boolean;
  readonly verdict: 'approve' | 'reject';
  readonly comment?: string;
  readonly engine: Product;
  readonly createdAt: string;
}

export const reviewPredicate: PredicateType<ReviewPredicate> = {
  uri: 'urn:bankai:review:v1',
  schema: 'statement-review',
  contradiction: ({ read, ran }) => (read || ran ? undefined : 'judges what was neither read nor run'),
};
