/**
 * Owns the reading of packs: what `git gc`, `git clone` and our own `gc` put objects into (gitformat-pack). Everything is
 * synchronous, for the thousands of small objects that a history consists of.
 *
 *     .idx   "\377tOc" 2 · 256 × u32: ids whose first byte is ≤ i · ids, sorted, 20 bytes each · crc32 each ·
 *            u32 offset each; with the top bit set it is an index into the u64 offsets that follow · two SHA-1
 *     .pack  "PACK" 2 count · per object: type and size, the place of its base when it is a delta, deflated bytes · SHA-1
 */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { applyDelta } from './delta.js';
import type { ObjectId } from './ids.js';
import type { GitObject } from './loose-object.js';

/** The packs of one object directory. */
export interface Packs {
  /** Reads an object; undefined when no known pack has it. Throws when a pack is damaged. */
  read(oid: ObjectId): GitObject | undefined;
  has(oid: ObjectId): boolean;
  /** Looks for packs that appeared since, and forgets those that went. False: nothing changed. */
  refresh(): boolean;
  /** The ids of all objects. */
  ids(): ObjectId[];
  /** The ids that begin with some hexadecimal digits. */
  withPrefix(prefix: string): ObjectId[];
}

/** One pack, with its index in memory. */
export interface Pack {
  readonly name: string;
  readonly index: Buffer;
  readonly count: number;
  /** Reads up to `length` bytes of the pack from an offset on. */
  readonly bytes: (offset: number, length: number) => Buffer;
  /** Objects by their offset, for the deltas on top of them. */
  readonly resolved: Map<number, GitObject>;
}

const types: Record<number, string | undefined> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const [OFFSET_DELTA, REFERENCE_DELTA] = [6, 7];

const FANOUT_AT = 8;
const IDS_AT = FANOUT_AT + 256 * 4;
const TRAILER_BYTES = 20;

/** Packs up to this size are read as a whole when the first of their objects is asked for. */
const WHOLE_PACK_BYTES = 64 * 2 ** 20;
/** Bytes of resolved objects that are remembered for the deltas on top of them before all are forgotten. */
const RESOLVED_BYTES = 48 * 2 ** 20;
/** The largest object that is unpacked; what we keep in git is far smaller. */
const OBJECT_BYTES = 512 * 2 ** 20;
/** git itself makes chains of at most 4095. */
export const CHAIN_LIMIT = 4096;
/** What the deltas of one chain may have together: they are held at the same time. */
export const CHAIN_BYTES = 512 * 2 ** 20;

/** Describes the packs of an object directory; they are opened when the first object is looked for. */
export function openPacks(objectDirectory: string): Packs {
  const directory = join(objectDirectory, 'pack');
  let opened: Pack[] | undefined;
  let last: Pack | undefined;
  const find = (oid: ObjectId): { pack: Pack; at: number } | undefined => {
    if (opened === undefined) packs.refresh();
    const wanted = Buffer.from(oid, 'hex');
    // Neighbours in history are neighbours on disk: most objects are where the last one was.
    let at = last && positionOf(last, wanted);
    if (last !== undefined && at !== undefined) return { pack: last, at };
    for (const pack of opened ?? []) {
      at = positionOf(pack, wanted);
      if (at !== undefined) {
        last = pack;
        return { pack, at };
      }
    }
    return undefined;
  };
  const packs: Packs = {
    read(oid) {
      const found = find(oid);
      return found && readAt(found.pack, offsetOf(found.pack, found.at), (base) => packs.read(base));
    },
    has: (oid) => find(oid) !== undefined,
    refresh() {
      const known = new Map(opened?.map((pack) => [pack.name, pack]));
      const names = namesIn(directory);
      if (opened && names.length === known.size && names.every((name) => known.has(name))) return false;
      opened = names.map((name) => known.get(name) ?? openPack(directory, name));
      last = undefined;
      return true;
    },
    ids() {
      packs.refresh();
      return [...new Set((opened ?? []).flatMap(idsOf))];
    },
    withPrefix(prefix) {
      packs.refresh();
      return [...new Set((opened ?? []).flatMap((pack) => idsWithPrefix(pack, prefix)))];
    },
  };
  return packs;
}

