/**
 * Owns the comparison of two tree objects as bytes, entry by entry, without making anything of what is the same: of the
 * hundreds of entries that neighbours in a history have, one differs.
 */
import type { ObjectId } from './ids.js';

/** An entry that only one of two trees has. A changed one is in both, with different ids. */
export interface RawEntry {
  readonly side: 'before' | 'after';
  readonly name: string;
  readonly isTree: boolean;
  readonly oid: ObjectId;
}

/** Lists the entries that two tree objects do not share. Both must be in git's order; of another one, too many are listed. */
export function differingEntries(before: Buffer, after: Buffer): RawEntry[] {
  const found: RawEntry[] = [];
  let [a, b] = [0, 0];
  while (a < before.length || b < after.length) {
    const aEnd = entryEnd(before, a);
    if (aEnd > a && isSame(before, after, a, b, aEnd - a)) {
      b += aEnd - a;
      a = aEnd;
      continue;
    }
    const bEnd = entryEnd(after, b);
    const order =
      a >= before.length ? 1 : b >= after.length ? -1 : placeOf(before, a, aEnd).compare(placeOf(after, b, bEnd));
    if (order <= 0) found.push(entryOf('before', before, a, aEnd));
    if (order >= 0) found.push(entryOf('after', after, b, bEnd));
    if (order <= 0) a = aEnd;
    if (order >= 0) b = bEnd;
  }
  return found;
}

/** Where the entry that begins at a place ends: behind the 20 bytes of its id. */
function entryEnd(content: Buffer, start: number): number {
  if (start >= content.length) return start;
  let at = start;
  while (at < content.length && content[at] !== 0) at++;
  if (at + 21 > content.length) throw new Error('a tree object ends in the middle of an entry');
  return at + 21;
}

function isSame(before: Buffer, after: Buffer, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (before[a + i] !== after[b + i]) return false;
  return true;
}

/** git orders entries by name, a directory as if its name ended in a slash. */
function placeOf(content: Buffer, start: number, end: number): Buffer {
  const space = content.indexOf(0x20, start);
  const name = content.subarray(space + 1, end - 21);
  return isTreeAt(content, start) ? Buffer.concat([name, Buffer.from('/')]) : name;
}

function entryOf(side: RawEntry['side'], content: Buffer, start: number, end: number): RawEntry {
  const space = content.indexOf(0x20, start);
  return {
    side,
    name: content.toString('utf8', space + 1, end - 21),
    isTree: isTreeAt(content, start),
    oid: content.toString('hex', end - 20, end),
  };
}

/** Modes are octal: a directory's begins with 4, after a zero that old programs wrote. */
const isTreeAt = (content: Buffer, start: number): boolean =>
  content[start] === 0x34 || (content[start] === 0x30 && content[start + 1] === 0x34);
