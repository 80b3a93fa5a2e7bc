/**
 * Owns canonical JSON (RFC 8785): one spelling for one content, so that a digest or a signature over the bytes is one
 * over the content. Numbers are integers by convention of the schemas; RFC 8785 prints those in one way only.
 */
import canonicalize from 'canonicalize';
import { schemaViolation, type SchemaName } from '../schema.js';

/** Makes the error of the format at hand out of what is wrong, said as a predicate: "is not valid UTF-8". */
export type FormatFailure = (problem: string, cause?: unknown) => Error;

/** Encodes plain data as its RFC 8785 bytes. The data must be acyclic, its numbers finite, its strings well-formed. */
export function canonicalBytes(value: object): Uint8Array {
  return new TextEncoder().encode(canonicalize(value));
}

/** Parses JSON of at most `byteLimit` bytes; throws what `fail` makes when it is too long, not UTF-8 or not JSON. */
export function parseJson(bytes: Uint8Array, byteLimit: number, fail: FormatFailure): unknown {
  if (bytes.length > byteLimit) throw fail(`has ${bytes.length} bytes (limit ${byteLimit})`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw fail('is not valid UTF-8', error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fail('is not JSON', error);
  }
}

/**
 * Parses JSON that must fit a schema and be canonical. Comparing with the re-encoding refuses whatever JSON.parse hides:
 * duplicate keys, rounded numbers, spaces, other spellings. The schema comes first, because it bounds the depth that the
 * encoder recurses to.
 */
export function decodeCanonical(
  bytes: Uint8Array,
  options: { byteLimit: number; schema: SchemaName; fail: FormatFailure },
): unknown {
  const value = parseJson(bytes, options.byteLimit, options.fail);
  const violation = schemaViolation(options.schema, value);
  if (violation !== undefined) throw options.fail(`does not fit its schema: ${violation}`);
  if (!isPlainlyCanonical(bytes, value) && Buffer.compare(bytes, encodeOrFail(value as object, options.fail)) !== 0) {
    throw options.fail('is not in canonical form (RFC 8785)');
  }
  return value;
}

/**
 * Tells at a tenth of the cost of encoding that bytes are canonical; what it denies may still be. JavaScript writes what
 * RFC 8785 does but for the order of keys, and for halves of characters, which it writes as `\\u`.
 */
export function isPlainlyCanonical(bytes: Uint8Array, value: unknown): boolean {
  const text = JSON.stringify(value);
  return !text.includes('\\u') && hasSortedKeys(value) && Buffer.from(text).equals(bytes);
}

function hasSortedKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasSortedKeys);
  const keys = Object.keys(value);
  return (
    keys.every((key, i) => i === 0 || keys[i - 1] < key) &&
    Object.values(value as Record<string, unknown>).every(hasSortedKeys)
  );
}

function encodeOrFail(value: object, fail: FormatFailure): Uint8Array {
  try {
    return canonicalBytes(value);
  } catch (error) {
    throw fail('has a string that is not well-formed Unicode', error);
  }
}