function namesIn(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  // git writes the .idx last: only with it is a pack there.
  const there = new Set(names);
  return names
    .filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name))
    .map((name) => name.slice(0, -'.idx'.length))
    .filter((name) => there.has(`${name}.pack`))
    .sort();
}

function openPack(directory: string, name: string): Pack {
  const index = readFileSync(join(directory, `${name}.idx`));
  if (index.length < IDS_AT || index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2) {
    throw new Error(`${name}.idx is no pack index of version 2`);
  }
  const count = index.readUInt32BE(FANOUT_AT + 255 * 4);
  if (index.length < IDS_AT + count * 28 + 2 * TRAILER_BYTES) throw new Error(`${name}.idx is too short`);
  return { name, index, count, bytes: packReader(join(directory, `${name}.pack`)), resolved: new Map() };
}

/** Reads a pack's bytes: from memory when it is small, else from the file, which is not kept open. */
export function packReader(path: string): Pack['bytes'] {
  let whole: Buffer | undefined;
  return (offset, length) => {
    if (whole !== undefined) return whole.subarray(offset, offset + length);
    const descriptor = openSync(path, 'r');
    try {
      const { size } = fstatSync(descriptor);
      if (size <= WHOLE_PACK_BYTES) {
        whole = readFileSync(descriptor);
        return whole.subarray(offset, offset + length);
      }
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    } finally {
      closeSync(descriptor);
    }
  };
}

/** The place of an id in the order of ids; binary search among those with its first byte. */
function positionOf({ index, count }: Pack, wanted: Buffer): number | undefined {
  let low = wanted[0] === 0 ? 0 : index.readUInt32BE(FANOUT_AT + (wanted[0] - 1) * 4);
  let high = Math.min(count, index.readUInt32BE(FANOUT_AT + wanted[0] * 4));
  const head = wanted.readUInt32BE(0);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = IDS_AT + middle * 20;
    // The first four bytes nearly always decide.
    const order = head - index.readUInt32BE(at) || wanted.compare(index, at, at + 20);
    if (order === 0) return middle;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return undefined;
}

const idsOf = ({ index, count }: Pack): ObjectId[] =>
  Array.from({ length: count }, (_, i) => index.toString('hex', IDS_AT + i * 20, IDS_AT + i * 20 + 20));

function idsWithPrefix({ index, count }: Pack, prefix: string): ObjectId[] {
  const ids: ObjectId[] = [];
  const first = Number.parseInt(prefix.slice(0, 2), 16);
  const start = first === 0 ? 0 : index.readUInt32BE(FANOUT_AT + (first - 1) * 4);
  const end = Math.min(count, index.readUInt32BE(FANOUT_AT + first * 4));
  for (let i = start; i < end; i++) {
    const oid = index.toString('hex', IDS_AT + i * 20, IDS_AT + i * 20 + 20);
    if (oid.startsWith(prefix)) ids.push(oid);
  }
  return ids;
}

function offsetOf({ name, index, count }: Pack, at: number): number {
  const small = index.readUInt32BE(IDS_AT + count * 24 + at * 4);
  if (small < 0x80000000) return small;
  const large = IDS_AT + count * 28 + (small - 0x80000000) * 8;
  if (large + 8 > index.length - 2 * TRAILER_BYTES) throw new Error(`${name}.idx has an offset outside itself`);
  return Number(index.readBigUInt64BE(large));
}

