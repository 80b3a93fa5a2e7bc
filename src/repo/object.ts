/** Owns the reading of commits and of single files in them. */
import { RepositoryError } from '../errors.js';
import { parseCommit } from './parse-commit.js';
import { reporting } from './git-error.js';
import type { CommitId, ObjectId } from './ids.js';
import { readObjectOf } from './read-object.js';
import type { Repository } from './repository.js';
import { readTree, type TreeEntry } from './tree.js';

/** Name and address of who made a commit, and when. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** Minutes from local time to UTC, as `Date.getTimezoneOffset` gives them: −60 in Berlin in winter. */
  readonly timezoneOffset: number;
}

/** A commit's own fields. */
export interface Commit {
  readonly id: CommitId;
  readonly tree: ObjectId;
  readonly parents: readonly CommitId[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** Reads a commit. Throws REPOSITORY_CORRUPT when it is missing or damaged. */
export async function readCommit(repository: Repository, id: CommitId): Promise<Commit> {
  return repository.commits.recall(id, () =>
    reporting(`read commit ${id}`, async () => parseCommit(id, readObjectOf(repository, id, 'commit'))),
  );
}

/** Reads a blob. Throws REPOSITORY_CORRUPT when it is missing or damaged. */
export async function readBlob(repository: Repository, oid: ObjectId): Promise<Uint8Array> {
  return reporting(`read object ${oid}`, async () => readObjectOf(repository, oid, 'blob'));
}

/** Finds the tree entry at a path of a commit. */
export async function findEntry(
  repository: Repository,
  commit: CommitId,
  path: string,
): Promise<TreeEntry | undefined> {
  const { tree } = await readCommit(repository, commit);
  return reporting(`read the tree of commit ${commit}`, async () => {
    let entry: TreeEntry | undefined = { mode: '040000', oid: tree, type: 'tree' };
    for (const name of path.split('/')) {
      if (entry?.type !== 'tree') return undefined;
      entry = (await readTree(repository, entry.oid)).get(name);
    }
    return entry;
  });
}

/** Reads the ordinary file at a path of a commit, or gives undefined when there is none. */
export async function readFileAt(
  repository: Repository,
  commit: CommitId,
  path: string,
): Promise<Uint8Array | undefined> {
  const entry = await findEntry(repository, commit, path);
  return entry && isFile(entry) ? readBlob(repository, entry.oid) : undefined;
}

/** Tells an ordinary file from a symlink, a directory and a submodule. */
export const isFile = (entry: TreeEntry): boolean => entry.mode === '100644' || entry.mode === '100755';

/** The error for a tree that is not a state. */
export function misplaced(commit: CommitId, path: string): RepositoryError {
  return new RepositoryError('REPOSITORY_CORRUPT', `Commit ${commit.slice(0, 10)} has "${path}", which is no patch`, {
    hint: 'Remove it with "git rm" and commit: patches/ and evidence/ hold nothing else.',
    data: { commit, path },
  });
}
