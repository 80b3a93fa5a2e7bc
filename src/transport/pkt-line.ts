/** Owns the lines that git's protocols consist of (gitprotocol-common): four hexadecimal digits of length, then bytes. */
import { RemoteError } from '../errors.js';

/** Ends a list of lines. */
export const FLUSH = Buffer.from('0000');

/** The most that a line holds. */
const LINE_BYTES = 65520;

/** Writes one line. */
export function pktLine(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

/** Reads lines one by one: undefined is a flush, and `done` that the bytes have ended where a line ends. */
export interface PktReader {
  next(): Promise<{ readonly line: Buffer | undefined } | 'done'>;
}

/** Reads lines from bytes as they come. Throws REMOTE_PROTOCOL for what is none. */
export function readPktLines(bytes: AsyncIterable<Uint8Array>): PktReader {
  const source = bytes[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  const fill = async (length: number): Promise<boolean> => {
    const parts = [rest];
    let have = rest.length;
    while (have < length) {
      const { value, done } = await source.next();
      if (done === true) break;
      parts.push(Buffer.from(value));
      have += value.length;
    }
    rest = parts.length > 1 ? Buffer.concat(parts) : rest;
    return rest.length >= length;
  };
  return {
    async next() {
      if (!(await fill(4))) {
        if (rest.length === 0) return 'done';
        throw garbled('its answer ends in the middle of a line');
      }
      const digits = rest.toString('latin1', 0, 4);
      const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : NaN;
      if (length === 0) {
        rest = rest.subarray(4);
        return { line: undefined };
      }
      if (!(length >= 4 && length <= LINE_BYTES)) throw garbled('its answer is not in the protocol of git');
      if (!(await fill(length))) throw garbled('its answer ends in the middle of a line');
      const line = rest.subarray(4, length);
      rest = rest.subarray(length);
      return { line };
    },
  };
}

/** The error for a server that says something that git's protocol does not provide for. */
export function garbled(fact: string): RemoteError {
  return new RemoteError('REMOTE_PROTOCOL', `The remote cannot be understood: ${fact}`, {
    hint: 'Nothing was changed. Check that the address is that of a git repository, and try again.',
  });
}
