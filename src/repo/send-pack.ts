/** Owns the making of packs to send: whole objects, each once. What we send is small, and the receiver packs it anew. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectId } from './ids.js';
import { encodeEntry, packHeader } from './pack-format.js';
import { readObject } from './read-object.js';
import type { Repository } from './repository.js';

/** Writes a pack of objects to a file that is not there yet. `signal` stops it. Throws what reading and the disk say. */
export async function writePackToSend(
  repository: Repository,
  oids: readonly ObjectId[],
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  await pipeline(Readable.from(packBytes(repository, oids)), createWriteStream(path, { flags: 'wx' }), { signal });
}

function* packBytes(repository: Repository, oids: readonly ObjectId[]): Generator<Buffer> {
  const hash = createHash('sha1');
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(packHeader(oids.length));
  for (const oid of oids) yield hashed(encodeEntry(oid, readObject(repository, oid)));
  yield hash.digest();
}
