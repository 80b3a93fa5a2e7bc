/** Owns `bankai restore`: files become what HEAD says again, or patches come back from another stack. */
import { relative, resolve, sep } from 'node:path';
import { SearchError, UsageError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { withIndexLock } from '../repo/git-lock.js';
import type { CommitId } from '../repo/ids.js';
import { lossOf } from '../repo/loss.js';
import { readCommit } from '../repo/object.js';
import type { Repository } from '../repo/repository.js';
import { resolveStack } from '../repo/resolve.js';
import { planRestoration } from '../repo/restore-files.js';
import { evidenceDirectory, patchAtPath, patchPath, readState } from '../repo/state.js';
import { changeTree, diffTrees, type TreeEntry } from '../repo/tree.js';
import { noteOf } from './actor.js';
import { type ChangeOutcome, changeTo, nothingChanged } from './change.js';
import { changeOnly } from './change-refs.js';
import { commitTree } from './commit-tree.js';
import type { Recorder } from './record.js';
import { changeWorkspace } from './workspace.js';

export interface RestoreRequest {
  /** Paths of files and folders, from `from`, or beginnings of patch ids of six digits or more; none are all files. */
  readonly what: readonly string[];
  /** Where paths start: by default the top of the worktree. */
  readonly from?: string;
  /** A stack whose patches are to come to HEAD, with a commit. Without it files become HEAD's again. */
  readonly source?: string;
  readonly message?: string;
}

export interface RestoreOutcome extends ChangeOutcome {
  /** Of the commit, where there is one. */
  readonly message?: string;
  /** Files of worktree and index that are HEAD's again. */
  readonly files: readonly string[];
}

/**
 * Makes files of worktree and index what HEAD says or, given a source, brings patches with their evidence from it into
 * HEAD's state; the model follows. Throws UNKNOWN_REVISION, STACK_SYNTAX; USAGE for what is neither a file nor a patch
 * there; NOTHING_TO_COMMIT where HEAD has the patches; WORKTREE_DIRTY, and what a checkout throws.
 */
export async function restore(directory: string, request: RestoreRequest, recorder: Recorder): Promise<RestoreOutcome> {
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const head = await readHead(repository);
    if (request.source === undefined) {
      const folders = await foldersOf(repository, head.commit, request);
      const restoration = await planRestoration(repository, head.commit, folders);
      const { paths } = restoration;
      if (paths.length > 0) {
        const loss = await lossOf(repository, head.commit, head.commit, 'force', (path) => paths.includes(path));
        await withIndexLock(repository, () =>
          changeOnly(workspace, `restore: ${listOf(request.what)}`, { restore: restoration }, loss),
        );
      }
      return { ...(await nothingChanged(workspace, head)), files: paths };
    }
    const source = await composeCommit(repository, await resolveStack(repository, request.source));
    const ids = await patchesOf(repository, source, request.what);
    const { tree } = await readCommit(repository, head.commit);
    const wanted = await changesFor(repository, source, ids);
    const after = await changeTree(repository, tree, wanted);
    if (after === tree) {
      throw new SearchError('NOTHING_TO_COMMIT', 'Nothing to commit: HEAD has these patches', {
        hint: 'Use "bankai status" to see the patches of HEAD.',
      });
    }
    const present = await readState(repository, head.commit);
    const back = ids.filter((id) => !present.includes(id));
    // Where HEAD has them all, it is evidence that comes back.
    const short = (back.length > 0 ? back : ids).map((id) => id.slice(0, 10)).join(', ');
    const message = request.message ?? `Restore ${short}`;
    const commit = await commitTree(repository, { tree: after, parents: [head.commit], message }, recorder);
    const note = await noteOf(repository, recorder, `restore: ${message.split('\n')[0]}`);
    return { ...(await changeTo(workspace, head, commit, note, recorder)), message, files: [] };
  });
}

const listOf = (what: readonly string[]): string => (what.length === 0 ? 'all files' : what.join(', '));

/** The patches of a commit that are meant: by the beginnings of their ids, or their files. */
async function patchesOf(repository: Repository, commit: CommitId, what: readonly string[]): Promise<PatchId[]> {
  const state = await readState(repository, commit);
  if (what.length === 0) return state;
  return what.map((text) => {
    const found = state.filter((id) => (isPrefix(text) && id.startsWith(text)) || patchAtPath(text) === id);
    if (found.length === 1) return found[0];
    throw new UsageError('USAGE', `"${text}" is ${found.length === 0 ? 'no patch' : 'several patches'} there`, {
      hint: 'Give the first six digits or more of a patch id; "bankai show STACK" lists them.',
    });
  });
}

/** The files and folders that are meant; all for none. */
async function foldersOf(
  repository: Repository,
  commit: CommitId,
  { what, from = repository.directory }: RestoreRequest,
): Promise<string[]> {
  const state = await readState(repository, commit);
  if (what.length === 0) return [''];
  return what.flatMap((text) => {
    const found = isPrefix(text) ? state.filter((id) => id.startsWith(text)) : [];
    return found.length === 1
      ? [patchPath(found[0]), evidenceDirectory(found[0])]
      : [placeOf(repository, resolve(from, text))];
  });
}

/** A path from the top of the worktree, with `/`; empty for the top itself. */
const placeOf = ({ directory }: Repository, path: string): string => relative(directory, path).split(sep).join('/');

const isPrefix = (text: string): boolean => /^[0-9a-f]{6,64}$/.test(text);

/** The files of patches and of their evidence in a commit. */
async function changesFor(repository: Repository, commit: CommitId, ids: readonly PatchId[]) {
  const { tree } = await readCommit(repository, commit);
  const places = ids.flatMap((id) => [patchPath(id), `${evidenceDirectory(id)}/`]);
  const files = await diffTrees(repository, undefined, tree);
  const wanted = files.filter(({ path }) => places.some((place) => path === place || path.startsWith(place)));
  return new Map(wanted.map(({ path, after }): [string, TreeEntry | undefined] => [path, after]));
}
