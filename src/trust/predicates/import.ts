/** Owns what is said of an import: where a patch came from (FORMAT.md, "Import: where a patch came from"). */
import type { WeightsId } from '../../patch/ids.js';
import type { PredicateType, Product } from './terms.js';

/** Where an imported patch came from. What the file says of itself is quoted, not vouched for. */
export interface ImportPredicate {
  readonly base: WeightsId;
  readonly source: {
    readonly format: string;
    readonly sha256: string;
    readonly name?: string;
    readonly description?: string;
    readonly baseModel?: string;
  };
  readonly importer: Product;
  readonly createdAt: string;
}

export const importPredicate: PredicateType<ImportPredicate> = {
  uri: 'urn:bankai:import:v1',
  schema: 'statement-import',
};
