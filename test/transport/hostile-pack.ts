/** Packs that somebody made by hand, and answers to a fetch with such a pack in the place of the honest one. */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { GitObject } from '../../src/repo/loose-object.js';
import { encodeEntry, packHeader } from '../../src/repo/pack-format.js';

/** A pack of entries as they are, with the checksum of that; `count` is what it says of itself. */
export function packOf(entries: readonly Buffer[], count = entries.length): Buffer {
  return sealed(Buffer.concat([packHeader(count), ...entries]));
}

/** The bytes of a pack without its checksum, with the right one. */
export const sealed = (bytes: Buffer): Buffer => Buffer.concat([bytes, createHash('sha1').update(bytes).digest()]);

export const wholeEntry = (object: GitObject): Buffer => encodeEntry('', object);

const numbers = { commit: 1, tree: 2, blob: 3, tag: 4, offsetDelta: 6, referenceDelta: 7 } as const;

/** An entry that says of itself what it likes. */
export function rawEntry(type: keyof typeof numbers, size: number, content: Buffer, base = Buffer.alloc(0)): Buffer {
  const head: number[] = [];
  let byte = (numbers[type] << 4) | (size & 15);
  for (let left = Math.floor(size / 16); left > 0; left = Math.floor(left / 128)) {
    head.push(byte | 0x80);
    byte = left % 128;
  }
  return Buffer.concat([Buffer.from([...head, byte]), base, deflateSync(content)]);
}

/** A delta on the object of an id. */
export const deltaEntry = (base: string, delta: Buffer): Buffer =>
  rawEntry('referenceDelta', delta.length, delta, Buffer.from(base, 'hex'));

/** A size as deltas write it. */
export function deltaSize(size: number): Buffer {
  const bytes: number[] = [];
  for (let left = size; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, Math.floor(size / 128 ** bytes.length)]);
}

export const idOf = ({ type, content }: GitObject): string =>
  createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');

/** A line of the protocol. */
export const line = (bytes: Buffer | string): Buffer => {
  const content = Buffer.from(bytes as string);
  return Buffer.concat([Buffer.from((content.length + 4).toString(16).padStart(4, '0')), content]);
};

/** Lines on a channel of `side-band-64k`. */
export function onChannel(channel: number, bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 60_000) {
    lines.push(line(Buffer.concat([Buffer.from([channel]), bytes.subarray(at, at + 60_000)])));
  }
  return Buffer.concat(lines);
}

/** The pack in an answer to a fetch. */
export function packIn(answer: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < answer.length;) {
    const length = Number.parseInt(answer.toString('latin1', at, at + 4), 16);
    if (length > 4 && answer[at + 4] === 1) parts.push(answer.subarray(at + 5, at + length));
    at += Math.max(4, length);
  }
  return Buffer.concat(parts);
}

/** An answer to a fetch that has a pack. */
export const answerWith = (pack: Buffer): Buffer =>
  Buffer.concat([line('NAK\n'), onChannel(1, pack), Buffer.from('0000')]);
