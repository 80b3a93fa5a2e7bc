/**
 * Owns the writing of packs (gitformat-pack; `pack.ts` has the layout). Objects are stored whole, without deltas: what
 * Bankai keeps are many small files, and `git gc` can still find the deltas between them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { makeDirectory, placeFile, writeFileDurably } from '../durable.js';
import type { ObjectId } from './ids.js';
import type { GitObject } from './loose-object.js';
import type { Repository } from './repository.js';

const typeNumbers: Record<string, number | undefined> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** Bytes that are gathered before they are written. */
const CHUNK_BYTES = 2 ** 20;

interface Packed {
  readonly oid: ObjectId;
  readonly offset: number;
  readonly crc: number;
}

/**
 * Writes a pack of some objects and then its index, durably: only with that is the pack there. → its name. Throws what
 * the disk says, and what `read` throws.
 */
export async function writePack(
  { gitDirectory }: Repository,
  oids: readonly ObjectId[],
  read: (oid: ObjectId) => GitObject,
): Promise<string> {
  const directory = join(gitDirectory, 'objects', 'pack');
  const sorted = [...oids].sort();
  const name = `pack-${createHash('sha1')
    .update(Buffer.from(sorted.join(''), 'hex'))
    .digest('hex')}`;
  // git takes no notice of unfinished files of this name, and `git gc` removes them.
  const placement = () => ({ mode: 0o444, temporary: join(directory, `tmp_pack_${randomBytes(6).toString('hex')}`) });
  await makeDirectory(directory);
  const hash = createHash('sha1');
  const packed: Packed[] = [];
  let checksum = Buffer.alloc(0);
  await placeFile(
    join(directory, `${name}.pack`),
    async (file) => {
      let waiting: Buffer[] = [header(sorted.length)];
      let offset = waiting[0].length;
      let gathered = offset;
      const flush = async (): Promise<void> => {
        const bytes = Buffer.concat(waiting);
        hash.update(bytes);
        await file.writeFile(bytes);
        [waiting, gathered] = [[], 0];
      };
      for (const oid of sorted) {
        const bytes = encodeEntry(oid, read(oid));
        packed.push({ oid, offset, crc: crc32(bytes) });
        waiting.push(bytes);
        offset += bytes.length;
        gathered += bytes.length;
        if (gathered > CHUNK_BYTES) await flush();
      }
      await flush();
      checksum = hash.digest();
      await file.writeFile(checksum);
    },
    placement(),
  );
  await writeFileDurably(join(directory, `${name}.idx`), encodeIndex(packed, checksum), placement());
  return name;
}

function header(count: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.write('PACK', 'latin1');
  bytes.writeUInt32BE(2, 4);
  bytes.writeUInt32BE(count, 8);
  return bytes;
}

/** Type and size: four bits of the size beside the type, then seven a byte; and the deflated content. */
function encodeEntry(oid: ObjectId, { type, content }: GitObject): Buffer {
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

/** Encodes an index of version 2. */
function encodeIndex(packed: readonly Packed[], checksum: Buffer): Buffer {
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
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
