/** Owns what an index says of a version: computed from the bundle alone, so that whoever fetches it can check the index. */
import { countPatchFlips, patchId } from '../patch/patch.js';
import type { EvaluationPredicate } from '../trust/predicates/evaluation.js';
import type { Statement } from '../trust/statement.js';
import type { Bundle } from './bundle.js';
import type { Summary } from './namespace-index.js';

/** Categories that an index lists of one version. */
const CATEGORY_LIMIT = 64;

/** A statement of a bundle that was opened and held. */
export interface SignedStatement {
  readonly statement: Statement;
  readonly signers: readonly string[];
}

/**
 * Sums a bundle up. Of measurements only those count that compare the patch alone with the base; of several of one probe
 * file or text the newest, then the one whose statement is greater in its bytes' order.
 */
export function summarize({ patch, description, baseName }: Bundle, signed: readonly SignedStatement[]): Summary {
  const id = patchId(patch);
  const evaluations = signed
    .flatMap(({ statement }) => (statement.kind === 'evaluation' ? [statement.predicate] : []))
    .filter(({ patches, against }) => patches.length === 1 && patches[0] === id && against.length === 0)
    .sort(byTime);
  const probes = evaluations.flatMap((evaluation) => evaluation.probes).filter(({ role }) => role === 'heldout');
  return {
    patch: id,
    base: patch.base,
    ...(baseName !== undefined && { baseName }),
    description,
    flips: countPatchFlips(patch),
    categories: ascending(probes.flatMap(({ categories }) => categories.map(({ category }) => category)))
      .filter((category) => category !== '')
      .slice(0, CATEGORY_LIMIT),
    heldOut: lastOfEach(probes).map(({ name, sha256, fixed, broke, keptRight, keptWrong }) => ({
      ...{ name, sha256, fixed, broke, keptRight, keptWrong },
    })),
    texts: lastOfEach(evaluations.flatMap(({ texts }) => texts)).map(
      ({ name, sha256, perplexityBefore, perplexityAfter }) => ({ name, sha256, perplexityBefore, perplexityAfter }),
    ),
    signers: ascending(signed.flatMap(({ signers }) => signers)),
  };
}

const byTime = (a: EvaluationPredicate, b: EvaluationPredicate): number => {
  const key = (evaluation: EvaluationPredicate) => evaluation.createdAt + JSON.stringify(evaluation);
  return key(a) < key(b) ? -1 : 1;
};

/** Of several measurements of one file the last, in the order of digests. */
const lastOfEach = <T extends { readonly sha256: string }>(measured: readonly T[]): T[] =>
  [...new Map(measured.map((file) => [file.sha256, file])).values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));

const ascending = (texts: readonly string[]): string[] => [...new Set(texts)].sort();
