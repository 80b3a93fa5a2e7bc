/**
 * Owns the checking of a pack that somebody sent, and the making of its index (gitformat-pack): every object is unpacked
 * and hashed, so the index names nothing that is not there. Nothing a pack says about its sizes is believed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFileDurably } from '../durable.js';
import { RemoteError } from '../errors.js';
import { objectProblems } from './check-object.js';
import { applyDelta } from './delta.js';
import type { ObjectId } from './ids.js';
import { crc32, encodeIndex, type Packed } from './pack-format.js';
import { CHAIN_BYTES, CHAIN_LIMIT, type Entry, packReader, readEntry } from './pack.js';

/** What a good pack is called by, and how much is in it. */
export interface PackSummary {
  /** The SHA-1 at its end. */
  readonly checksum: string;
  readonly objects: number;
}

type Reading = (offset: number) => Entry;

interface Indexed {
  readonly offset: number;
  readonly crc: number;
  oid: ObjectId | undefined;
}

const HEADER_BYTES = 12;
const HASH_BYTES = 20;
/** What a pack may ask for. */
export const packLimits = {
  /** The largest object that is taken in: git hosts have such a limit too, and what we make is far smaller. */
  objectBytes: 128 * 2 ** 20,
  /** The most objects of a pack: what is remembered of each is held at the same time. */
  objects: 5_000_000,
  /** What the objects that deltas wait for may have together: they are held at the same time. */
  heldBytes: CHAIN_BYTES,
};
/** Bytes that are unpacked between two looks at the rest of the world. */
const TURN_BYTES = 2 ** 24;

/**
 * Checks the pack at `path` and writes its index to `indexPath`, durably. Every delta must rest on an object of the same
 * pack, and every object must be formed as `git fsck --strict` wants it. `onObject` hears of progress and may throw to
 * stop. Throws PACK_INVALID.
 */
export async function indexPack(
  path: string,
  indexPath: string,
  onObject: (done: number, total: number) => void = () => undefined,
  limits = packLimits,
): Promise<PackSummary> {
  const { size } = statSync(path);
  const checksum = await hashPack(path, size);
  const bytes = packReader(path);
  const read: Reading = (offset) => readEntry({ name: 'it', bytes }, offset, limits.objectBytes);
  const entries: Indexed[] = [];
  try {
    const count = readHeader(bytes(0, HEADER_BYTES));
    const waiting = new Map<string, Indexed[]>();
    const bases: Indexed[] = [];
    const pause = pausing();
    let at = HEADER_BYTES;
    for (let i = 0; i < count; i++) {
      if (at >= size - HASH_BYTES) throw new Error(`it ends after ${i} of ${count} objects`);
      if (i >= limits.objects) throw new Error(`it has ${count} objects (limit ${limits.objects})`);
      const { type, base, content, end } = read(at);
      const entry: Indexed = { offset: at, crc: crc32(bytes(at, end - at)), oid: undefined };
      entries.push(entry);
      if (base === undefined) {
        entry.oid = wellFormed(type, content);
        bases.push(entry);
      } else {
        const key = String(base);
        const others = waiting.get(key);
        if (others) others.push(entry);
        else waiting.set(key, [entry]);
      }
      at = end;
      await pause(content.length);
      onObject(i + 1, count);
    }
    if (at !== size - HASH_BYTES) throw new Error('it has bytes that belong to no object');
    await resolveDeltas(bases, waiting, read, limits, async (made) => {
      await pause(made);
      onObject(count, count);
    });
    if (waiting.size > 0) throw new Error('it has a delta on an object that is not in it');
  } catch (cause) {
    // What onObject throws is no fault of the pack.
    if (cause instanceof RemoteError || (cause instanceof Error && cause.name === 'AbortError')) throw cause;
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

/** An object with the deltas that rest on it and were not looked at yet. */
interface Base {
  readonly content: Buffer;
  readonly children: Indexed[];
  /** Deltas between it and a whole object: how many, and their bytes. */
  readonly depth: number;
  readonly deltaBytes: number;
}

/**
 * Gives every delta that rests on something known its id: depth first, so that few contents are held at a time. A pack
 * that needs more memory than a reader of it may use is refused.
 */
async function resolveDeltas(
  bases: readonly Indexed[],
  waiting: Map<string, Indexed[]>,
  read: Reading,
  limits: typeof packLimits,
  onMade: (bytes: number) => Promise<void>,
): Promise<void> {
  const childrenOf = ({ offset, oid }: Indexed): Indexed[] => {
    const keys = [String(offset), ...(oid === undefined ? [] : [oid])];
    const children = keys.flatMap((key) => waiting.get(key) ?? []);
    for (const key of keys) waiting.delete(key);
    return children;
  };
  for (const base of bases) {
    const children = childrenOf(base);
    if (children.length === 0) continue;
    const { type, content } = read(base.offset);
    const held: Base[] = [{ content, children, depth: 0, deltaBytes: 0 }];
    let heldBytes = content.length;
    for (let below = held.at(-1); below !== undefined; below = held.at(-1)) {
      const entry = below.children.pop();
      // A chain without branches holds one object at a time.
      if (below.children.length === 0) heldBytes -= (held.pop() as Base).content.length;
      if (entry === undefined) continue;
      const delta = read(entry.offset).content;
      const deltaBytes = below.deltaBytes + delta.length;
      if (below.depth >= CHAIN_LIMIT || deltaBytes > CHAIN_BYTES)
        throw new Error('it has a chain of deltas without end');
      const made = applyDelta(below.content, delta, limits.objectBytes);
      entry.oid = wellFormed(type, made);
      await onMade(made.length);
      const above = childrenOf(entry);
      if (above.length === 0) continue;
      held.push({ content: made, children: above, depth: below.depth + 1, deltaBytes });
      heldBytes += made.length;
      if (heldBytes > limits.heldBytes) throw new Error('its deltas need more memory than they may');
    }
  }
}

/** Lets signals and timers through now and then: a pack takes long, and all of this is synchronous. */
function pausing(): (bytes: number) => Promise<void> {
  let waiting = 0;
  return async (bytes) => {
    waiting += bytes + TURN_BYTES / 4096;
    if (waiting < TURN_BYTES) return;
    waiting = 0;
    await nextTurn();
  };
}

/** The id of an object that is what its type says. Throws PACK_INVALID. */
function wellFormed(type: string, content: Buffer): ObjectId {
  const oid = objectId(type, content);
  const [problem] = objectProblems(type, content);
  if (problem !== undefined) throw malformedObject(`${type} ${oid.slice(0, 10)} ${problem}`);
  return oid;
}

/** The error for an object that `git fsck --strict` would complain of. */
export function malformedObject(fact: string): RemoteError {
  return new RemoteError('PACK_INVALID', `Refused what was sent: ${fact}`, {
    hint: 'Nothing was changed. Tell whoever looks after the remote: "git fsck --strict" over there says the same.',
  });
}

const objectId = (type: string, content: Buffer): ObjectId =>
  createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');

const inOrder = (entries: readonly Indexed[]): Packed[] =>
  entries.map(({ oid = '', ...place }) => ({ oid, ...place })).sort((a, b) => (a.oid < b.oid ? -1 : 1));
