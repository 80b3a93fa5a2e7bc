/**
 * Every error class and every error code of Bankai, once.
 *
 * A code is a stable name that programs may test for; a message names the thing, the fact and the limit; a hint says
 * what to do next. Exit codes are decided in one place (`commands/terminal/failure.ts`).
 */

/** The user asked for something that cannot be meant: a bad flag, an unparsable stack expression. */
export type UsageCode = 'USAGE' | 'STACK_SYNTAX' | 'NAME_INVALID' | 'URL_INVALID';

/** The repository, its local state or the disk under it. */
export type RepositoryCode =
  | 'NOT_A_REPOSITORY'
  | 'REPOSITORY_EXISTS'
  | 'REPOSITORY_UNSUPPORTED'
  | 'REPOSITORY_CORRUPT'
  | 'REPOSITORY_LOCKED'
  | 'UNKNOWN_REVISION'
  | 'AMBIGUOUS_REVISION'
  | 'BRANCH_EXISTS'
  | 'BRANCH_IN_USE'
  | 'BRANCH_UNMERGED'
  | 'TAG_EXISTS'
  | 'REMOTE_UNKNOWN'
  | 'REMOTE_EXISTS'
  | 'TREE_UNSAFE'
  | 'WORKTREE_DIRTY'
  | 'NOT_FAST_FORWARD'
  | 'MERGE_CONFLICT'
  | 'OPERATION_IN_PROGRESS'
  | 'REFS_MOVED'
  | 'NO_MODEL'
  | 'MODEL_CHANGED'
  | 'MODEL_LINKED'
  | 'JOURNAL_CORRUPT'
  | 'CHECKPOINT_MISSING'
  | 'FILE_EXISTS'
  | 'FILE_NOT_FOUND'
  | 'IO';

/** Bytes that are not what their format says: GGUF, patch, probe set, statement, interchange file. */
export type FormatCode =
  | 'GGUF_INVALID'
  | 'GGUF_VERSION'
  | 'GGUF_TRUNCATED'
  | 'GGUF_LIMIT'
  | 'PATCH_INVALID'
  | 'PATCH_ID_MISMATCH'
  | 'PROBES_INVALID'
  | 'TEXT_INVALID'
  | 'STATEMENT_INVALID'
  | 'CHECKPOINT_INVALID'
  | 'INTERCHANGE_INVALID';

/** Who made something, and whether that can be believed. */
export type TrustCode =
  | 'KEY_INVALID'
  | 'KEY_UNSAFE'
  | 'KEY_UNKNOWN'
  | 'KEY_EXISTS'
  | 'KEY_UNSUPPORTED'
  | 'KEY_LOCKED'
  | 'PASSPHRASE_WRONG'
  | 'SIGNATURE_MISSING'
  | 'SIGNATURE_INVALID'
  | 'SIGNER_UNKNOWN'
  | 'STATEMENT_MISMATCH'
  | 'SIGNATURE_MALLEABLE'
  | 'PAYLOAD_TYPE'
  | 'KEY_WEAK'
  | 'REVOKED'
  | 'KEY_REVOKED'
  | 'TRUST_INVALID'
  | 'POLICY_INVALID'
  | 'POLICY_VIOLATION';

/** A registry, and whether what it serves can be believed. */
export type RegistryCode =
  | 'REGISTRY_UNKNOWN'
  | 'REGISTRY_EXISTS'
  | 'REGISTRY_INVALID'
  | 'REGISTRY_ROOT'
  | 'REGISTRY_SIGNATURE'
  | 'REGISTRY_EXPIRED'
  | 'REGISTRY_FROZEN'
  | 'REGISTRY_ROLLBACK'
  | 'REGISTRY_MIXED'
  | 'REGISTRY_DIGEST'
  | 'REGISTRY_DELEGATION'
  | 'REGISTRY_TOO_LONG'
  | 'REGISTRY_SLOW'
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_KEYS'
  | 'NAMESPACE_UNKNOWN'
  | 'NAMESPACE_EXISTS'
  | 'PACKAGE_UNKNOWN'
  | 'VERSION_UNKNOWN'
  | 'VERSION_EXISTS'
  | 'VERSION_CHANGED'
  | 'LOCK_INVALID';

/** Another repository, on the way to it, and what it sent. */
export type RemoteCode =
  | 'REMOTE_UNREACHABLE'
  | 'REMOTE_DENIED'
  | 'REMOTE_UNTRUSTED'
  | 'REMOTE_NOT_FOUND'
  | 'REMOTE_FAILED'
  | 'REMOTE_PROTOCOL'
  | 'REMOTE_UNSUPPORTED'
  | 'PACK_INVALID'
  | 'PUSH_REJECTED'
  | 'NO_UPSTREAM'
  | 'GIT_MISSING';

/** Two valid things that do not fit together. */
export type CompatibilityCode =
  | 'BASE_MISMATCH'
  | 'TENSOR_UNKNOWN'
  | 'TENSOR_TYPE'
  | 'ROW_OUT_OF_RANGE'
  | 'TYPE_NOT_ONE_BIT'
  | 'TYPE_UNSUPPORTED'
  | 'ARCHITECTURE_UNSUPPORTED'
  | 'TOKENIZER_UNSUPPORTED'
  | 'CONTEXT_TOO_LONG';

/** A search or evaluation that ended without what was asked for. */
export type SearchCode =
  | 'NOTHING_TO_COMMIT'
  | 'NOTHING_TO_BISECT'
  | 'NOTHING_TO_UNDO'
  | 'NOTHING_TO_REPLAY'
  | 'REPLAY_UNSUPPORTED'
  | 'INTERRUPTED'
  | 'PROBES_UNUSABLE'
  | 'PROBES_OVERLAP';

/** A broken promise of our own. */
export type InternalCode = 'INTERNAL';

export type ErrorCode =
  | UsageCode
  | RepositoryCode
  | RemoteCode
  | FormatCode
  | TrustCode
  | RegistryCode
  | CompatibilityCode
  | SearchCode
  | InternalCode;

/** What every error may carry besides its message. */
export interface ErrorDetails {
  /** What to do next, as an imperative sentence: `Use "bankai status" to …`. */
  hint?: string;
  /** Machine-readable particulars, printed by `--json`. */
  data?: Record<string, unknown>;
  cause?: unknown;
}

/** The base of all errors that Bankai raises on purpose. */
export abstract class BankaiError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;
  readonly data: Record<string, unknown>;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
    this.data = details.data ?? {};
  }
}

export class UsageError extends BankaiError<UsageCode> {}
export class RepositoryError extends BankaiError<RepositoryCode> {}
export class RemoteError extends BankaiError<RemoteCode> {}
export class FormatError extends BankaiError<FormatCode> {}
export class TrustError extends BankaiError<TrustCode> {}
export class RegistryError extends BankaiError<RegistryCode> {}
export class CompatibilityError extends BankaiError<CompatibilityCode> {}
export class SearchError extends BankaiError<SearchCode> {}
export class InternalError extends BankaiError<InternalCode> {}
