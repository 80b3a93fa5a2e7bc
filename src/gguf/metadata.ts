/** Owns GGUF metadata: entries kept as the bytes they are in the file, decoded when asked for. */
import { isUtf8 } from 'node:buffer';
import { FormatError } from '../errors.js';
import { fixedByteLength, type ValueType, valueTypeId, valueTypeOf } from './value-type.js';

/** One key with its value, undecoded. */
export interface MetadataEntry {
  readonly key: string;
  readonly type: ValueType;
  /** The value as in the file, after its type: an array's begins with the type of its elements and their count. */
  readonly bytes: Uint8Array;
}

const INTEGERS: ReadonlySet<ValueType> = new Set(['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64']);

/**
 * The entries of a header in their order. The typed getters throw GGUF_INVALID, naming the key and what was expected,
 * when the key is absent or its value has another type.
 */
export class Metadata {
  readonly entries: readonly MetadataEntry[];
  readonly #byKey: ReadonlyMap<string, MetadataEntry>;

  /** Entries must be well formed and their keys distinct, as `readGguf` and `metadataEntry` make them. */
  constructor(entries: readonly MetadataEntry[]) {
    this.entries = entries;
    this.#byKey = new Map(entries.map((entry) => [entry.key, entry]));
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** Says the type of a key's value, or nothing when the key is absent. */
  typeOf(key: string): ValueType | undefined {
    return this.#byKey.get(key)?.type;
  }

  /** A non-negative integer of any integer type, at most 2^53 − 1. */
  uint(key: string): number {
    const expected = 'a non-negative integer below 2^53';
    const entry = this.#entry(key, expected, (type) => INTEGERS.has(type));
    const value = integerAt(viewOf(entry.bytes), 0, entry.type);
    if (value < 0 || !Number.isSafeInteger(value)) throw unexpected(key, expected, String(value));
    return value;
  }

  /** A floating-point number of 32 or 64 bits. */
  float(key: string): number {
    const entry = this.#entry(key, 'a floating-point number', (type) => type === 'f32' || type === 'f64');
    const view = viewOf(entry.bytes);
    return entry.type === 'f32' ? view.getFloat32(0, true) : view.getFloat64(0, true);
  }

  flag(key: string): boolean {
    return this.#entry(key, 'a bool', (type) => type === 'bool').bytes[0] === 1;
  }

  text(key: string): string {
    const { bytes } = this.#entry(key, 'a string', (type) => type === 'string');
    return decodeText(key, bufferOf(bytes), 8, bytes.length);
  }

  /** An array of strings. */
  texts(key: string): string[] {
    const { bytes, count } = this.#array(key, 'an array of strings', (type) => type === 'string');
    const view = viewOf(bytes);
    const buffer = bufferOf(bytes);
    const texts: string[] = [];
    let at = ARRAY_PREFIX;
    for (let index = 0; index < count; index++) {
      const from = at + 8;
      at = from + lengthAt(view, at);
      texts.push(decodeText(key, buffer, from, at));
    }
    return texts;
  }

  /** An array of integers of any one type, all of them within ±(2^53 − 1). */
  ints(key: string): number[] {
    const expected = 'an array of integers within ±2^53';
    const { bytes, count, elementType } = this.#array(key, expected, (type) => INTEGERS.has(type));
    const view = viewOf(bytes);
    const stride = fixedByteLength(elementType) ?? 0;
    return Array.from({ length: count }, (_, index) => {
      const value = integerAt(view, ARRAY_PREFIX + index * stride, elementType);
      if (!Number.isSafeInteger(value)) throw unexpected(key, expected, String(value));
      return value;
    });
  }

  #entry(key: string, expected: string, accepts: (type: ValueType) => boolean): MetadataEntry {
    const entry = this.#byKey.get(key);
    if (!entry) throw unexpected(key, expected, 'absent');
    if (!accepts(entry.type)) throw unexpected(key, expected, `of type ${entry.type}`);
    return entry;
  }

