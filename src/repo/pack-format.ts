/** Owns the bytes of packs that are written, and of their indexes (gitformat-pack; `pack.ts` has the layout). */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { ObjectId } from './ids.js';
import type { GitObject } from './loose-object.js';

const typeNumbers: Record<string, number | undefined> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** Where an object lies in a pack. */
export interface Packed {
  readonly oid: ObjectId;
  readonly offset: number;
  /** Of its bytes there. */
  readonly crc: number;
}

/** The beginning of a pack of so many objects. */
export function packHeader(count: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.write('PACK', 'latin1');
  bytes.writeUInt32BE(2, 4);
  bytes.writeUInt32BE(count, 8);
  return bytes;
}

/** Type and size: four bits of the size beside the type, then seven a byte; and the deflated content. */
export function encodeEntry(oid: ObjectId, { type, content }: GitObject): Buffer {
  const kind = typeNumbers[type];
  if (kind === undefined) throw new Error(`object ${oid} is of the unknown type "${type}"`);
  const head: number[] = [];
  let byte = (kind << 4) | (content.length & 15);
  for (let left = Math.floor(content.length / 16); left > 0; left = Math.floor(left / 128)) {
    head.push(byte | 0x80);
    byte = left & 0x7f;
  }
  return Buffer.concat([Buffer.from([...head, byte]), deflateSync(content)]);
}

/** Encodes an index of version 2; the objects are in the order of their ids. */
export function encodeIndex(packed: readonly Packed[], checksum: Buffer): Buffer {
  const count = packed.length;
  const large = packed.filter(({ offset }) => offset >= 0x80000000);
  const bytes = Buffer.alloc(8 + 256 * 4 + count * 28 + large.length * 8 + 20);
  let at = bytes.writeUInt32BE(2, bytes.writeUInt32BE(0xff744f63, 0));
  for (let first = 0, below = 0; first < 256; first++) {
    while (below < count && Number.parseInt(packed[below].oid.slice(0, 2), 16) <= first) below++;
    at = bytes.writeUInt32BE(below, at);
  }
  for (const { oid } of packed) at += bytes.write(oid, at, 'hex');
  for (const { crc } of packed) at = bytes.writeUInt32BE(crc, at);
  let nextLarge = 0;
  for (const { offset } of packed) {
    at = bytes.writeUInt32BE(offset < 0x80000000 ? offset : 0x80000000 + nextLarge++, at);
  }
  for (const { offset } of large) at = bytes.writeBigUInt64BE(BigInt(offset), at);
  checksum.copy(bytes, at);
  const content = bytes.subarray(0, at + 20);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 of gzip. `node:zlib` has it from Node 22 on. */
export function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
