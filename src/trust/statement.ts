/**
 * Owns what is said about patches: in-toto Statements v1 whose subject is a patch id (FORMAT.md, "Statements"). What can be
 * said is in `predicates.ts`.
 *
 * Statements are canonical JSON, in which a number is an integer. What is not an integer is a decimal string: see
 * `formatDecimal`.
 */
import { FormatError, TrustError } from '../errors.js';
import { canonicalBytes, decodeCanonical, parseJson } from '../patch/canonical.js';
import { type PatchId, type WeightsId } from '../patch/ids.js';
import { schemaViolation } from '../schema.js';
import { type Predicates, predicateTypes, type StatementKind } from './predicates.js';
import type { PredicateType } from './predicates/terms.js';

/** The payload type of statements in envelopes. */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Bytes of the largest statement. */
export const STATEMENT_BYTE_LIMIT = 512 * 1024;

/** A statement: a kind of thing that is said about a patch. The subject of a revocation may be a key: then `patch` is its id. */
export type Statement<Kind extends StatementKind = StatementKind> = {
  [K in Kind]: { readonly kind: K; readonly patch: PatchId; readonly predicate: Predicates[K] };
}[Kind];

/** What a statement may be about. */
export interface Subjects {
  readonly patch?: PatchId;
  /** Ids. */
  readonly keys?: ReadonlySet<string>;
}

/** A statement as its bytes have it. */
interface StatementDocument {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** Exactly one. The name is for people; the digest is the patch id. */
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: PatchId } }];
  readonly predicateType: string;
  readonly predicate: Predicates[StatementKind];
}

/** Creates a statement about a patch. Throws STATEMENT_INVALID, naming the field. */
export function createStatement<Kind extends StatementKind>(
  kind: Kind,
  patch: PatchId,
  predicate: Predicates[Kind],
): Statement<Kind> {
  const type = typeOf(kind);
  const statement = { kind, patch, predicate: type.normalize?.(predicate) ?? predicate } as Statement<Kind>;
  const document = documentOf(statement as Statement);
  const violation = schemaViolation(type.schema, document) ?? type.contradiction?.(document.predicate, patch);
  if (violation !== undefined) throw invalid(`would be invalid: ${violation}`);
  return statement;
}

/** Encodes a statement as canonical JSON: the payload to sign. */
export function encodeStatement(statement: Statement): Uint8Array {
  return canonicalBytes(documentOf(statement));
}

/**
 * Decodes a statement about a patch. Throws STATEMENT_INVALID for bytes that are no statement of a known type, or one that
 * contradicts itself, and STATEMENT_MISMATCH when it is about another patch or, where `base` is given, another base model.
 * The revocation of a key is about one of `keys`.
 */
export function decodeStatement(bytes: Uint8Array, about: PatchId | Subjects, base?: WeightsId): Statement {
  const { patch: expected, keys = new Set<string>() } = typeof about === 'string' ? { patch: about } : about;
  const { predicateType } = Object(parseJson(bytes, STATEMENT_BYTE_LIMIT, invalid)) as { predicateType?: unknown };
  const kind = statementKinds.find((known) => predicateTypes[known].uri === predicateType);
  if (kind === undefined) {
    throw invalid(`has predicate type ${JSON.stringify(predicateType) ?? 'missing'}, which is not known`);
  }
  const type = typeOf(kind);
  const options = { byteLimit: STATEMENT_BYTE_LIMIT, schema: type.schema, fail: invalid };
  const { subject, predicate } = decodeCanonical(bytes, options) as StatementDocument;
  const [{ digest, name }] = subject;
  const patch = digest.sha256;
  if ('of' in predicate && predicate.of === 'key') {
    if (!keys.has(patch)) throw mismatch(`key ${patch}, which signed nothing here`);
  } else if (patch !== expected) throw mismatch(`patch ${patch}, not patch ${expected}`);
  else if (base !== undefined && predicate.base !== base)
    throw mismatch(`a patch for base ${predicate.base}, not ${base}`);
  if (name !== nameOf(patch)) throw invalid(`calls patch ${patch} ${JSON.stringify(name)}`);
  const contradiction = type.contradiction?.(predicate, patch);
  if (contradiction !== undefined) throw invalid(contradiction);
  return { kind, patch, predicate } as Statement;
}

const statementKinds = Object.keys(predicateTypes) as StatementKind[];

/** The type of a kind, for a predicate that is known to be of that kind. */
const typeOf = (kind: StatementKind) => predicateTypes[kind] as PredicateType<Predicates[StatementKind]>;

const nameOf = (patch: PatchId): string => `${patch}.json`;

function documentOf({ kind, patch, predicate }: Statement): StatementDocument {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: nameOf(patch), digest: { sha256: patch } }],
    predicateType: predicateTypes[kind].uri,
    predicate,
  };
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
