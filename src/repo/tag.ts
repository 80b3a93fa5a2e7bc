/** Owns tags: lightweight ones are refs to a commit, annotated ones name an object with a message (git-mktag). */
import { RepositoryError } from '../errors.js';
import { reporting } from './git-error.js';
import { asCommitId, type CommitId, type ObjectId } from './ids.js';
import type { Signature } from './object.js';
import { parseTag } from './parse-commit.js';
import { readObject } from './read-object.js';
import { assertRefName } from './ref-name.js';
import { listRefs, resolveRef } from './refs.js';
import type { Repository } from './repository.js';
import { peel } from './revision.js';
import { type CommitSigner, formatSignature, writeObject } from './write-object.js';

const TAGS = 'refs/tags/';

/** A tag that names a commit. */
export interface Tag {
  readonly name: string;
  readonly commit: CommitId;
  /** What an annotated tag says; a lightweight one says nothing. */
  readonly annotation?: Annotation;
}

export interface Annotation {
  /** Old tags may name nobody. */
  readonly tagger?: Signature;
  readonly message: string;
  /** It ends in a signature, of which nothing is known yet. */
  readonly signed: boolean;
}

/** A tag to be made: annotated when there is a message. */
export interface NewTag {
  readonly name: string;
  readonly commit: CommitId;
  readonly annotation?: { readonly tagger: Signature; readonly message: string; readonly sign?: CommitSigner };
  readonly replace: boolean;
}

/** Lists the tags that name commits, by name. Throws REPOSITORY_CORRUPT. */
export async function listTags(repository: Repository): Promise<Tag[]> {
  return reporting('list the tags', async () => {
    const refs = [...listRefs(repository, TAGS)];
    const tags = await Promise.all(refs.map(([ref, oid]) => readTag(repository, ref.slice(TAGS.length), oid)));
    return tags.flatMap((tag) => tag ?? []);
  });
}

/**
 * Writes what a new tag names: the commit, or an object that says who made it. The ref is the caller's business. Throws
 * NAME_INVALID, TAG_EXISTS, IO.
 */
export async function prepareTag(repository: Repository, tag: NewTag): Promise<ObjectId> {
  const { name, commit, annotation, replace } = tag;
  assertRefName(name);
  for (const other of listRefs(repository, TAGS).keys()) {
    const known = other.slice(TAGS.length);
    if (known === name ? !replace : known.startsWith(`${name}/`) || name.startsWith(`${known}/`)) {
      throw new RepositoryError('TAG_EXISTS', `Cannot create tag "${name}": tag "${known}" exists already`, {
        hint: known === name ? 'Choose another name, or use -f to move it.' : 'Choose another name.',
        data: { name },
      });
    }
  }
  if (!annotation) return commit;
  return reporting(`write tag "${name}"`, () => writeTagObject(repository, name, commit, annotation));
}

/** Finds what a tag names. Throws UNKNOWN_REVISION. */
export function findTag(repository: Repository, name: string): ObjectId {
  const oid = resolveRef(repository, TAGS + name);
  if (oid !== undefined) return oid;
  throw new RepositoryError('UNKNOWN_REVISION', `There is no tag "${name}"`, {
    hint: 'Use "bankai tag" to list the tags.',
    data: { name },
  });
}

async function readTag(repository: Repository, name: string, oid: ObjectId): Promise<Tag | undefined> {
  const first = readObject(repository, oid);
  if (first.type !== 'tag') return first.type === 'commit' ? { name, commit: asCommitId(oid) } : undefined;
  const { object, tagger, message } = parseTag(first.content);
  const signature = message.search(/^-----BEGIN (SSH SIGNATURE|PGP SIGNATURE|PGP MESSAGE)-----$/m);
  const text = signature < 0 ? message : message.slice(0, signature);
  const named = await peel(repository, object);
  if (named === undefined) return undefined;
  const annotation = { ...(tagger && { tagger }), message: text.trim(), signed: signature >= 0 };
  return { name, commit: named, annotation };
}

async function writeTagObject(
  repository: Repository,
  name: string,
  commit: CommitId,
  { tagger, message, sign }: NonNullable<NewTag['annotation']>,
): Promise<ObjectId> {
  const header = [`object ${commit}`, 'type commit', `tag ${name}`, `tagger ${formatSignature(tagger)}`];
  const text = `${[...header, '', message.replace(/[\r\0]/g, '').trim()].join('\n')}\n`;
  // The signature of a tag is behind its message, over everything before it.
  return writeObject(repository, 'tag', Buffer.from(text + (sign?.(Buffer.from(text)) ?? '')));
}
