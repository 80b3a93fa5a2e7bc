/** Owns what the verbs that move HEAD have in common: model and worktree follow, and people are told what that changed. */
import type { PatchId } from '../patch/ids.js';
import { cancellations, type ContestedRow } from '../patch/overlap.js';
import type { Head } from '../repo/branch.js';
import type { CommitId } from '../repo/ids.js';
import type { RefNote } from '../repo/reflog.js';
import { readPatches, readState } from '../repo/state.js';
import type { Repository } from '../repo/repository.js';
import type { Actor } from './actor.js';
import type { Destination } from './destination.js';
import { moveTo } from './move-to.js';
import type { Workspace } from './workspace.js';

/** What a verb did to the state of HEAD and to the working model. */
export interface ChangeOutcome {
  readonly commit: CommitId;
  /** Absent when HEAD is detached. */
  readonly branch?: string;
  /** How many patches the state has now. */
  readonly patches: number;
  readonly added: readonly PatchId[];
  readonly removed: readonly PatchId[];
  /** Rows that were in effect and now cancel, because several patches change them. */
  readonly cancelled: readonly ContestedRow[];
  readonly tensorsTouched: number;
  readonly bytesChanged: number;
  readonly elapsedMs: number;
  /** Patches that came in about which nobody signed a statement. */
  readonly unsigned: readonly PatchId[];
  /** What policies that only warn have against patches that came in. */
  readonly warnings: readonly string[];
  readonly recovered?: string;
}

/** Moves HEAD, its branch, worktree and model to a commit; the reflogs tell the note. Throws as `moveTo`. */
export async function changeTo(
  workspace: Workspace,
  head: Head,
  commit: CommitId,
  note: RefNote,
  actor: Actor,
): Promise<ChangeOutcome> {
  const to = { commit, ...(head.branch !== undefined && { branch: head.branch }), note };
  return changeWith(workspace, head, to, actor);
}

/** Moves a workspace and says what that did to the state of HEAD. Throws as `moveTo`. */
export async function changeWith(
  workspace: Workspace,
  head: Head,
  to: Destination,
  actor: Actor,
): Promise<ChangeOutcome> {
  const difference = await compareStates(workspace.repository, head.commit, to.commit);
  const moved = await moveTo(workspace, to, actor);
  const { cancelledFlips: _, unsigned, ...rest } = moved;
  return { ...rest, ...difference, unsigned: unsigned as readonly PatchId[] };
}

/** What is said where there is nothing to do. */
export async function nothingChanged({ repository, recovered }: Workspace, head: Head): Promise<ChangeOutcome> {
  return {
    commit: head.commit,
    ...(head.branch !== undefined && { branch: head.branch }),
    patches: (await readState(repository, head.commit)).length,
    ...{ added: [], removed: [], cancelled: [], unsigned: [], warnings: [] },
    ...{ tensorsTouched: 0, bytesChanged: 0, elapsedMs: 0 },
    ...(recovered !== undefined && { recovered }),
  };
}

/** Says which patches lead from one commit's state to another's, and which rows cancel there that did not before. */
async function compareStates(repository: Repository, from: CommitId, to: CommitId) {
  const [before, after] = [await readState(repository, from), await readState(repository, to)];
  const had = await lostRows(repository, from, before);
  const lost = await lostRows(repository, to, after);
  return {
    added: after.filter((id) => !before.includes(id)),
    removed: before.filter((id) => !after.includes(id)),
    cancelled: [...lost].filter(([key]) => !had.has(key)).map(([, row]) => row),
  };
}

async function lostRows(repository: Repository, commit: CommitId, ids: readonly PatchId[]) {
  const patches = await readPatches(repository, commit, ids);
  const lost = cancellations(patches.values()).filter(({ cancelled }) => cancelled !== 'none');
  return new Map(lost.map((row) => [`${row.tensor} ${row.row} ${row.cancelled}`, row]));
}