  #array(key: string, expected: string, accepts: (type: ValueType) => boolean) {
    const { bytes } = this.#entry(key, expected, (type) => type === 'array');
    const view = viewOf(bytes);
    const elementType = valueTypeOf(view.getUint32(0, true));
    if (!elementType || !accepts(elementType)) throw unexpected(key, expected, `an array of ${elementType}`);
    return { bytes, elementType, count: lengthAt(view, 4) };
  }
}

/** Type of the elements (u32) and their count (u64). */
const ARRAY_PREFIX = 12;

/** Values that `metadataEntry` can encode, by the type they are written as. */
export type MetadataValue = {
  u32: number;
  f32: number;
  bool: boolean;
  string: string;
  strings: readonly string[];
};

/**
 * Makes an entry. `strings` is an array of strings. Throws GGUF_INVALID for a key that is not printable ASCII and for a
 * u32 out of range.
 */
export function metadataEntry<T extends keyof MetadataValue>(
  key: string,
  type: T,
  value: MetadataValue[T],
): MetadataEntry {
  if (!isMetadataKey(key)) throw unexpected(key, 'named in 1 to 65535 printable ASCII characters', 'named otherwise');
  return { key, type: type === 'strings' ? 'array' : (type as ValueType), bytes: encodeValue(key, type, value) };
}

/** Replaces entries of the same keys where they stand, and appends the others in their order. */
export function withMetadata(metadata: Metadata, entries: readonly MetadataEntry[]): Metadata {
  const changed = new Map(entries.map((entry) => [entry.key, entry]));
  const kept = metadata.entries.map((entry) => changed.get(entry.key) ?? entry);
  return new Metadata([...kept, ...[...changed.values()].filter(({ key }) => !metadata.has(key))]);
}

/** Says whether a key is 1 to 65,535 printable ASCII characters without spaces. */
export function isMetadataKey(key: string): boolean {
  return key.length <= 65535 && /^[\x21-\x7e]+$/.test(key);
}

function encodeValue(key: string, type: keyof MetadataValue, value: unknown): Uint8Array {
  if (type === 'string') return encodeText(value as string);
  if (type === 'bool') return Uint8Array.of(value ? 1 : 0);
  if (type === 'strings') return encodeTexts(value as readonly string[]);
  const bytes = new Uint8Array(4);
  if (type === 'f32') {
    viewOf(bytes).setFloat32(0, value as number, true);
  } else {
    if ((value as number) >>> 0 !== value) throw unexpected(key, 'an integer from 0 to 2^32 − 1', String(value));
    viewOf(bytes).setUint32(0, value, true);
  }
  return bytes;
}

function encodeText(text: string): Uint8Array {
  const utf8 = Buffer.from(text, 'utf8');
  const bytes = new Uint8Array(8 + utf8.length);
  viewOf(bytes).setUint32(0, utf8.length, true);
  bytes.set(utf8, 8);
  return bytes;
}

function encodeTexts(texts: readonly string[]): Uint8Array {
  const prefix = new Uint8Array(ARRAY_PREFIX);
  viewOf(prefix).setUint32(0, valueTypeId('string'), true);
  viewOf(prefix).setUint32(4, texts.length, true);
  return Buffer.concat([prefix, ...texts.map(encodeText)]);
}

/** Decodes UTF-8; what is not valid comes out with replacement characters, so that only texts with some need checking. */
function decodeText(key: string, bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from, to);
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) throw unexpected(key, 'valid UTF-8', 'not');
  return text;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A u64 that the reader has already found to be below 2^53. */
function lengthAt(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

function integerAt(view: DataView, at: number, type: ValueType): number {
  switch (type) {
    case 'u8':
      return view.getUint8(at);
    case 'i8':
      return view.getInt8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'i16':
      return view.getInt16(at, true);
    case 'u32':
      return view.getUint32(at, true);
    case 'i32':
      return view.getInt32(at, true);
    case 'u64':
      return Number(view.getBigUint64(at, true));
    default:
      return Number(view.getBigInt64(at, true));
  }
}

function unexpected(key: string, expected: string, found: string): FormatError {
  return new FormatError('GGUF_INVALID', `The GGUF key "${key}" must be ${expected}, and is ${found}`, {
    hint: 'Use a model converted by a current llama.cpp, or set the key with its gguf_set_metadata.py.',
    data: { key, expected, found },
  });
}
