/** Owns the reading of commits and of single files in them. */
import { RepositoryError } from '../errors.js';
import { parseCommit } from './parse-commit.js';
import { reportingAtOnce } from './git-error.js';
import type { CommitId, ObjectId } from './ids.js';
import { readObjectOf } from './read-object.js';
import type { Repository } from './repository.js';
import { treeAt, type TreeEntry } from './tree.js';

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
  /** None where a shallow clone was cut, as git has it. */
  readonly parents: readonly CommitId[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** Reads a commit. Throws REPOSITORY_CORRUPT when it is missing or damaged. */
export const readCommit = async (repository: Repository, id: CommitId): Promise<Commit> => commitAt(repository, id);

/** Reads a commit as `readCommit` does, at once: for histories of thousands. */
export const commitAt = (repository: Repository, id: CommitId): Commit =>
  repository.commits.recall(id, () =>
    reportingAtOnce(
      () => `read commit ${id}`,
      () => {
        const commit = parseCommit(id, readObjectOf(repository, id, 'commit'));
        return repository.cut.has(id) ? { ...commit, parents: [] } : commit;
      },
    ),
  );

/** Reads a blob. Throws REPOSITORY_CORRUPT when it is missing or damaged. */
export const readBlob = async (repository: Repository, oid: ObjectId): Promise<Uint8Array> => blobAt(repository, oid);

/** Reads a blob as `readBlob` does, at once. */
export const blobAt = (repository: Repository, oid: ObjectId): Uint8Array =>
  reportingAtOnce(
    () => `read object ${oid}`,
    () => readObjectOf(repository, oid, 'blob'),
  );

/** Finds the tree entry at a path of a commit. */
export const findEntry = async (
  repository: Repository,
  commit: CommitId,
  path: string,
): Promise<TreeEntry | undefined> => entryAt(repository, commit, path);

/** Finds the tree entry at a path of a commit, at once. */
export function entryAt(repository: Repository, commit: CommitId, path: string): TreeEntry | undefined {
  const { tree } = commitAt(repository, commit);
  return reportingAtOnce(
    () => `read the tree of commit ${commit}`,
    () => {
      let entry: TreeEntry | undefined = { mode: '040000', oid: tree, type: 'tree' };
      for (const name of path.split('/')) {
        if (entry?.type !== 'tree') return undefined;
        entry = treeAt(repository, entry.oid).get(name);
      }
      return entry;
    },
  );
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