/** Reads the object at an offset: down the chain of deltas to a whole one, and up again. */
function readAt(pack: Pack, offset: number, readById: (oid: ObjectId) => GitObject | undefined): GitObject {
  const deltas: { offset: number; delta: Buffer }[] = [];
  let object: GitObject | undefined;
  let deltaBytes = 0;
  for (let at = offset; (object = pack.resolved.get(at)) === undefined;) {
    if (deltas.length > CHAIN_LIMIT || deltaBytes > CHAIN_BYTES)
      throw new Error(`${pack.name} has a chain of deltas without end`);
    const entry = readEntry(pack, at);
    if (typeof entry.base === 'undefined') {
      object = { type: entry.type, content: entry.content };
      // A commit that nothing is a delta of is asked for once.
      if (deltas.length > 0 || object.type !== 'commit') remember(pack, at, object);
      break;
    }
    deltas.push({ offset: at, delta: entry.content });
    deltaBytes += entry.content.length;
    if (typeof entry.base === 'number') at = entry.base;
    else {
      object = readById(entry.base);
      if (object === undefined) throw new Error(`${pack.name} has a delta on ${entry.base}, which is missing`);
      break;
    }
  }
  for (const { offset, delta } of deltas.reverse()) {
    object = remember(pack, offset, { type: object.type, content: applyDelta(object.content, delta, OBJECT_BYTES) });
  }
  return object;
}

/** An object as it lies in a pack. */
export interface Entry {
  readonly type: string;
  /** The base's offset or id when the content is a delta. */
  readonly base: number | ObjectId | undefined;
  readonly content: Buffer;
  /** The offset behind it. */
  readonly end: number;
}

/** Bytes enough for the type, the size and the place of a base. */
const HEADER_BYTES = 32;

/** Reads what lies at an offset, of at most `byteLimit` bytes unpacked. Throws Error for what is no object. */
export function readEntry(pack: Pick<Pack, 'name' | 'bytes'>, offset: number, byteLimit = OBJECT_BYTES): Entry {
  const header = pack.bytes(offset, HEADER_BYTES);
  let at = 0;
  const byte = (): number => {
    if (at >= header.length) throw new Error(`${pack.name} ends in the middle of an object`);
    return header[at++];
  };
  let next = byte();
  const kind = (next >> 4) & 7;
  let size = next & 15;
  for (let scale = 16; next >= 0x80; scale *= 128) size += ((next = byte()) & 0x7f) * scale;
  if (size > byteLimit) throw new Error(`${pack.name} has an object of ${size} bytes (limit ${byteLimit})`);
  let base: Entry['base'];
  if (kind === OFFSET_DELTA) {
    let distance = (next = byte()) & 0x7f;
    while (next >= 0x80) distance = (distance + 1) * 128 + ((next = byte()) & 0x7f);
    base = offset - distance;
    if (distance <= 0 || base < 0) throw new Error(`${pack.name} has a delta on something outside it`);
  } else if (kind === REFERENCE_DELTA) {
    base = header.toString('hex', at, at + 20);
    at += 20;
  }
  const type = types[kind] ?? '';
  if (type === '' && base === undefined) throw new Error(`${pack.name} has an object of the unknown type ${kind}`);
  // zlib makes little more of a content than it is long itself (its own bound); what follows in the pack it leaves alone.
  const { buffer: content, engine } = inflateSync(pack.bytes(offset + at, size + (size >> 10) + 128), {
    maxOutputLength: size + 1,
    // zlib takes 16 KiB at a time where nobody says how much it will be.
    chunkSize: Math.max(64, Math.min(size + 1, 2 ** 16)),
    info: true,
  }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
  if (content.length !== size) throw new Error(`${pack.name} has an object of another length than it says`);
  return { type, base, content, end: offset + at + engine.bytesWritten };
}

/** Bytes that the remembered objects of a pack have together. */
const rememberedBytes = new WeakMap<Pack, number>();

function remember(pack: Pack, offset: number, object: GitObject): GitObject {
  let byteLength = (rememberedBytes.get(pack) ?? 0) + object.content.length;
  if (byteLength > RESOLVED_BYTES) {
    pack.resolved.clear();
    byteLength = object.content.length;
  }
  rememberedBytes.set(pack, byteLength);
  pack.resolved.set(offset, object);
  return object;
}
