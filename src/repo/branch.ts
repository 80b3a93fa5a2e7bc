/** Owns branches: listing, creating, pointing them at commits. */
import { RepositoryError } from '../errors.js';
import { reporting } from './git-error.js';
import { asCommitId, type CommitId } from './ids.js';
import { assertRefName } from './ref-name.js';
import { appendReflog, type RefNote } from './reflog.js';
import { listRefs, readRefValue, resolveRef, writeRef } from './refs.js';
import type { Repository } from './repository.js';

const HEADS = 'refs/heads/';

/** A branch and the commit it points at. */
export interface Branch {
  readonly name: string;
  readonly commit: CommitId;
}

/** Where HEAD is: on a branch, or detached at a commit. */
export interface Head {
  readonly branch: string | undefined;
  readonly commit: CommitId;
}

/** Reads HEAD. Throws REPOSITORY_CORRUPT when it points at nothing. */
export async function readHead(repository: Repository): Promise<Head> {
  return reporting('read HEAD', async () => {
    const commit = resolveRef(repository, 'HEAD');
    if (commit === undefined) throw new Error('HEAD points at nothing');
    const value = readRefValue(repository, 'HEAD');
    const branch = value && 'ref' in value ? value.ref : '';
    return { branch: branch.startsWith(HEADS) ? branch.slice(HEADS.length) : undefined, commit: asCommitId(commit) };
  });
}

/** Lists the branches by name. */
export async function listBranches(repository: Repository): Promise<Branch[]> {
  return reporting('list the branches', async () =>
    [...listRefs(repository, HEADS)].map(([ref, oid]) => ({ name: ref.slice(HEADS.length), commit: asCommitId(oid) })),
  );
}

/** Creates a branch at a commit; its reflog says who did. Throws NAME_INVALID, BRANCH_EXISTS. */
export async function createBranch(
  repository: Repository,
  name: string,
  commit: CommitId,
  note?: RefNote,
): Promise<void> {
  await assertNewBranch(repository, name);
  await pointBranch(repository, name, commit, note);
}

/** Asserts that a branch of this name can be created. Throws NAME_INVALID, BRANCH_EXISTS. */
export async function assertNewBranch(repository: Repository, name: string): Promise<void> {
  assertRefName(name);
  for (const branch of await listBranches(repository)) {
    if (branch.name === name) throw branchExists(name, `branch "${name}" exists already`);
    // Refs are files: one cannot be the directory of another.
    if (branch.name.startsWith(`${name}/`) || name.startsWith(`${branch.name}/`)) {
      throw branchExists(name, `branch "${branch.name}" is in the way`);
    }
  }
}

function branchExists(name: string, fact: string): RepositoryError {
  return new RepositoryError('BRANCH_EXISTS', `Cannot create branch "${name}": ${fact}`, {
    hint: 'Choose another name, or check the branch out to go on from it.',
    data: { name },
  });
}

/** Points a branch, new or not, at a commit; given a note, its reflog says so. May be repeated. */
export async function pointBranch(
  repository: Repository,
  name: string,
  commit: CommitId,
  note?: RefNote,
): Promise<void> {
  const ref = HEADS + name;
  await reporting(`write branch "${name}"`, async () => {
    const from = resolveRef(repository, ref);
    if (note && from !== commit) await appendReflog(repository, ref, [{ ...note, from, to: commit }]);
    await writeRef(repository, ref, { oid: commit });
  });
}
