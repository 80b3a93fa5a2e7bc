/** Owns the text of commit and tag objects: header lines, an empty line, the message. */
import { asCommitId, type CommitId, type ObjectId } from './ids.js';
import type { Commit, Signature } from './object.js';

/**
 * Parses a commit object. Its hash is right; its bytes are somebody else's. As git does it reads by position, one tree and
 * the parents right after it: a `parent` further down is a header that means nothing. Throws Error for what is no commit.
 */
export function parseCommit(id: CommitId, content: Buffer): Commit {
  const { header, message } = splitHeader(content);
  const tree = /^tree ([0-9a-f]{40})$/.exec(header[0])?.[1];
  if (tree === undefined) throw new Error(`commit ${id} names no tree`);
  const parents: CommitId[] = [];
  for (let at = 1; header[at]?.startsWith('parent '); at++) {
    const parent = header[at].slice('parent '.length);
    if (!isObjectId(parent)) throw new Error(`commit ${id} has the parent "${parent}"`);
    parents.push(asCommitId(parent));
  }
  return {
    id,
    tree,
    parents,
    author: parseSignature(valueOf(header, 'author') ?? ''),
    committer: parseSignature(valueOf(header, 'committer') ?? ''),
    message,
  };
}

/** Parses a tag object: what it names, who made it, its message with a signature behind it. Throws Error for what is none. */
export function parseTag(content: Buffer): { object: ObjectId; tagger: Signature | undefined; message: string } {
  const { header, message } = splitHeader(content);
  const object = valueOf(header, 'object');
  if (object === undefined || !isObjectId(object)) throw new Error('a tag names no object');
  const tagger = valueOf(header, 'tagger');
  return { object, tagger: tagger === undefined ? undefined : parseSignature(tagger), message };
}

const isObjectId = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

function splitHeader(content: Buffer): { header: string[]; message: string } {
  const end = content.indexOf('\n\n');
  const header = content.toString('utf8', 0, end < 0 ? content.length : end).split('\n');
  return { header, message: end < 0 ? '' : content.toString('utf8', end + 2).replace(/\r/g, '') };
}

/** The first header line of a name. Lines that go on (a signature) begin with a space. */
const valueOf = (header: readonly string[], name: string): string | undefined =>
  header.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);

/** Parses `name <email> seconds ±hhmm`; what other tools left out counts as empty, or as the beginning of time. */
export function parseSignature(text: string): Signature {
  const [, name = '', email = '', seconds = '0', sign = '+', hours = '0', minutes = '0'] =
    /^(.*?) ?<([^>]*)>(?: (-?\d+) ([+-])(\d\d)(\d\d))?$/.exec(text) ?? [];
  const offset = Number(hours) * 60 + Number(minutes);
  // git counts the offset the other way round, and there is no −0.
  return { name, email, timestamp: Number(seconds), timezoneOffset: sign === '+' ? 0 - offset : offset };
}
