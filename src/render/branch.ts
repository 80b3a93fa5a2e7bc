/** Owns how `bankai branch` looks. */
import { shortId } from './id.js';
import { plural } from './number.js';
import { renderTable } from './table.js';
import { printable } from './text.js';
import { trackingMark, type TrackingSummary } from './tracking.js';
import { signs, type View } from './view.js';

/** A branch as `bankai branch --json` prints it: an item of `schema/branch.schema.json`. */
export interface BranchSummary {
  readonly name: string;
  readonly current: boolean;
  /** Where a remote had it when it was last asked. */
  readonly remote?: true;
  /** The branch that `origin/HEAD` stands for. */
  readonly standsFor?: string;
  readonly commit: string;
  /** What it follows. */
  readonly upstream?: TrackingSummary;
  readonly patches: number;
  /** The commit's message. */
  readonly message: string;
}

/** Lists branches, the current one marked, as `git branch -vv` does; with local ones beside them those of remotes say so. */
export function renderBranches(branches: readonly BranchSummary[], view: View): string[] {
  const { style } = view;
  const prefix = branches.every(({ remote }) => remote) ? '' : 'remotes/';
  const rows = branches.map((branch) => [
    branch.current ? { text: `* ${branch.name}`, paint: style.name } : `  ${branch.remote ? prefix : ''}${branch.name}`,
    { text: shortId(branch.commit), paint: style.id },
    branch.patches === 0 ? 'base' : plural(branch.patches, 'patch', 'patches'),
    branch.standsFor === undefined
      ? `${trackingMark(branch.upstream)} ${branch.message.split('\n')[0]}`.trim()
      : `${signs(view).arrow} ${branch.standsFor}`,
  ]);
  const columns = [{ header: '' }, { header: '' }, { header: '' }, { header: '', flexible: true }];
  return renderTable(columns, rows, view);
}

/** A branch that was just created, or moved. */
export interface NewBranch {
  readonly name: string;
  readonly commit: string;
  readonly patches: number;
  /** Where it was before. */
  readonly movedFrom?: string;
}

/** Writes where a branch starts, or was moved. */
export function renderNewBranch(branch: NewBranch, { style }: View): string[] {
  const what = branch.patches === 0 ? 'the base' : plural(branch.patches, 'patch', 'patches');
  const [done, at] = branch.movedFrom === undefined ? ['Created', 'at'] : ['Moved', 'to'];
  const before = branch.movedFrom === undefined ? '' : `, which was at ${style.id(shortId(branch.movedFrom))}`;
  return [
    `${done} branch ${style.name(printable(branch.name))} ${at} ${style.id(shortId(branch.commit))} (${what})${before}`,
  ];
}

/** A branch that is no more, or has another name now. */
export interface ChangedBranch {
  readonly name: string;
  readonly commit: string;
  readonly deleted?: true;
  readonly renamedFrom?: string;
}

/** Writes what became of a branch. */
export function renderChangedBranch({ name, commit, renamedFrom }: ChangedBranch, { style }: View): string[] {
  const [id, branch] = [style.id(shortId(commit)), style.name(printable(name))];
  if (renamedFrom !== undefined) return [`Renamed branch ${style.name(printable(renamedFrom))} to ${branch}, at ${id}`];
  return [`Deleted branch ${branch}, which was at ${id}`];
}
