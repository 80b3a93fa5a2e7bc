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
    const same = sharedLength(before, a, after, b);
    if (a + same === before.length && b + same === after.length) break;
    const start = a;
    let aEnd = entryEnd(before, a);
    for (; aEnd > a && aEnd - start <= same; aEnd = entryEnd(before, a)) a = aEnd;
    b += a - start;
    const bEnd = entryEnd(after, b);
    // As a rule all but the id is the same.
    const isChanged = aEnd - a === bEnd - b && aEnd - ID_BYTES - start <= same;
    const order = isChanged ? 0 : compareEntries(before, a, aEnd, after, b, bEnd);
    if (order <= 0) found.push(entryOf('before', before, a, aEnd));
    if (order >= 0) found.push(entryOf('after', after, b, bEnd));
    if (order <= 0) a = aEnd;
    if (order >= 0) b = bEnd;
  }
  return found;
}

/** Finds the tree of a name in a tree object. */
export function findTree(content: Buffer, name: string): ObjectId | undefined {
  const wanted = Buffer.from(`${name}\0`);
  for (let at = 0; at < content.length;) {
    const end = entryEnd(content, at);
    const nameAt = content.indexOf(0x20, at) + 1;
    if (
      end - ID_BYTES - nameAt === wanted.length &&
      content.compare(wanted, 0, wanted.length, nameAt, end - ID_BYTES) === 0
    )
      return isTreeAt(content, at) ? content.toString('hex', end - ID_BYTES, end) : undefined;
    at = end;
  }
  return undefined;
}

/** Which of two entries comes first; the end of a tree comes last. */
function compareEntries(before: Buffer, a: number, aEnd: number, after: Buffer, b: number, bEnd: number): number {
  if (a >= before.length) return 1;
  return b >= after.length ? -1 : placeOf(before, a, aEnd).compare(placeOf(after, b, bEnd));
}

const ID_BYTES = 20;

/** Where the entry that begins at a place ends: behind the 20 bytes of its id. */
function entryEnd(content: Buffer, start: number): number {
  if (start >= content.length) return start;
  let at = start;
  while (at < content.length && content[at] !== 0) at++;
  if (at + 1 + ID_BYTES > content.length) throw new Error('a tree object ends in the middle of an entry');
  return at + 1 + ID_BYTES;
}

/** How many bytes of two contents are the same from two places on. It halves, because `compare` takes blocks at a time. */
function sharedLength(before: Buffer, a: number, after: Buffer, b: number): number {
  let low = 0;
  let high = Math.min(before.length - a, after.length - b);
  const isSame = (from: number, to: number): boolean => before.compare(after, b + from, b + to, a + from, a + to) === 0;
  if (isSame(0, high)) return high;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isSame(low, middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** git orders entries by name, a directory as if its name ended in a slash. */
function placeOf(content: Buffer, start: number, end: number): Buffer {
  const space = content.indexOf(0x20, start);
  const name = content.subarray(space + 1, end - ID_BYTES - 1);
  return isTreeAt(content, start) ? Buffer.concat([name, Buffer.from('/')]) : name;
}

function entryOf(side: RawEntry['side'], content: Buffer, start: number, end: number): RawEntry {
  const space = content.indexOf(0x20, start);
  return {
    side,
    name: content.toString('utf8', space + 1, end - ID_BYTES - 1),
    isTree: isTreeAt(content, start),
    oid: content.toString('hex', end - ID_BYTES, end),
  };
}

/** Modes are octal: a directory's begins with 4, after a zero that old programs wrote. */
const isTreeAt = (content: Buffer, start: number): boolean =>
  content[start] === 0x34 || (content[start] === 0x30 && content[start + 1] === 0x34);
