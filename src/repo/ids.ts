/** Owns the ids of git objects. */
import * as crypto from 'node:crypto';

/** The SHA-1 object id of a git commit: 40 lower-case hexadecimal digits. */
export type CommitId = string & { readonly commitId: unique symbol };

/** The SHA-1 object id of any git object. */
export type ObjectId = string;

/** Gives the id of an object of one of git's types: the SHA-1 of its header and its content. */
export function objectIdOf(type: string, content: Uint8Array): ObjectId {
  const header = `${type} ${content.length}\0`;
  if (hashAtOnce === undefined || header.length + content.length > together.length) {
    return crypto.createHash('sha1').update(header).update(content).digest('hex');
  }
  const start = together.write(header, 'latin1');
  together.set(content, start);
  return hashAtOnce('sha1', together.subarray(0, start + content.length), 'hex');
}

/** Node has it from 20.12 on. An object of Node's for every hash is what its collector has most to do with. */
const hashAtOnce = crypto.hash as typeof crypto.hash | undefined;

/** Where header and content of a small object lie together to be hashed. */
const together = Buffer.alloc(2 ** 16);

/** Takes a string that git gave as the id of a commit. */
export const asCommitId = (oid: string): CommitId => oid as CommitId;
