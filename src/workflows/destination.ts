/** Owns where a move goes, and what is recorded of it: by reflogs, and for `undo`. */
import type { PatchId } from '../patch/ids.js';
import type { Head } from '../repo/branch.js';
import type { RefChange } from '../repo/change-refs.js';
import type { CommitId } from '../repo/ids.js';
import { lossOf } from '../repo/loss.js';
import { readModelCommit } from '../repo/model-ref.js';
import type { HeadMove, MoveNote } from '../repo/move-head.js';
import { readCommit } from '../repo/object.js';
import type { RefNote } from '../repo/reflog.js';
import { resolveRef } from '../repo/refs.js';
import type { Repository } from '../repo/repository.js';
import type { Overwritten } from '../repo/saved-files.js';
import type { HeadPlace } from '../repo/undo-record.js';
import { undoable } from './undoable.js';
import type { AfterModel, Workspace } from './workspace.js';

/** Where to go. */
export interface Destination {
  readonly commit: CommitId;
  /** The branch that HEAD is on afterwards; it is made or moved. Without one HEAD is detached. */
  readonly branch?: string;
  /** What the reflogs are to say; nothing without it. */
  readonly note?: RefNote;
  /** How the operation is called when it is undone: by default as in the reflogs. What has no name cannot be undone. */
  readonly operation?: string;
  /** The commit that the model is to stand for, if not this one; `stays`: it stays as it is. */
  readonly model?: CommitId | 'stays';
  /** What index and worktree do, if they do not follow. */
  readonly files?: HeadMove['files'];
  /** Further refs that change. */
  readonly refs?: readonly RefChange[];
  /** Changes of the repository's git configuration, and of files of ours, that go with it. */
  readonly config?: AfterModel['config'];
  readonly writes?: AfterModel['writes'];
  /** Files that were written for it already, with what was in them. */
  readonly overwritten?: readonly Overwritten[];
  /** What is put back of an operation that is undone. */
  readonly putBack?: string;
  /** Patches that were just made here: no policy judges them. */
  readonly fresh?: ReadonlySet<PatchId>;
}

/** What the journal has to carry of a move, but for the model and the record of it. */
export type MoveChanges = AfterModel & { readonly move: HeadMove };

/** Describes a move from HEAD to a destination for the journal. Throws REPOSITORY_CORRUPT. */
export async function changesOf(repository: Repository, head: Head, destination: Destination): Promise<MoveChanges> {
  const { commit, branch, files, refs, config, writes, overwritten, putBack } = destination;
  const note = destination.note && (await moveNote(repository, head, destination, destination.note));
  const over = putBack === undefined ? undefined : overwritten?.map(({ path }) => path);
  return {
    move: { from: head.commit, to: commit, branch, note, files, over },
    ...(refs && { refs }),
    ...(config && { config }),
    ...(writes && { writes }),
    ...(putBack !== undefined && { putBack }),
    ...(destination.note && refs && { note: destination.note }),
  };
}

/** Records what a move is about to change, so that it can be undone. */
export async function recordMove(
  workspace: Workspace,
  head: Head,
  { commit, branch, note, operation, model, files, refs = [], overwritten = [] }: Destination,
  after: AfterModel,
): Promise<Pick<AfterModel, 'undo' | 'saved'>> {
  const name = operation ?? note?.message;
  if (name === undefined) return {};
  const { repository } = workspace;
  const holds = await readModelCommit(repository);
  const ref = branch === undefined ? undefined : `refs/heads/${branch}`;
  const before = ref === undefined ? undefined : resolveRef(repository, ref);
  const moved = ref === undefined || before === commit ? [] : [{ name: ref, ...(before && { before }), after: commit }];
  const record = {
    operation: name,
    head: { before: placeOf(head), after: placeOf({ commit, branch }) },
    refs: [...moved, ...refs],
    model: { before: holds, after: model === 'stays' ? holds : (model ?? commit) },
    ...((files === 'index' || files === 'none') && { files }),
  };
  const drops = files === 'force' || files === 'index';
  const loss = drops ? await lossOf(repository, head.commit, commit, files) : { files: [] };
  return undoable(workspace, record, after, { ...loss, files: [...loss.files, ...overwritten] });
}

const placeOf = ({ commit, branch }: { commit: CommitId; branch?: string | undefined }): HeadPlace => ({
  commit,
  ...(branch !== undefined && { branch }),
});

/** A commit on another branch than HEAD's is a checkout before it is a commit. */
async function moveNote(
  repository: Repository,
  head: Head,
  { commit, branch }: Destination,
  note: RefNote,
): Promise<MoveNote> {
  if (head.branch === branch || note.message.startsWith('checkout: ')) return note;
  const [start = commit] = (await readCommit(repository, commit)).parents;
  return { ...note, leaving: { place: head.branch ?? head.commit, for: start } };
}
