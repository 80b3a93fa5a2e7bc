/**
 * Owns the writing of packs (gitformat-pack; `pack.ts` has the layout). Objects are stored whole, without deltas: what
 * Bankai keeps are many small files, and `git gc` can still find the deltas between them.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectory, placeFile, writeFileDurably } from '../durable.js';
import type { ObjectId } from './ids.js';
import type { GitObject } from './loose-object.js';
import { crc32, encodeEntry, encodeIndex, packHeader, type Packed } from './pack-format.js';
import type { Repository } from './repository.js';

/** Bytes that are gathered before they are written. */
const CHUNK_BYTES = 2 ** 20;

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
      let waiting: Buffer[] = [packHeader(sorted.length)];
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
