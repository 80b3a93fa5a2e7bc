/** Owns the question what a patch's evidence in the repository is worth: who signed which statement, and does it hold. */
import { BankaiError, FormatError, TrustError } from '../errors.js';
import { type PatchId, sha256Hex, type WeightsId } from '../patch/ids.js';
import type { CommitId } from '../repo/ids.js';
import type { Repository } from '../repo/repository.js';
import { readEvidence } from '../repo/state.js';
import { openEnvelope } from '../trust/envelope.js';
import { decodePublicKey, type KeyId, type PublicKey } from '../trust/public-key.js';
import { isStatementKind, type StatementKind } from '../trust/predicates.js';
import { decodeStatement, type Statement, STATEMENT_PAYLOAD_TYPE } from '../trust/statement.js';
import { miscalculation } from './measurement.js';

/** A statement of a patch's evidence, opened or not. */
export type StatementCheck =
  | {
      readonly kind: StatementKind;
      /** Of all the envelopes that this statement is in, ascending. */
      readonly signers: readonly KeyId[];
      readonly statement: Statement;
      /** SHA-256 of the statement itself, whoever signed it. */
      readonly digest: string;
    }
  | { readonly kind: StatementKind; readonly error: BankaiError };

/** Everything found about one patch. */
export interface EvidenceCheck {
  readonly statements: readonly StatementCheck[];
  /** Digests of the probe files and texts that are there, each hashed. */
  readonly files: ReadonlySet<string>;
}

/** A file that a patch is said to rest on; its digest was checked. */
interface GivenFile {
  readonly kind: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Opens the statements about a patch and judges each. Throws REPOSITORY_CORRUPT for evidence that is not what its name says. */
export async function checkEvidence(
  repository: Repository,
  commit: CommitId,
  patch: PatchId,
  base?: WeightsId,
): Promise<EvidenceCheck> {
  return judgeEvidence(await readEvidence(repository, commit, patch), patch, base);
}

/** Opens the statements among the files that a patch rests on, wherever they come from, and judges each. */
export function judgeEvidence(files: readonly GivenFile[], patch: PatchId, base?: WeightsId): EvidenceCheck {
  const keys = new Map(files.filter(({ kind }) => kind === 'key').map((file) => [file.digest, file.bytes]));
  const keyOf = (id: KeyId): PublicKey | undefined => {
    const bytes = keys.get(id);
    return bytes && decodePublicKey(bytes, id);
  };
  const statements = files.flatMap(({ kind, bytes }): StatementCheck[] => {
    if (!isStatementKind(kind)) return [];
    try {
      const { payload, signers } = openEnvelope(bytes, STATEMENT_PAYLOAD_TYPE, keyOf);
      const statement = decodeStatement(payload, { patch, keys: new Set(keys.keys()) }, base);
      if (statement.kind !== kind) throw misleading(`lies under "${kind}" but is of kind "${statement.kind}"`);
      const wrong = statement.kind === 'evaluation' ? miscalculation(statement.predicate) : undefined;
      if (wrong !== undefined) throw misleading(wrong);
      return [{ kind, signers, statement, digest: sha256Hex(payload) }];
    } catch (error) {
      if (error instanceof BankaiError) return [{ kind, error }];
      throw error;
    }
  });
  const named = files.filter(({ kind }) => kind === 'probes' || kind === 'text');
  return { statements: united(statements), files: new Set(named.map(({ digest }) => digest)) };
}

/** What several people signed, in an envelope each, is one statement of all of them. */
function united(checks: readonly StatementCheck[]): StatementCheck[] {
  const found = new Map<string, StatementCheck>();
  for (const [i, check] of checks.entries()) {
    const name = 'error' in check ? `error ${i}` : check.digest;
    const before = found.get(name);
    const signers = [before, check].flatMap((each) => (each && !('error' in each) ? each.signers : []));
    found.set(name, 'error' in check ? check : { ...check, signers: [...new Set(signers)].sort() });
  }
  return [...found.values()];
}

/** The probe files and texts that a statement rests on. */
export function filesNamedBy({ kind, predicate }: Statement): readonly { name: string; sha256: string }[] {
  if (kind === 'evaluation') return [...predicate.probes, ...predicate.texts];
  return kind === 'search' || kind === 'derivation' ? predicate.probes : [];
}

function misleading(fact: string): FormatError {
  return new FormatError('STATEMENT_INVALID', `Statement ${fact}`, {
    hint: 'Do not believe it: measure the patch with "bankai eval".',
  });
}

/** A statement that holds. */
export type HoldingStatement = Exclude<StatementCheck, { error: BankaiError }>;

/** Gives a statement that holds, or throws with the code of what is wrong with it. */
export function assertHolds(check: StatementCheck, patch: PatchId): HoldingStatement {
  if (!('error' in check)) return check;
  const { error: cause } = check;
  const message = `A statement about patch ${patch.slice(0, 10)} is wrong: ${cause.message}`;
  const details = {
    hint: 'Somebody changed it. Nothing was applied; use "bankai verify" for the whole picture.',
    data: { patch },
    cause,
  };
  if (cause instanceof TrustError) throw new TrustError(cause.code, message, details);
  if (cause instanceof FormatError) throw new FormatError(cause.code, message, details);
  throw cause;
}

/**
 * Asserts that no statement about the patches is wrong; returns those about which there is none. Throws the error of the
 * first wrong statement: SIGNATURE_INVALID, STATEMENT_MISMATCH, ….
 */
export async function assertNotForged(
  repository: Repository,
  commit: CommitId,
  patches: readonly PatchId[],
  base?: WeightsId,
): Promise<PatchId[]> {
  const unsigned: PatchId[] = [];
  for (const patch of patches) {
    const { statements } = await checkEvidence(repository, commit, patch, base);
    if (statements.length === 0) unsigned.push(patch);
    for (const check of statements) assertHolds(check, patch);
  }
  return unsigned;
}
