/**
 * Owns the move of HEAD, index and worktree from one commit to another.
 *
 * A move is plain data and can be repeated: every file is found either as the old commit has it or as the new one does,
 * so one that was cut short is finished by doing it again.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { RepositoryError } from '../errors.js';
import { pointBranch } from './branch.js';
import { isTemporaryName, type PlacedFile, placeFiles, syncDirectories, temporaryName } from '../durable.js';
import { temporaryObject } from './durable-fs.js';
import { reporting } from './git-error.js';
import { type CommitId, type ObjectId, objectIdOf } from './ids.js';
import { indexEntry, readIndex, writeIndex } from './index-file.js';
import { blobAt, isFile, readCommit } from './object.js';
import { differencesFrom, resetIndex } from './reset-files.js';
import { appendReflog, type RefNote } from './reflog.js';
import { writeRef } from './refs.js';
import { isSafeName } from './safe-name.js';
import { type Repository, unsupported } from './repository.js';
import { diffTrees, type TreeDifference } from './tree.js';

/** A move of HEAD. It is JSON: a journal can carry it. */
export interface HeadMove {
  /** Where worktree and index are now; undefined for a repository without a commit. */
  readonly from: CommitId | undefined;
  readonly to: CommitId;
  /** The branch that HEAD is on afterwards, which is made or moved to point at `to`; without one HEAD is detached. */
  readonly branch?: string | undefined;
  /**
   * What becomes of index and worktree. By default files that differ between the commits change in both, if nobody changed
   * them. `force`: both become `to`, whatever is in the way; `index`: the index alone does; `none`: both stay.
   */
  readonly files?: 'force' | 'index' | 'none' | undefined;
  /** Files that may be overwritten though somebody changed them, because what they have is saved. */
  readonly over?: readonly string[] | undefined;
  /** What the reflogs of HEAD and of the branch are to say; nothing without it. */
  readonly note?: MoveNote | undefined;
}

export interface MoveNote extends RefNote {
  /** The move goes to another branch and commits there: an entry of its own first, because `@{-1}` looks for it. */
  readonly leaving?: { readonly place: string; readonly for: CommitId };
}

/**
 * Asserts that a move would overwrite nothing that somebody changed in the worktree. Throws WORKTREE_DIRTY naming every
 * such file, REPOSITORY_UNSUPPORTED for symlinks and submodules in the commit.
 */
export async function assertMovable(repository: Repository, move: HeadMove): Promise<void> {
  await planMove(repository, move);
}

/**
 * Makes a move: files that differ, then the index, then the branch, then HEAD, each ref after its reflog. Throws
 * WORKTREE_DIRTY (before anything is written), IO, REPOSITORY_CORRUPT.
 */
export async function moveHead(repository: Repository, move: HeadMove): Promise<void> {
  const differences = await planMove(repository, move);
  await reporting('update the worktree', async () => {
    await writeDifferences(repository, differences);
    if (move.files === 'force' || move.files === 'index') await resetIndex(repository, move.to);
    else await updateIndex(repository, differences);
  });
  await logMove(repository, move);
  if (move.branch !== undefined) await pointBranch(repository, move.branch, move.to, branchNote(move));
  await reporting('write HEAD', () =>
    writeRef(repository, 'HEAD', move.branch === undefined ? { oid: move.to } : { ref: `refs/heads/${move.branch}` }),
  );
}

/** Writes and removes worktree files, durably. */
export async function writeDifferences(repository: Repository, differences: readonly TreeDifference[]): Promise<void> {
  await writeFiles(repository, differences);
  // Removing last: a directory that becomes empty must not be removed while another file is about to be written there.
  await inBatches(differences, (difference) => removeFile(repository, difference));
  await syncDirectories(directoriesOf(repository, differences));
}

/** Writes HEAD's reflog. What it says follows from the move alone, so that a repeated one says it once. */
async function logMove(repository: Repository, { from, to, branch, note }: HeadMove): Promise<void> {
  if (!note) return;
  const { by, message, leaving } = note;
  const start = leaving?.for ?? from;
  const entries = [
    ...(leaving ? [{ by, message: `checkout: moving from ${leaving.place} to ${branch ?? to}`, from, to: start }] : []),
    { by, message, from: start, to },
  ];
  await reporting("write HEAD's reflog", () => appendReflog(repository, 'HEAD', entries));
}

/** A checkout moves no branch: it can only have made one. */
const branchNote = ({ note }: HeadMove): RefNote | undefined =>
  note?.message.startsWith('checkout: ') ? { ...note, message: 'branch: Created from HEAD' } : note;

/** Worktree files removed at the same time. */
const FILES_AT_ONCE = 64;

