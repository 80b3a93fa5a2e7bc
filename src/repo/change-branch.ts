/** Owns which branches may go, and which names they may get: git's own rules of safety. */
import { RepositoryError } from '../errors.js';
import { assertNewBranch, type Branch, listBranches, readHead } from './branch.js';
import { descendsFrom } from './history.js';
import { asCommitId } from './ids.js';
import { resolveRef } from './refs.js';
import type { Repository } from './repository.js';
import { upstreamOf } from './upstream.js';

/** Finds a branch. Throws UNKNOWN_REVISION. */
export async function findBranch(repository: Repository, name: string): Promise<Branch> {
  const branch = (await listBranches(repository)).find((known) => known.name === name);
  if (branch) return branch;
  throw new RepositoryError('UNKNOWN_REVISION', `There is no branch "${name}"`, {
    hint: 'Use "bankai branch" to list the branches.',
    data: { name },
  });
}

/**
 * Asserts that a branch may be deleted. Throws BRANCH_IN_USE for the one that HEAD is on and, unless forced,
 * BRANCH_UNMERGED for one with commits that neither the branch it follows has nor, where it follows none, HEAD.
 */
export async function assertDeletable(repository: Repository, branch: Branch, force: boolean): Promise<void> {
  const head = await readHead(repository);
  if (head.branch === branch.name) {
    throw new RepositoryError('BRANCH_IN_USE', `Cannot delete branch "${branch.name}": HEAD is on it`, {
      hint: 'Switch to another branch first: "bankai switch NAME".',
      data: { name: branch.name },
    });
  }
  if (!force) await assertMerged(repository, branch, head.commit);
}

/** Asserts that a branch may get a name. Throws NAME_INVALID, BRANCH_EXISTS; when forced, only HEAD's branch is not replaced. */
export async function assertNewName(repository: Repository, name: string, force: boolean): Promise<void> {
  const isTaken = resolveRef(repository, `refs/heads/${name}`) !== undefined;
  if (force && isTaken && (await readHead(repository)).branch !== name) return;
  await assertNewBranch(repository, name);
}

async function assertMerged(repository: Repository, { name, commit }: Branch, head: Branch['commit']): Promise<void> {
  const upstream = upstreamOf(repository, `refs/heads/${name}`);
  const followed = upstream === undefined ? undefined : resolveRef(repository, upstream);
  const into = followed === undefined ? head : asCommitId(followed);
  if (into === commit || (await descendsFrom(repository, into, commit))) return;
  throw new RepositoryError('BRANCH_UNMERGED', `Branch "${name}" has commits that nothing else has`, {
    hint: `Merge it first, or use "bankai branch -D ${name}" to delete it all the same.`,
    data: { name, commit },
  });
}
