/**
 * Owns the bytes of the journal: what is about to be done to the model, written down before it is done
 * (FORMAT.md, "Journal"). Integers are little-endian.
 *
 *     0        8   "BANKAIJ1"
 *     8        4   u32 length of the header, H
 *     12       H   JSON: {"after":…,"edits":E,"fileSize":…,"format":"bankai.journal/v1","patterns":P}
 *              …   P patterns: u32 length, then that many bytes
 *            12E   E edits: u64 offset in the file, u32 index of the pattern; ascending
 *              …   for each edit the bytes that were there before, as many as its pattern has
 *             32   SHA-256 of everything above
 */
import { createHash } from 'node:crypto';
import { RepositoryError } from '../errors.js';
import { schemaViolation } from '../schema.js';
import type { Edit } from './edit.js';

const MAGIC = Buffer.from('BANKAIJ1', 'latin1');
const DIGEST_BYTES = 32;

/** What a journal says. */
export interface Journal {
  /** Length of the model file in bytes. */
  readonly fileSize: number;
  readonly edits: readonly Edit[];
  /** By edit: the bytes in the file before it. */
  readonly before: readonly Uint8Array[];
  /** What is to be done once the bytes are written: JSON that is the caller's own business. */
  readonly after: unknown;
}

interface Header {
  readonly format: 'bankai.journal/v1';
  readonly fileSize: number;
  readonly edits: number;
  readonly patterns: number;
  readonly after: unknown;
}

/** Encodes a journal. */
export function encodeJournal({ fileSize, edits, before, after }: Journal): Uint8Array {
  const patterns = [...new Set(edits.map((edit) => edit.pattern))];
  const indexOf = new Map(patterns.map((pattern, index) => [pattern, index]));
  const header = { after, edits: edits.length, fileSize, format: 'bankai.journal/v1', patterns: patterns.length };
  const headerBytes = Buffer.from(JSON.stringify(header));
  const table = Buffer.alloc(12 * edits.length);
  edits.forEach((edit, i) => {
    table.writeBigUInt64LE(BigInt(edit.byteOffset), 12 * i);
    table.writeUInt32LE(indexOf.get(edit.pattern) ?? 0, 12 * i + 8);
  });
  const content = Buffer.concat([
    MAGIC,
    u32(headerBytes.length),
    headerBytes,
    ...patterns.flatMap((pattern) => [u32(pattern.length), pattern]),
    table,
    ...before,
  ]);
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

/** Decodes a journal. Throws JOURNAL_CORRUPT for anything that `encodeJournal` cannot have made. */
export function decodeJournal(bytes: Uint8Array): Journal {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, Math.max(0, bytes.length - DIGEST_BYTES));
  const digest = createHash('sha256').update(content).digest();
  if (!digest.equals(bytes.subarray(content.length))) throw corrupt('its checksum is wrong');
  try {
    return decodeContent(content);
  } catch (cause) {
    // Reading beyond the end, and JSON that is none: a checksum can be right over content of another version.
    if (cause instanceof RangeError || cause instanceof SyntaxError) throw corrupt('its structure is wrong', cause);
    throw cause;
  }
}

function decodeContent(content: Buffer): Journal {
  let at = 0;
  const take = (length: number) => {
    if (length > content.length - at) throw new RangeError('beyond the end');
    return content.subarray(at, (at += length));
  };
  if (!take(MAGIC.length).equals(MAGIC)) throw corrupt('it does not begin with BANKAIJ1');
  const header = JSON.parse(take(take(4).readUInt32LE()).toString()) as Header;
  const violation = schemaViolation('journal', header);
  if (violation !== undefined) throw corrupt(violation);
  const patterns = Array.from({ length: header.patterns }, () => take(take(4).readUInt32LE()));
  const edits = Array.from({ length: header.edits }, (): Edit => {
    const byteOffset = Number(take(8).readBigUInt64LE());
    const pattern = patterns.at(take(4).readUInt32LE());
    if (!pattern || byteOffset + pattern.length > header.fileSize) throw new RangeError('beyond the end');
    return { byteOffset, pattern };
  });
  const before = edits.map((edit) => take(edit.pattern.length));
  if (at !== content.length) throw corrupt('it is too long');
  return { fileSize: header.fileSize, edits, before, after: header.after };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function corrupt(fact: string, cause?: unknown): RepositoryError {
  return new RepositoryError('JOURNAL_CORRUPT', `The journal of an interrupted checkout cannot be read: ${fact}`, {
    hint:
      'Part of the checkout may be in the working model. Remove .git/bankai/journal.bin and .git/bankai/state.json, ' +
      'and run "bankai init --model FILE" with the base model: commits and branches stay.',
    cause,
  });
}
