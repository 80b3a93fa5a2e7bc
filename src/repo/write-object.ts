/**
 * Owns the bytes of new objects. isomorphic-git stores them, but it would deflate them through web streams, which takes
 * tens of milliseconds to begin and is slow for the thousands of small ones that a state consists of.
 */
import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { git } from './git.js';
import { asCommitId, type CommitId, type ObjectId } from './ids.js';
import type { Commit, Signature } from './object.js';
import { gitArguments, type Repository } from './repository.js';

/** Writes an object durably, unless it is there. Throws what the disk says. */
export async function writeObject(
  repository: Repository,
  type: 'blob' | 'tree' | 'commit',
  content: Uint8Array,
): Promise<ObjectId> {
  const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const oid = createHash('sha1').update(bytes).digest('hex');
  const object = deflateSync(bytes);
  return git.writeObject({ ...gitArguments(repository), object, format: 'deflated', oid });
}

/** Writes a commit durably, unless it is there. Its message is cleaned as git would. Throws what the disk says. */
export async function writeCommit(
  repository: Repository,
  { tree, parents, author, committer, message }: Omit<Commit, 'id'>,
): Promise<CommitId> {
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(author)}`,
    `committer ${formatSignature(committer)}`,
    '',
    // git fsck refuses a commit with NUL in it.
    message.replace(/[\r\0]/g, '').replace(/^\n+|\n+$/g, ''),
    '',
  ];
  return asCommitId(await writeObject(repository, 'commit', Buffer.from(lines.join('\n'))));
}

/** `name <email> seconds +hhmm`; git counts the offset the other way round. */
function formatSignature({ name, email, timestamp, timezoneOffset }: Signature): string {
  const minutes = Math.abs(timezoneOffset);
  const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((value) => String(value).padStart(2, '0'));
  return `${name} <${email}> ${timestamp} ${timezoneOffset > 0 ? '-' : '+'}${hh}${mm}`;
}
