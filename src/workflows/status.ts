/** Owns `bankai status`: where HEAD is, which patches that means, and whether model and worktree agree. */
import { findFaults } from '../checkout/verify.js';
import { countPatchFlips } from '../patch/patch.js';
import { readHead } from '../repo/branch.js';
import { readDescriptor } from '../repo/descriptor.js';
import { readFileStamp, sameStamp } from '../repo/local-state.js';
import { readLog } from '../repo/log.js';
import { readPatches, readState } from '../repo/state.js';
import { readTracking } from '../repo/upstream.js';
import { isWorktreeClean } from '../repo/worktree.js';
import { BankaiError } from '../errors.js';
import { appliedMask, openWorkspace, withModel, type Workspace } from './workspace.js';

/** `behind`: the model is sound but holds another state than HEAD, as after a plain `git merge`. */
export type ModelState = 'clean' | 'behind' | 'changed' | 'missing';

/** Commits whose messages are looked up for the patches of the state. */
const HISTORY_LIMIT = 500;

/** Reports the state of a workspace. Throws NOT_A_REPOSITORY, REPOSITORY_CORRUPT. */
export async function status(directory: string) {
  const workspace = await openWorkspace(directory);
  const { repository, state } = workspace;
  const head = await readHead(repository);
  const ids = await readState(repository, head.commit);
  const patches = await readPatches(repository, head.commit, ids);
  const messages = new Map<string, string>();
  if (ids.length > 0) {
    for (const entry of await readLog(repository, head.commit, { limit: HISTORY_LIMIT })) {
      for (const id of entry.patchesAdded) if (entry.parents.length < 2) messages.set(id, entry.message.trim());
    }
  }
  const name = await baseName(workspace);
  const upstream = head.branch === undefined ? undefined : await readTracking(repository, head.branch, head.commit);
  return {
    ...(head.branch !== undefined && { branch: head.branch }),
    commit: head.commit,
    ...(upstream && { upstream }),
    stack: ids,
    patches: ids.map((id) => {
      const patch = patches.get(id);
      const message = messages.get(id);
      return { id, flips: patch ? countPatchFlips(patch) : 0, ...(message !== undefined && { message }) };
    }),
    model: { path: state.model, state: await modelState(workspace, ids) },
    base: { weightsId: state.weightsId, ...(name !== undefined && { name }) },
    worktree: (await isWorktreeClean(repository, head.commit)) ? ('clean' as const) : ('dirty' as const),
    ...(workspace.recovered !== undefined && { recovered: workspace.recovered }),
  };
}

async function modelState(workspace: Workspace, wanted: readonly string[]): Promise<ModelState> {
  const { state, model } = workspace;
  try {
    const untouched = sameStamp(await readFileStamp(model), state.file);
    if (!untouched && !(await isIntact(workspace))) return 'changed';
  } catch (error) {
    if (error instanceof BankaiError) return error.code === 'NO_MODEL' ? 'missing' : 'changed';
    throw error;
  }
  return state.patches.join() === wanted.join() ? 'clean' : 'behind';
}

/** Whether the file, although somebody touched it, still holds what it should. */
async function isIntact(workspace: Workspace): Promise<boolean> {
  const applied = await appliedMask(workspace);
  const { base } = await readDescriptor(workspace.repository, workspace.state.root);
  return withModel(workspace.model, ({ source, gguf }) => findFaults(source, gguf, applied, base.tensors).length === 0);
}

/** The model's own name, where it has one. */
export async function baseName({ model }: Workspace): Promise<string | undefined> {
  try {
    return await withModel(model, ({ gguf: { metadata } }) =>
      metadata.typeOf('general.name') === 'string' ? metadata.text('general.name') : undefined,
    );
  } catch (error) {
    if (error instanceof BankaiError) return undefined;
    throw error;
  }
}
