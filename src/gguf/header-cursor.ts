/** Owns the walk over a header that is hostile until read: nothing is fetched or allocated because a count says so. */
import { FormatError } from '../errors.js';
import type { ByteSource } from './source.js';

/** No header may be longer. The largest vocabularies in use need some 12 MB. */
export const HEADER_LIMIT = 64 * 1024 * 1024;

const FIRST_CHUNK = 64 * 1024;

/**
 * Reads little-endian integers one after the other, fetching the header in chunks that double. Throws GGUF_TRUNCATED
 * where something would end past the file, GGUF_LIMIT past HEADER_LIMIT, GGUF_INVALID for integers above 2^53.
 */
export class HeaderCursor {
  readonly #source: ByteSource;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #position = 0;

  /** What is being read, for messages: `the value of "general.name"`. */
  reading = 'the header';

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The offset of the next byte. */
  get position(): number {
    return this.#position;
  }

  /** Asserts that `byteLength` more bytes exist and may belong to a header, without fetching them. */
  claim(byteLength: number): void {
    const end = this.#position + byteLength;
    const { size } = this.#source;
    if (end > size) {
      throw new FormatError(
        'GGUF_TRUNCATED',
        `The file ends (byte ${size}) before ${this.reading} does (byte ${end})`,
        {
          hint: 'Download or copy the file again, and compare its size with the original.',
          data: { byteOffset: this.#position, end, size },
        },
      );
    }
    if (end > HEADER_LIMIT) {
      throw new FormatError(
        'GGUF_LIMIT',
        `The header is too long: ${this.reading} would end at byte ${end} of at most ${HEADER_LIMIT}`,
        {
          hint: 'Use a model whose header is smaller: no real one comes near this limit.',
          data: { byteOffset: this.#position, end, limit: HEADER_LIMIT },
        },
      );
    }
  }

  u32(): number {
    // `#view` must be looked up after `#take`, which may replace it.
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  u64(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    throw this.invalid(`${this.reading} holds the count, length or offset ${value}, more than any file has bytes`);
  }

  /** The next `byteLength` bytes, to be used before the cursor moves on. */
  take(byteLength: number): Uint8Array {
    const at = this.#take(byteLength);
    return this.#bytes.subarray(at, at + byteLength);
  }

  skip(byteLength: number): void {
    this.#take(byteLength);
  }

  /** A copy of everything up to the position, and of nothing more. */
  header(): Uint8Array {
    return this.#bytes.slice(0, this.#position);
  }

  /** An error about the bytes just read. */
  invalid(message: string): FormatError {
    return new FormatError('GGUF_INVALID', message, {
      hint: 'Download the model again, or convert it again with a current llama.cpp.',
      data: { byteOffset: this.#position },
    });
  }

  #take(byteLength: number): number {
    const at = this.#position;
    if (at + byteLength > this.#bytes.length) this.#fetch(byteLength);
    this.#position = at + byteLength;
    return at;
  }

  #fetch(byteLength: number): void {
    this.claim(byteLength);
    const wanted = Math.max(this.#position + byteLength, 2 * this.#bytes.length, FIRST_CHUNK);
    const grown = new Uint8Array(Math.min(wanted, this.#source.size, HEADER_LIMIT));
    grown.set(this.#bytes);
    this.#source.readInto(grown.subarray(this.#bytes.length), this.#bytes.length);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
