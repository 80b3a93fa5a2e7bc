/** Owns the ids of git objects. */
import { createHash } from 'node:crypto';

/** The SHA-1 object id of a git commit: 40 lower-case hexadecimal digits. */
export type CommitId = string & { readonly commitId: unique symbol };

/** The SHA-1 object id of any git object. */
export type ObjectId = string;

/** Gives the id of an object of one of git's types: the SHA-1 of its header and its content. */
export const objectIdOf = (type: string, content: Uint8Array): ObjectId =>
  createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');

/** Takes a string that git gave as the id of a commit. */
export const asCommitId = (oid: string): CommitId => oid as CommitId;
