/** Owns `bankai branch`: listing branches, creating one at a stack, renaming and deleting them. */
import { RepositoryError, UsageError } from '../errors.js';
import { listBranches, readHead } from '../repo/branch.js';
import { assertDeletable, assertNewName, findBranch } from '../repo/change-branch.js';
import type { RefChange } from '../repo/change-refs.js';
import { composeCommit } from '../repo/compose.js';
import { asCommitId, type CommitId } from '../repo/ids.js';
import { readModelCommit } from '../repo/model-ref.js';
import { readCommit } from '../repo/object.js';
import type { RefNote } from '../repo/reflog.js';
import { listRefs, readRefValue, resolveRef } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';
import { resolveStack } from '../repo/resolve.js';
import { readState } from '../repo/state.js';
import { readTracking } from '../repo/upstream.js';
import { type Actor, noteOf, someone } from './actor.js';
import { changeOnly, changeWithoutModel } from './change-refs.js';
import { undoable } from './undoable.js';
import { type AfterModel, changeWorkspace, openWorkspace, type Workspace } from './workspace.js';

/** Which branches are listed: those here, those that remotes had when they were last asked, or both. */
export type BranchScope = 'local' | 'remote' | 'all';

/** Lists branches with the sizes of their states: local ones first, each by name. */
export async function branches(directory: string, scope: BranchScope = 'local') {
  const { repository } = await openWorkspace(directory);
  return [
    ...(scope === 'remote' ? [] : await localBranches(repository)),
    ...(scope === 'local' ? [] : await remoteBranches(repository)),
  ];
}

async function localBranches(repository: Repository) {
  const head = await readHead(repository);
  return Promise.all(
    (await listBranches(repository)).map(async ({ name, commit }) => {
      const upstream = await readTracking(repository, name, commit);
      const current = name === head.branch;
      return { name, current, ...(upstream && { upstream }), ...(await contentOf(repository, commit)) };
    }),
  );
}

/** The remote-tracking branches; `origin/HEAD` says which branch of the remote it stands for. */
async function remoteBranches(repository: Repository) {
  const folder = 'refs/remotes/';
  return Promise.all(
    [...listRefs(repository, folder)].map(async ([ref, oid]) => {
      const value = readRefValue(repository, ref);
      const standsFor = value && 'ref' in value ? value.ref.replace(folder, '') : undefined;
      return {
        ...{ name: ref.slice(folder.length), current: false, remote: true as const },
        ...(standsFor !== undefined && { standsFor }),
        ...(await contentOf(repository, asCommitId(oid))),
      };
    }),
  );
}

async function contentOf(repository: Repository, commit: CommitId) {
  const { length: patches } = await readState(repository, commit);
  return { commit, patches, message: (await readCommit(repository, commit)).message.trim() };
}

export interface BranchRequest {
  readonly name: string;
  readonly stack: string;
  /** Moves a branch that is there already. */
  readonly replace?: boolean;
}

/**
 * Creates a branch at a stack; HEAD and model stay. Throws NAME_INVALID, BRANCH_EXISTS, UNKNOWN_REVISION, and BRANCH_IN_USE
 * for one to be moved that HEAD is on.
 */
export async function newBranch(directory: string, request: BranchRequest, actor: Actor = someone()) {
  const { name, replace = false } = request;
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const stack = await resolveStack(repository, request.stack);
    const commit = await composeCommit(repository, stack);
    const ref = `refs/heads/${name}`;
    const before = resolveRef(repository, ref);
    if (replace && before !== undefined && (await readHead(repository)).branch === name) {
      throw new RepositoryError('BRANCH_IN_USE', `Cannot move branch "${name}": HEAD is on it`, {
        hint: `Use "bankai reset ${stack.expression}": the working model follows.`,
        data: { name },
      });
    }
    await assertNewName(repository, name, replace);
    const words = before === undefined ? 'Created from' : 'Reset to';
    const note = await noteOf(repository, actor, `branch: ${words} ${stack.expression}`);
    const change = { name: ref, after: commit, ...(before !== undefined && { before }) };
    await changeOnly(workspace, `branch: ${name}`, { refs: [change], note });
    return {
      name,
      commit,
      patches: stack.patches.length,
      ...(before !== undefined && { movedFrom: asCommitId(before) }),
    };
  });
}

/** Deletes a branch, with its log and its settings. Throws UNKNOWN_REVISION, BRANCH_IN_USE, BRANCH_UNMERGED unless forced. */
export async function dropBranch(directory: string, name: string, force: boolean) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const branch = await findBranch(repository, name);
    await assertDeletable(repository, branch, force);
    const refs = [{ name: `refs/heads/${name}`, before: branch.commit }];
    await changeOnly(workspace, `branch -d: ${name}`, { refs, config: [{ remove: `branch.${name}` }] });
    return { name, commit: branch.commit, deleted: true as const };
  });
}

/**
 * Renames a branch, with its log and its settings: HEAD's where none is named, and HEAD stays on it. Throws
 * UNKNOWN_REVISION, NAME_INVALID, BRANCH_EXISTS for a name in the way or, unless forced, taken, USAGE when HEAD is on none.
 */
export async function moveBranch(
  directory: string,
  { from, to, force }: { from?: string | undefined; to: string; force: boolean },
  actor: Actor = someone(),
) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const head = await readHead(repository);
    const name = from ?? head.branch;
    if (name === undefined) {
      throw new UsageError('USAGE', 'Cannot rename the branch that HEAD is on: it is on none', {
        hint: 'Name the branch: "bankai branch -m OLD NEW".',
      });
    }
    const { commit } = await findBranch(repository, name);
    const answer = { name: to, commit, renamedFrom: name };
    if (name === to) return answer;
    await assertNewName(repository, to, force);
    const [old, ref] = [`refs/heads/${name}`, `refs/heads/${to}`];
    const replaced = resolveRef(repository, ref);
    const note = await noteOf(repository, actor, `Branch: renamed ${old} to ${ref}`);
    const refs = [
      { name: old, before: commit },
      { name: ref, after: commit, ...(replaced !== undefined && { before: replaced }) },
    ];
    const rest = {
      ...{ note, log: { from: old, to: ref } },
      config: [{ rename: `branch.${name}`, to: `branch.${to}` }],
    };
    if (head.branch === name) await renameHead(workspace, { name, to, commit, refs, rest });
    else await changeOnly(workspace, `branch -m: ${name} to ${to}`, { refs, ...rest });
    return answer;
  });
}

interface Renaming {
  readonly name: string;
  readonly to: string;
  readonly commit: CommitId;
  readonly refs: readonly RefChange[];
  readonly rest: AfterModel & { readonly note: RefNote };
}

/** Renames the branch that HEAD is on: HEAD goes to the new name before the old one goes. */
async function renameHead(workspace: Workspace, { name, to, commit, refs, rest }: Renaming): Promise<void> {
  const { repository } = workspace;
  const holds = await readModelCommit(repository);
  const record = {
    operation: `branch -m: ${name} to ${to}`,
    head: { before: { commit, branch: name }, after: { commit, branch: to } },
    refs,
    model: { before: holds, after: holds },
  };
  const move = { from: commit, to: commit, branch: to, files: 'none' as const, note: rest.note };
  const change = { ...rest, move, refs };
  await changeWithoutModel(workspace, { ...change, ...(await undoable(workspace, record, change)) });
}
