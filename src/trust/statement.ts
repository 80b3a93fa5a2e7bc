/**
 * Owns what is said about patches: in-toto Statements v1 whose subject is a patch id (FORMAT.md, "Statements").
 *
 * Statements are canonical JSON, in which a number is an integer. What is not an integer is a decimal string: see
 * `formatDecimal`.
 */
import { FormatError, TrustError } from '../errors.js';
import { canonicalBytes, decodeCanonical, parseJson } from '../patch/canonical.js';
import { type PatchId, type WeightsId } from '../patch/ids.js';
import { schemaViolation } from '../schema.js';

/** The payload type of statements in envelopes. */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const SEARCH_PREDICATE = 'urn:bankai:search:v1';
export const IMPORT_PREDICATE = 'urn:bankai:import:v1';

/** Bytes of the largest statement. */
export const STATEMENT_BYTE_LIMIT = 512 * 1024;

/** A decimal number as text, as `formatDecimal` makes it. */
export type Decimal = string;

/** Settings by name; a number that is no integer is given as a `Decimal`. */
export type Settings = Readonly<Record<string, string | number>>;

/** A named part of a search with its settings. */
export interface NamedSettings {
  readonly name: string;
  readonly settings: Settings;
}

/** A program and its version. */
export interface Product {
  readonly name: string;
  readonly version: string;
}

/** A probe file that a search used, by the digest of its bytes. */
export interface ProbeEvidence {
  readonly role: 'search' | 'control';
  readonly name: string;
  readonly sha256: string;
  /** Probes in the file. */
  readonly count: number;
}

/** How a patch was searched: all that a replay needs, and what came out. */
export interface SearchPredicate {
  readonly base: WeightsId;
  /** The patches that were in the model during the search: a set. */
  readonly parents: readonly PatchId[];
  readonly probes: readonly ProbeEvidence[];
  readonly strategy: NamedSettings;
  readonly fitness: NamedSettings;
  readonly seed: number;
  readonly budget: { readonly iterations?: number; readonly flips?: number; readonly milliseconds?: number };
  readonly engine: Product;
  readonly result: {
    readonly objectiveBefore: Decimal;
    readonly objectiveAfter: Decimal;
    readonly iterations: number;
    readonly accepted: number;
    readonly evaluations: number;
    readonly elapsedMs: number;
    readonly flips: number;
    readonly stoppedBy: string;
  };
  /** RFC 3339 in UTC, as `Date.toISOString` gives it. */
  readonly createdAt: string;
}

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

interface StatementOf<Type extends string, Predicate> {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** Exactly one. The name is for people; the digest is the patch id. */
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: PatchId } }];
  readonly predicateType: Type;
  readonly predicate: Predicate;
}

export type SearchStatement = StatementOf<typeof SEARCH_PREDICATE, SearchPredicate>;
export type ImportStatement = StatementOf<typeof IMPORT_PREDICATE, ImportPredicate>;
export type Statement = SearchStatement | ImportStatement;

/** Creates the statement of how a patch was searched. Throws STATEMENT_INVALID, naming the field. */
export function createSearchStatement(patch: PatchId, predicate: SearchPredicate): SearchStatement {
  const parents = [...new Set(predicate.parents)].sort();
  return checked({ ...head(patch), predicateType: SEARCH_PREDICATE, predicate: { ...predicate, parents } });
}

/** Creates the statement of where an imported patch came from. Throws STATEMENT_INVALID, naming the field. */
export function createImportStatement(patch: PatchId, predicate: ImportPredicate): ImportStatement {
  return checked({ ...head(patch), predicateType: IMPORT_PREDICATE, predicate });
}

/** Encodes a statement as canonical JSON: the payload to sign. */
export function encodeStatement(statement: Statement): Uint8Array {
  return canonicalBytes(statement);
}

/**
 * Decodes a statement about a patch. Throws STATEMENT_INVALID for bytes that are no statement of a known type, and
 * STATEMENT_MISMATCH when it is about another patch or, where `base` is given, another base model.
 */
export function decodeStatement(bytes: Uint8Array, patch: PatchId, base?: WeightsId): Statement {
  const { predicateType } = Object(parseJson(bytes, STATEMENT_BYTE_LIMIT, invalid)) as { predicateType?: unknown };
  if (predicateType !== SEARCH_PREDICATE && predicateType !== IMPORT_PREDICATE) {
    throw invalid(`has predicate type ${JSON.stringify(predicateType) ?? 'missing'}, which is not known`);
  }
  const schema = SCHEMAS[predicateType];
  const statement = decodeCanonical(bytes, { byteLimit: STATEMENT_BYTE_LIMIT, schema, fail: invalid }) as Statement;
  const [{ digest }] = statement.subject;
  if (digest.sha256 !== patch) throw mismatch(`patch ${digest.sha256}, not patch ${patch}`);
  if (base !== undefined && statement.predicate.base !== base) {
    throw mismatch(`a patch for base ${statement.predicate.base}, not ${base}`);
  }
  return statement;
}

/** Formats a finite number as the shortest decimal text that gives the same number back. */
export function formatDecimal(value: number): Decimal {
  return String(value);
}

const SCHEMAS = { [SEARCH_PREDICATE]: 'statement-search', [IMPORT_PREDICATE]: 'statement-import' } as const;

function head(patch: PatchId): Pick<Statement, '_type' | 'subject'> {
  return { _type: 'https://in-toto.io/Statement/v1', subject: [{ name: `${patch}.json`, digest: { sha256: patch } }] };
}

function checked<S extends Statement>(statement: S): S {
  const violation = schemaViolation(SCHEMAS[statement.predicateType], statement);
  if (violation !== undefined) throw invalid(`would be invalid: ${violation}`);
  return statement;
}

function mismatch(problem: string): TrustError {
  return new TrustError('STATEMENT_MISMATCH', `Statement is about ${problem}`, {
    hint: 'A signature for one patch says nothing of another. Get the statement of this patch from its author.',
  });
}

function invalid(problem: string, cause?: unknown): FormatError {
  return new FormatError('STATEMENT_INVALID', `Statement ${problem}`, {
    hint: 'It is damaged, or made by a newer version of Bankai: update, or get it from its author again.',
    cause,
  });
}
