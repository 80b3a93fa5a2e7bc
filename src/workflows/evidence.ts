/** Owns the question what a patch's evidence in the repository is worth: who signed which statement, and does it hold. */
import { BankaiError, TrustError } from '../errors.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import type { CommitId } from '../repo/ids.js';
import type { Repository } from '../repo/repository.js';
import { type EvidenceFile, readEvidence } from '../repo/state.js';
import { openEnvelope } from '../trust/envelope.js';
import { decodePublicKey, type KeyId, type PublicKey } from '../trust/public-key.js';
import { decodeStatement, type Statement, STATEMENT_PAYLOAD_TYPE } from '../trust/statement.js';

/** A statement of a patch's evidence, opened or not. */
export type StatementCheck =
  | { readonly kind: EvidenceFile['kind']; readonly signers: readonly KeyId[]; readonly statement: Statement }
  | { readonly kind: EvidenceFile['kind']; readonly error: BankaiError };

/** Everything found about one patch. */
export interface EvidenceCheck {
  readonly statements: readonly StatementCheck[];
  /** Digests of the probe files that are there, each hashed. */
  readonly probes: ReadonlySet<string>;
}

/** Opens the statements about a patch and judges each. Throws REPOSITORY_CORRUPT for evidence that is not what its name says. */
export async function checkEvidence(
  repository: Repository,
  commit: CommitId,
  patch: PatchId,
  base?: WeightsId,
): Promise<EvidenceCheck> {
  const files = await readEvidence(repository, commit, patch);
  const keys = new Map(files.filter(({ kind }) => kind === 'key').map((file) => [file.digest, file.bytes]));
  const keyOf = (id: KeyId): PublicKey | undefined => {
    const bytes = keys.get(id);
    return bytes && decodePublicKey(bytes, id);
  };
  const statements = files
    .filter(({ kind }) => kind === 'search' || kind === 'import')
    .map(({ kind, bytes }): StatementCheck => {
      try {
        const { payload, signers } = openEnvelope(bytes, STATEMENT_PAYLOAD_TYPE, keyOf);
        return { kind, signers, statement: decodeStatement(payload, patch, base) };
      } catch (error) {
        if (error instanceof BankaiError) return { kind, error };
        throw error;
      }
    });
  return { statements, probes: new Set(files.filter(({ kind }) => kind === 'probes').map(({ digest }) => digest)) };
}

/**
 * Asserts that no statement about the patches is wrong; returns those about which there is none.
 * Throws the error of the first wrong statement: SIGNATURE_INVALID, STATEMENT_MISMATCH, ….
 */
export async function assertNotForged(
  repository: Repository,
  commit: CommitId,
  patches: readonly PatchId[],
): Promise<PatchId[]> {
  const unsigned: PatchId[] = [];
  for (const patch of patches) {
    const { statements } = await checkEvidence(repository, commit, patch);
    if (statements.length === 0) unsigned.push(patch);
    for (const check of statements) {
      if (!('error' in check)) continue;
      throw new TrustError(
        'SIGNATURE_INVALID',
        `A statement about patch ${patch.slice(0, 10)} is wrong: ${check.error.message}`,
        {
          hint: 'Somebody changed it. Nothing was applied; use "bankai verify" for the whole picture.',
          data: { patch, reason: check.error.code },
          cause: check.error,
        },
      );
    }
  }
  return unsigned;
}
