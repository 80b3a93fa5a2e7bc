/**
 * Owns git's index, `.git/index` (gitformat-index): what git takes the worktree to be. Big-endian.
 *
 *     "DIRC" · u32 version 2–3 · u32 count
 *     per entry: ctime, mtime (u32 s, u32 ns each) · dev · ino · mode · uid · gid · size · 20-byte id ·
 *                u16 flags (stage in bits 12–13) · in version 3 more flags where bit 14 says so · path, NUL, to 8 bytes
 *     extensions: 4-letter name · u32 length · content; one whose name begins with a small letter must be understood
 *     SHA-1 of everything above
 */
import { createHash } from 'node:crypto';
import { type BigIntStats, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './durable-fs.js';
import { withIndexLock } from './git-lock.js';
import type { ObjectId } from './ids.js';
import { type Repository, unsupported } from './repository.js';

/** A file as the index has it. Integers are cut to 32 bits, as git cuts them. */
export interface IndexEntry {
  readonly path: string;
  readonly oid: ObjectId;
  /** 0 but for the sides of a conflict. */
  readonly stage: number;
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNs: number;
  /** As it stands in the file, up to its path. */
  readonly header: Buffer;
}

const ENTRY_BYTES = 62;
const HASH_BYTES = 20;

/** Reads the index in the order of paths; a repository without one has an empty index. Throws REPOSITORY_UNSUPPORTED. */
export function readIndex(repository: Repository): IndexEntry[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(indexPath(repository));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const content = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  // git leaves the hash out (zeros) where index.skipHash says so.
  const hash = bytes.subarray(content.length);
  if (hash.some((byte) => byte !== 0) && !createHash('sha1').update(content).digest().equals(hash)) {
    throw new Error('the checksum of .git/index is wrong');
  }
  if (content.length < 12 || content.toString('latin1', 0, 4) !== 'DIRC') throw new Error('.git/index is no index');
  const version = content.readUInt32BE(4);
  if (version !== 2 && version !== 3) {
    throw unsupported(repository, `its index has version ${version}; run "git update-index --index-version 2"`);
  }
  const entries: IndexEntry[] = [];
  let at = 12;
  for (let left = content.readUInt32BE(8); left > 0; left--) {
    const entry = parseEntry(content, at);
    at += entryBytes(entry.header.length, Buffer.byteLength(entry.path));
    entries.push(entry);
  }
  assertExtensions(repository, content, at);
  return entries;
}

function parseEntry(content: Buffer, at: number): IndexEntry {
  const flags = content.readUInt16BE(at + 60);
  const start = at + ENTRY_BYTES + (flags & 0x4000 ? 2 : 0);
  const end = content.indexOf(0, start);
  if (end < 0) throw new Error('.git/index ends in the middle of an entry');
  return {
    path: content.toString('utf8', start, end),
    oid: content.toString('hex', at + 40, at + 60),
    stage: (flags >> 12) & 3,
    mode: content.readUInt32BE(at + 24),
    size: content.readUInt32BE(at + 36),
    mtimeSeconds: content.readUInt32BE(at + 8),
    mtimeNs: content.readUInt32BE(at + 12),
    header: content.subarray(at, start),
  };
}

/** One to eight NULs follow a path. */
const entryBytes = (header: number, path: number): number => (header + path + 8) & ~7;

function assertExtensions(repository: Repository, content: Buffer, from: number): void {
  for (let at = from; at + 8 <= content.length; at += 8 + content.readUInt32BE(at + 4)) {
    const name = content.toString('latin1', at, at + 4);
    if (!/^[A-Z]/.test(name)) throw unsupported(repository, `its index has the extension "${name}"`);
  }
}

/** What an entry takes from a file. */
export type EntryStats = Pick<BigIntStats, 'ctimeNs' | 'mtimeNs' | 'dev' | 'ino' | 'uid' | 'gid' | 'size'>;

/** The u32 that an entry begins with. */
function wordsOf(mode: number, { ctimeNs, mtimeNs, dev, ino, uid, gid, size }: EntryStats): number[] {
  const low = (value: bigint): number => Number(BigInt.asUintN(32, value));
  const [seconds, rest] = [(ns: bigint) => low(ns / 1_000_000_000n), (ns: bigint) => Number(ns % 1_000_000_000n)];
  const times = [seconds(ctimeNs), rest(ctimeNs), seconds(mtimeNs), rest(mtimeNs)];
  return [...times, low(dev), low(ino), mode, low(uid), low(gid), low(size)];
}

/** Tells whether a file looks as it did when an entry took it in. */
export const looksLike = ({ header, mode }: IndexEntry, stats: EntryStats): boolean =>
  wordsOf(mode, stats).every((word, i) => header.readUInt32BE(i * 4) === word);

/** Makes the entry of a file that was just written. */
export function indexEntry(path: string, oid: ObjectId, mode: number, stats: EntryStats): IndexEntry {
  const header = Buffer.alloc(ENTRY_BYTES);
  wordsOf(mode, stats).forEach((word, i) => header.writeUInt32BE(word, i * 4));
  header.write(oid, 40, 'hex');
  header.writeUInt16BE(Math.min(0xfff, Buffer.byteLength(path)), 60);
  return parseEntry(Buffer.concat([header, Buffer.from(`${path}\0`)]), 0);
}

/** Replaces the index. Extensions are left out: they are memories that git builds up again. Throws what the disk says. */
export async function writeIndex(repository: Repository, entries: Iterable<IndexEntry>): Promise<void> {
  const sorted = [...entries]
    .map((entry) => ({ entry, path: Buffer.from(entry.path) }))
    .sort((a, b) => a.path.compare(b.path) || a.entry.stage - b.entry.stage);
  const head = Buffer.alloc(12);
  head.write('DIRC', 0, 'latin1');
  head.writeUInt32BE(sorted.some(({ entry }) => entry.header.length > ENTRY_BYTES) ? 3 : 2, 4);
  head.writeUInt32BE(sorted.length, 8);
  const parts: Buffer[] = [head];
  for (const { entry, path } of sorted) {
    const padding = entryBytes(entry.header.length, path.length) - entry.header.length - path.length;
    parts.push(entry.header, path, Buffer.alloc(padding));
  }
  const content = Buffer.concat(parts);
  const bytes = Buffer.concat([content, createHash('sha1').update(content).digest()]);
  await withIndexLock(repository, () => replaceFile(repository.gitDirectory, indexPath(repository), bytes));
}

const indexPath = ({ gitDirectory }: Repository): string => join(gitDirectory, 'index');
