/**
 * Owns the checking of a pack that somebody sent, and the making of its index (gitformat-pack): every object is unpacked
 * and hashed, so the index names nothing that is not there. Nothing a pack says about its sizes is believed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { writeFileDurably } from '../durable.js';
import { RemoteError } from '../errors.js';
import { applyDelta } from './delta.js';
import type { ObjectId } from './ids.js';
import { crc32, encodeIndex, type Packed } from './pack-format.js';
import { packReader, readEntry } from './pack.js';

/** What a good pack is called by, and how much is in it. */
export interface PackSummary {
  /** The SHA-1 at its end. */
  readonly checksum: string;
  readonly objects: number;
}

interface Indexed {
  readonly offset: number;
  readonly crc: number;
  oid: ObjectId | undefined;
}

const HEADER_BYTES = 12;
const HASH_BYTES = 20;

/**
 * Checks the pack at `path` and writes its index to `indexPath`, durably. Every delta must rest on an object of the same
 * pack. `onObject` hears of progress and may throw to stop. Throws PACK_INVALID.
 */
export async function indexPack(
  path: string,
  indexPath: string,
  onObject: (done: number, total: number) => void = () => undefined,
): Promise<PackSummary> {
  const { size } = statSync(path);
  const checksum = await hashPack(path, size);
  const bytes = packReader(path);
  const entries: Indexed[] = [];
  try {
    const count = readHeader(bytes(0, HEADER_BYTES));
    const waiting = new Map<string, Indexed[]>();
    const bases: Indexed[] = [];
    let at = HEADER_BYTES;
    for (let i = 0; i < count; i++) {
      if (at >= size - HASH_BYTES) throw new Error(`it ends after ${i} of ${count} objects`);
      const { type, base, content, end } = readEntry({ name: 'it', bytes }, at);
      const entry: Indexed = { offset: at, crc: crc32(bytes(at, end - at)), oid: undefined };
      entries.push(entry);
      if (base === undefined) {
        entry.oid = objectId(type, content);
        bases.push(entry);
      } else {
        const key = String(base);
        waiting.set(key, [...(waiting.get(key) ?? []), entry]);
      }
      at = end;
      onObject(i + 1, count);
    }
    if (at !== size - HASH_BYTES) throw new Error('it has bytes that belong to no object');
    resolveDeltas(bases, waiting, (offset) => readEntry({ name: 'it', bytes }, offset));
    if (waiting.size > 0) throw new Error('it has a delta on an object that is not in it');
  } catch (cause) {
    // What onObject throws is no fault of the pack.
    if (cause instanceof Error && cause.name === 'AbortError') throw cause;
    throw invalidPack(cause instanceof Error ? cause.message : String(cause), cause);
  }
  await writeFileDurably(indexPath, encodeIndex(inOrder(entries), Buffer.from(checksum, 'hex')), { mode: 0o444 });
  return { checksum, objects: entries.length };
}

/** The error for a pack that is not what it should be. */
export function invalidPack(fact: string, cause?: unknown): RemoteError {
  return new RemoteError('PACK_INVALID', `The objects that were sent are damaged: ${fact}`, {
    hint: 'Nothing was changed. Try again; if it happens again, run "git fsck --full" in the repository over there.',
    cause,
  });
}

function readHeader(header: Buffer): number {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 4) !== 'PACK') throw new Error('it is no pack');
  const version = header.readUInt32BE(4);
  if (version !== 2) throw new Error(`it is a pack of version ${version}`);
  return header.readUInt32BE(8);
}

/** Hashes a pack and compares with the hash at its end. */
async function hashPack(path: string, size: number): Promise<string> {
  if (size < HEADER_BYTES + HASH_BYTES) throw invalidPack('it is no pack');
  const hash = createHash('sha1');
  for await (const chunk of createReadStream(path, { end: size - HASH_BYTES - 1 })) hash.update(chunk as Buffer);
  const checksum = hash.digest('hex');
  let trailer = '';
  for await (const chunk of createReadStream(path, { start: size - HASH_BYTES }))
    trailer += (chunk as Buffer).toString('hex');
  if (checksum !== trailer) throw invalidPack('its checksum is wrong');
  return checksum;
}

/** Gives every delta that rests on something known its id: depth first, so that few contents are held at a time. */
function resolveDeltas(
  bases: readonly Indexed[],
  waiting: Map<string, Indexed[]>,
  read: (offset: number) => { readonly type: string; readonly content: Buffer },
): void {
  const childrenOf = ({ offset, oid }: Indexed): Indexed[] => {
    const keys = [String(offset), ...(oid === undefined ? [] : [oid])];
    const children = keys.flatMap((key) => waiting.get(key) ?? []);
    for (const key of keys) waiting.delete(key);
    return children;
  };
  for (const base of bases) {
    const first = childrenOf(base);
    if (first.length === 0) continue;
    const { type, content } = read(base.offset);
    const pending = first.map((entry) => ({ entry, on: content }));
    for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
      const made = applyDelta(step.on, read(step.entry.offset).content);
      step.entry.oid = objectId(type, made);
      pending.push(...childrenOf(step.entry).map((entry) => ({ entry, on: made })));
    }
  }
}

const objectId = (type: string, content: Buffer): ObjectId =>
  createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');

const inOrder = (entries: readonly Indexed[]): Packed[] =>
  entries.map(({ oid = '', ...place }) => ({ oid, ...place })).sort((a, b) => (a.oid < b.oid ? -1 : 1));
