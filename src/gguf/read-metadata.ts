/** Owns the reading of metadata entries from a header that is not trusted. */
import type { HeaderCursor } from './header-cursor.js';
import { isMetadataKey, Metadata } from './metadata.js';
import { fixedByteLength, leastByteLength, type ValueType, valueTypeOf } from './value-type.js';

/** Arrays within arrays; no model in use has any, and a recursion must end. */
const DEEPEST_ARRAY = 4;

/** The fewest bytes of an entry: length of the key, one character, type, a value of one byte. */
const SHORTEST_ENTRY = 8 + 1 + 4 + 1;

/** Where an entry's value lies in the header. */
export interface EntryRange {
  readonly key: string;
  readonly type: ValueType;
  readonly from: number;
  readonly to: number;
}

/** Reads `count` entries, checking every length, type and bool, and decoding nothing but the keys. */
export function readEntries(cursor: HeaderCursor, count: number): EntryRange[] {
  cursor.reading = `the metadata (${count} entries)`;
  cursor.claim(count * SHORTEST_ENTRY);
  const entries: EntryRange[] = [];
  const keys = new Set<string>();
  for (let index = 0; index < count; index++) {
    const key = readKey(cursor, index);
    if (keys.has(key)) throw cursor.invalid(`The metadata key "${key}" occurs twice`);
    keys.add(key);
    cursor.reading = `the value of "${key}"`;
    const type = readType(cursor);
    const from = cursor.position;
    skipValue(cursor, type, 0);
    entries.push({ key, type, from, to: cursor.position });
  }
  return entries;
}

/** Presents entries as views of the header that they were read from. */
export function metadataOf(entries: readonly EntryRange[], header: Uint8Array): Metadata {
  return new Metadata(entries.map(({ key, type, from, to }) => ({ key, type, bytes: header.subarray(from, to) })));
}

function readKey(cursor: HeaderCursor, index: number): string {
  cursor.reading = `the key of metadata entry ${index}`;
  const byteLength = cursor.u64();
  if (byteLength > 65535) {
    throw cursor.invalid(`The key of metadata entry ${index} has ${byteLength} bytes, and may have 65535`);
  }
  const key = Buffer.from(cursor.take(byteLength)).toString('latin1');
  if (isMetadataKey(key)) return key;
  throw cursor.invalid(`The key of metadata entry ${index} is ${JSON.stringify(key)}, not printable ASCII`);
}

function readType(cursor: HeaderCursor): ValueType {
  const id = cursor.u32();
  const type = valueTypeOf(id);
  if (!type) throw cursor.invalid(`${cursor.reading} has the type ${id}, and GGUF has 0 to 12`);
  return type;
}

function skipValue(cursor: HeaderCursor, type: ValueType, depth: number): void {
  if (type === 'array') return skipArray(cursor, depth);
  if (type === 'string') return cursor.skip(cursor.u64());
  if (type === 'bool') return skipBools(cursor, 1);
  cursor.skip(leastByteLength(type));
}

function skipArray(cursor: HeaderCursor, depth: number): void {
  if (depth === DEEPEST_ARRAY) throw cursor.invalid(`${cursor.reading} has arrays nested over ${DEEPEST_ARRAY} deep`);
  const elementType = readType(cursor);
  const count = cursor.u64();
  cursor.claim(count * leastByteLength(elementType));
  const stride = fixedByteLength(elementType);
  if (elementType === 'bool') return skipBools(cursor, count);
  if (stride !== undefined) return cursor.skip(count * stride);
  for (let index = 0; index < count; index++) skipValue(cursor, elementType, depth + 1);
}

function skipBools(cursor: HeaderCursor, count: number): void {
  const wrong = cursor.take(count).find((value) => value > 1);
  if (wrong !== undefined) throw cursor.invalid(`${cursor.reading} has the bool ${wrong}, which is neither 0 nor 1`);
}
