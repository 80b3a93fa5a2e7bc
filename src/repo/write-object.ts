/** Owns new objects: one file each, written once, durably. One that a crash damaged is written again. */
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { makeDirectory } from '../durable.js';
import { replaceFile } from './durable-fs.js';
import { asCommitId, type CommitId, type ObjectId, objectIdOf } from './ids.js';
import type { Commit, Signature } from './object.js';
import { hasObject } from './read-object.js';
import type { Repository } from './repository.js';

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag';

/** Writes an object durably, unless it is there; in a staged repository it waits. Throws what the disk says. */
export async function writeObject(repository: Repository, type: ObjectType, content: Uint8Array): Promise<ObjectId> {
  const oid = objectIdOf(type, content);
  if (hasObject(repository, oid)) return oid;
  const waiting = repository.staging?.waiting;
  if (waiting) {
    waiting.set(oid, { type, content: Buffer.from(content) });
    return oid;
  }
  const folder = join(repository.gitDirectory, 'objects', oid.slice(0, 2));
  await makeDirectory(folder);
  const path = join(folder, oid.slice(2));
  const bytes = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  await replaceFile(repository.gitDirectory, path, deflateSync(bytes), { mode: 0o444 });
  return oid;
}

/** Signs the bytes of a commit or a tag: armoured text, as git keeps it in the header `gpgsig`, or behind the message. */
export type CommitSigner = (bytes: Uint8Array) => string;

/** Writes a commit durably, unless it is there. Its message is cleaned as git would. Throws what the disk says. */
export async function writeCommit(
  repository: Repository,
  { tree, parents, author, committer, message }: Omit<Commit, 'id'>,
  sign?: CommitSigner,
): Promise<CommitId> {
  const header = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${formatSignature(author)}`,
    `committer ${formatSignature(committer)}`,
  ];
  // git fsck refuses a commit with NUL in it.
  const body = ['', message.replace(/[\r\0]/g, '').replace(/^\n+|\n+$/g, ''), ''];
  const bytesWith = (...more: readonly string[]): Buffer => Buffer.from([...header, ...more, ...body].join('\n'));
  // What is signed is the commit without its signature; a line break in a header is followed by a space.
  const signature = sign?.(bytesWith()).trimEnd().replaceAll('\n', '\n ');
  const bytes = signature === undefined ? bytesWith() : bytesWith(`gpgsig ${signature}`);
  return asCommitId(await writeObject(repository, 'commit', bytes));
}

/** Writes `name <email> seconds +hhmm`; git counts the offset the other way round. */
export function formatSignature({ name, email, timestamp, timezoneOffset }: Signature): string {
  const minutes = Math.abs(timezoneOffset);
  const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((value) => String(value).padStart(2, '0'));
  return `${name} <${email}> ${timestamp} ${timezoneOffset > 0 ? '-' : '+'}${hh}${mm}`;
}
