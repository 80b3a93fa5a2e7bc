/** Owns `bankai branch`: listing branches, and creating one at a stack. */
import { assertNewBranch, listBranches, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { readCommit } from '../repo/object.js';
import { resolveStack } from '../repo/resolve.js';
import { readState } from '../repo/state.js';
import { type Actor, noteOf, someone } from './actor.js';
import { changeOnlyRefs } from './change-refs.js';
import { changeWorkspace, openWorkspace } from './workspace.js';

/** Lists the branches with the sizes of their states. */
export async function branches(directory: string) {
  const { repository } = await openWorkspace(directory);
  const head = await readHead(repository);
  return Promise.all(
    (await listBranches(repository)).map(async ({ name, commit }) => ({
      name,
      current: name === head.branch,
      commit,
      patches: (await readState(repository, commit)).length,
      message: (await readCommit(repository, commit)).message.trim(),
    })),
  );
}

/** Creates a branch at a stack; HEAD and model stay. Throws NAME_INVALID, BRANCH_EXISTS, UNKNOWN_REVISION. */
export async function newBranch(directory: string, name: string, expression: string, actor: Actor = someone()) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const stack = await resolveStack(repository, expression);
    const commit = await composeCommit(repository, stack);
    const note = await noteOf(repository, actor, `branch: Created from ${stack.expression}`);
    await assertNewBranch(repository, name);
    await changeOnlyRefs(workspace, `branch: ${name}`, [{ name: `refs/heads/${name}`, after: commit }], note);
    return { name, commit, patches: stack.patches.length };
  });
}
