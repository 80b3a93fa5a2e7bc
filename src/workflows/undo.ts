/** Owns `bankai undo`: what the last operation changed is changed back. Undoing an undo does it again. */
import { RepositoryError, SearchError } from '../errors.js';
import { type Head, readHead } from '../repo/branch.js';
import type { RefChange } from '../repo/change-refs.js';
import { readModelCommit } from '../repo/model-ref.js';
import { withIndexLock } from '../repo/git-lock.js';
import { resolveRef } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';
import { readOverwritten } from '../repo/saved-files.js';
import { readUndo, type UndoRecord } from '../repo/undo-record.js';
import { type Actor, noteOf, someone } from './actor.js';
import { changeOnly } from './change-refs.js';
import { type ChangeOutcome, changeWith, nothingChanged } from './change.js';
import { changeWorkspace } from './workspace.js';

export interface UndoOutcome extends ChangeOutcome {
  /** What was undone, in the words of the reflog. */
  readonly operation: string;
  /** Refs that are back where they were. */
  readonly refs: readonly RefChange[];
}

/**
 * Undoes the last operation: HEAD, refs, settings, index, worktree and model are what they were before. Throws
 * NOTHING_TO_UNDO, also after a push; REFS_MOVED where somebody moved them since; WORKTREE_DIRTY, also for other files that
 * it would overwrite, and what a checkout throws: always before anything is changed.
 */
export async function undo(directory: string, actor: Actor = someone()): Promise<UndoOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const record = await readUndo(repository);
    if (record === undefined) throw nothing();
    if (record.elsewhere) throw notOurs(record);
    const head = await readHead(repository);
    await assertStill(repository, head, record);
    const { before, after } = record.head;
    const refs: RefChange[] = record.refs.map(({ name, before, after }) => ({
      name,
      ...(after !== undefined && { before: after }),
      ...(before !== undefined && { after: before }),
    }));
    const operation = reversed(record.operation);
    const told = { operation: record.operation, refs };
    const stays = record.model.before === record.model.after;
    const overwritten = (record.saved === undefined ? [] : await filesOf(repository, record, record.saved)).map(
      (path) => ({ path }),
    );
    const putBack = record.saved === undefined ? {} : { putBack: record.saved };
    if (before.commit === after.commit && before.branch === after.branch && stays) {
      const note = await noteOf(repository, actor, operation);
      await withIndexLock(repository, () =>
        changeOnly(workspace, operation, { refs, note, ...putBack }, { files: overwritten }),
      );
      return { ...(await nothingChanged(workspace, head)), ...told };
    }
    // To another branch is a checkout to git, which looks for these words.
    const left = `checkout: moving from ${after.branch ?? after.commit} to ${before.branch ?? before.commit}`;
    const note = await noteOf(repository, actor, before.branch === after.branch ? operation : left);
    const keepsModel = record.files !== undefined && stays;
    const outcome = await changeWith(
      workspace,
      head,
      {
        ...before,
        ...{ note, operation, refs, files: record.files, overwritten, ...putBack },
        model: keepsModel ? 'stays' : record.model.before,
      },
      actor,
    );
    return { ...outcome, ...told };
  });
}

/** The files that an operation had overwritten. Throws WORKTREE_DIRTY where they are not as it left them. */
async function filesOf(repository: Repository, { operation }: UndoRecord, saved: string): Promise<string[]> {
  const { paths, changed } = await readOverwritten(repository, saved);
  if (changed.length === 0) return paths;
  throw new RepositoryError('WORKTREE_DIRTY', `Cannot undo "${operation}": changed since: ${changed.join(', ')}`, {
    hint: 'What was there before it would overwrite these changes. Move the files away first, or change them by hand.',
    data: { operation, paths: changed },
  });
}

/** Asserts that everything is where the operation left it. */
async function assertStill(repository: Repository, head: Head, record: UndoRecord): Promise<void> {
  const moved = record.refs.filter(({ name, after }) => resolveRef(repository, name) !== after).map(({ name }) => name);
  const { before, after } = record.head;
  // The branch that HEAD goes back to, where the operation itself did not move it.
  const ref = before.branch === undefined ? undefined : `refs/heads/${before.branch}`;
  const known = record.refs.some(({ name }) => name === ref);
  if (ref !== undefined && !known && resolveRef(repository, ref) !== before.commit) moved.push(ref);
  if (head.commit !== after.commit || head.branch !== after.branch) moved.unshift('HEAD');
  if ((await readModelCommit(repository)) !== record.model.after) moved.push('refs/bankai/model');
  if (moved.length === 0) return;
  throw new RepositoryError('REFS_MOVED', `Cannot undo "${record.operation}": ${moved.join(', ')} moved since`, {
    hint: 'Use "bankai reflog" to see what happened, and "bankai reset" to go back to a commit of it.',
    data: { operation: record.operation, refs: moved },
  });
}

/** `merge math` is taken back by `undo: merge math`, and that by `redo: merge math`. */
function reversed(operation: string): string {
  const [, done, what] = /^(?:(undo|redo): )?(.*)$/s.exec(operation) ?? [];
  return `${done === 'undo' ? 'redo' : 'undo'}: ${what}`;
}

function notOurs({ operation }: UndoRecord): SearchError {
  return new SearchError(
    'NOTHING_TO_UNDO',
    `Cannot undo "${operation}": what others have is not taken back from here`,
    {
      hint:
        'To take back what you sent, "bankai revert" it and push that. To go back only here, use "bankai reset" with a ' +
        'commit that "bankai reflog" lists.',
      data: { operation },
    },
  );
}

function nothing(): SearchError {
  return new SearchError('NOTHING_TO_UNDO', 'There is no operation to undo', {
    hint: 'Only the last one can be undone; "bankai log" shows the history.',
  });
}