async function planMove(repository: Repository, { from, to, files, over = [] }: HeadMove): Promise<TreeDifference[]> {
  if (files === 'index' || files === 'none') return [];
  const before = from === undefined ? undefined : (await readCommit(repository, from)).tree;
  const after = (await readCommit(repository, to)).tree;
  const force = files === 'force';
  const differences = await reporting('compare the worktree', () =>
    force ? differencesFrom(repository, before, after) : diffTrees(repository, before, after),
  );
  const changed: string[] = [];
  for (const { path, before, after } of differences) {
    assertSafe(repository, path);
    if (after && !isFile(after)) throw unsupported(repository, `"${path}" is a symlink or a submodule`);
    const present = await reporting(`read ${path}`, async () => hashFile(repository, path));
    const isChanged = present !== undefined && present !== before?.oid && present !== after?.oid;
    if (isChanged && (!(force || over.includes(path)) || present === 'other')) changed.push(path);
  }
  if (changed.length > 0) throw dirty(changed);
  return differences;
}

/** A tree is somebody else's data: a path must stay inside the worktree and outside `.git`. */
function assertSafe(repository: Repository, path: string): void {
  if (!path.split('/').every(isSafeName)) throw unsupported(repository, `its tree has the unsafe path "${path}"`);
}

/**
 * The blob id that a worktree file has; undefined when there is none, and `other` for what is not a file. Synchronous,
 * because a move may touch thousands of small files, which takes several times as long otherwise.
 */
export function hashFile(repository: Repository, path: string): ObjectId | 'other' | undefined {
  let place = repository.directory;
  const parts = path.split('/');
  for (const [i, part] of parts.entries()) {
    place = `${place}/${part}`;
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    // A symlink on the way would lead our writes out of the worktree.
    if (i < parts.length - 1 ? !stats.isDirectory() : !stats.isFile()) return 'other';
  }
  return objectIdOf('blob', readFileSync(place));
}

/**
 * Writes the files of the new commit. Other than git's, they are whole after a power loss too: one cut short would look
 * like somebody's change, and stop the recovery of the checkout that wrote it.
 */
async function writeFiles(repository: Repository, differences: readonly TreeDifference[]): Promise<void> {
  const { directory, gitDirectory } = repository;
  const wanted = differences.flatMap(({ path, after }) => (after ? [{ path: join(directory, path), after }] : []));
  for (const parent of new Set(wanted.map(({ path }) => dirname(path)))) {
    const isNew = mkdirSync(parent, { recursive: true }) !== undefined;
    if (!isNew && isStateFolder(directory, parent)) removeUnfinished(parent);
  }
  await placeFiles(
    (function* (): Iterable<PlacedFile> {
      for (const { path, after } of wanted) {
        const mode = after.mode === '100755' ? 0o777 : 0o666;
        const temporary = isStateFolder(directory, dirname(path)) ? temporaryName(path) : temporaryObject(gitDirectory);
        yield { path, bytes: blobAt(repository, after.oid), mode, temporary };
      }
    })(),
  );
}

/**
 * Whether a folder is for patches or evidence. Their files become complete beside their places: thousands that begin in one
 * folder make some disks slow. What a crash leaves there is removed by the move that is then carried out again.
 */
const isStateFolder = (directory: string, folder: string): boolean =>
  /^(patches|evidence)[/\\]/.test(relative(directory, folder));

function removeUnfinished(folder: string): void {
  for (const name of readdirSync(folder)) if (isTemporaryName(name)) rmSync(join(folder, name), { force: true });
}

async function removeFile(repository: Repository, { path, after }: TreeDifference): Promise<void> {
  if (after !== undefined) return;
  await rm(join(repository.directory, path), { force: true });
  await removeEmptyParents(repository, path);
}

/** The directories whose entries a move may have changed, as far as they are there. */
function directoriesOf({ directory }: Repository, differences: readonly TreeDifference[]): string[] {
  const found = new Set<string>();
  for (const { path } of differences) {
    for (let parent = dirname(path); !found.has(parent); parent = dirname(parent)) found.add(parent);
  }
  return [...found].map((path) => join(directory, path)).filter((path) => existsSync(path));
}

async function inBatches<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += FILES_AT_ONCE) {
    await Promise.all(items.slice(i, i + FILES_AT_ONCE).map(action));
  }
}

async function removeEmptyParents(repository: Repository, path: string): Promise<void> {
  for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
    try {
      await rmdir(join(repository.directory, parent));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue;
      if (code === 'ENOTEMPTY' || code === 'EEXIST') return;
      throw error;
    }
  }
}

async function updateIndex(repository: Repository, differences: readonly TreeDifference[]): Promise<void> {
  if (differences.length === 0) return;
  const changed = new Set(differences.map(({ path }) => path));
  const kept = readIndex(repository).filter(({ path }) => !changed.has(path));
  const written = differences.flatMap(({ path, after }) => {
    if (after === undefined) return [];
    const stats = lstatSync(join(repository.directory, path), { bigint: true });
    return indexEntry(path, after.oid, Number.parseInt(after.mode, 8), stats);
  });
  await writeIndex(repository, [...kept, ...written]);
}

function dirty(paths: readonly string[]): RepositoryError {
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return new RepositoryError('WORKTREE_DIRTY', `Changed in the worktree: ${paths.slice(0, 3).join(', ')}${more}`, {
    hint: 'Use "git checkout -- <path>" to drop the changes, or move the files away.',
    data: { paths },
  });
}
