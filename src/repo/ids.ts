/** Owns the id types of git objects that Bankai names. */

/** The SHA-1 object id of a git commit: 40 lower-case hexadecimal digits. */
export type CommitId = string & { readonly commitId: unique symbol };

/** The SHA-1 object id of any git object. */
export type ObjectId = string;

/** Takes a string that git gave as the id of a commit. */
export const asCommitId = (oid: string): CommitId => oid as CommitId;
