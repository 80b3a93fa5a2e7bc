/** Owns `bankai undo`: what the last operation changed is changed back. Undoing an undo does it again. */
import { RepositoryError, SearchError } from '../errors.js';
import { type Head, readHead } from '../repo/branch.js';
import type { RefChange } from '../repo/change-refs.js';
import { readModelCommit } from '../repo/model-ref.js';
import { resolveRef } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';
import { readUndo, type UndoRecord } from '../repo/undo-record.js';
import { type Actor, noteOf, someone } from './actor.js';
import { changeOnlyRefs } from './change-refs.js';
import { type ChangeOutcome, changeWith, nothingChanged } from './change.js';
import type { Destination } from './checkout.js';
import { changeWorkspace } from './workspace.js';

export interface UndoOutcome extends ChangeOutcome {
  /** What was undone, in the words of the reflog. */
  readonly operation: string;
  /** Refs that are back where they were. */
  readonly refs: readonly RefChange[];
}

/**
 * Undoes the last operation: HEAD, refs, worktree and model are what they were before. Throws NOTHING_TO_UNDO; REFS_MOVED
 * where somebody moved them since; WORKTREE_DIRTY, and what a checkout throws: always before anything is changed.
 */
export async function undo(directory: string, actor: Actor = someone()): Promise<UndoOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const record = await readUndo(repository);
    if (record === undefined) throw nothing();
    const head = await readHead(repository);
    await assertStill(repository, head, record);
    const { before, after } = record.head;
    const refs = record.refs.map(({ name, before, after }) => ({
      name,
      ...(after !== undefined && { before: after }),
      ...(before !== undefined && { after: before }),
    }));
    const operation = reversed(record.operation);
    const renamed = record.renamed && namedAgain(record.renamed);
    const told = { operation: record.operation, refs };
    const stays = record.model.before === record.model.after;
    if (before.commit === after.commit && before.branch === after.branch && stays) {
      await changeOnlyRefs(workspace, operation, refs, {
        note: await noteOf(repository, actor, operation),
        ...renamed,
      });
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
        ...{ note, operation, refs, files: record.files, ...renamed },
        model: keepsModel ? 'stays' : record.model.before,
      },
      actor,
    );
    return { ...outcome, ...told };
  });
}

/** A renamed branch gets its name, its log and its settings back. */
function namedAgain({ from, to }: NonNullable<UndoRecord['renamed']>): Pick<Destination, 'log' | 'config'> {
  const section = (ref: string): string => ref.replace(/^refs\/heads\//, 'branch.');
  return { log: { from: to, to: from }, config: [{ rename: section(to), to: section(from) }] };
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

function nothing(): SearchError {
  return new SearchError('NOTHING_TO_UNDO', 'There is no operation to undo', {
    hint: 'Only the last one can be undone; "bankai log" shows the history.',
  });
}
