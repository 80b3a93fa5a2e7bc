/** Owns what takes back what was said (FORMAT.md, "Revocation: what no longer counts"). */
import type { WeightsId } from '../../patch/ids.js';
import type { PredicateType, Product } from './terms.js';

/** The subject, a patch or a key, is not to be used any more. */
export interface RevocationPredicate {
  readonly of: 'patch' | 'key';
  /** Of a patch. */
  readonly base?: WeightsId;
  readonly reason: string;
  readonly engine: Product;
  readonly createdAt: string;
}

export const revocationPredicate: PredicateType<RevocationPredicate> = {
  uri: 'urn:bankai:revocation:v1',
  schema: 'statement-revocation',
  contradiction: ({ of, base }) =>
    (of === 'patch') === (base !== undefined) ? undefined : `has ${base === undefined ? 'no' : 'a'} base of a ${of}`,
};
