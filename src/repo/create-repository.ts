/** Owns the making of a repository, and the adoption of one that `git clone` brought. */
import type { Stats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { makeDirectory, removeDurably, writeFileDurably } from '../durable.js';
import { CompatibilityError, RepositoryError } from '../errors.js';
import { readHead, type Head } from './branch.js';
import { readDescriptor, type RepositoryDescriptor, writeRootCommit } from './descriptor.js';
import { git } from './git.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { makeLocalDirectory } from './local-state.js';
import { moveHead } from './move-head.js';
import { readReflog, type RefNote } from './reflog.js';
import { listRefs, resolveRef } from './refs.js';
import {
  describeRepository,
  gitArguments,
  isInitialised,
  openGitRepository,
  type Repository,
  unsupported,
} from './repository.js';

const DEFAULT_BRANCH = 'main';

/**
 * Settings of the git repository. Files are content-addressed: a "rename" could only be a wrong guess and a conflict. git's
 * strategy `ort` looked for renames whatever `merge.renames` said up to git 2.49; `recursive`, today another name of it, did
 * not. Merge, revert, cherry-pick and rebase all take their strategy from `pull.twohead`.
 */
const settings: Record<string, string | boolean> = {
  'merge.renames': false,
  'merge.directoryRenames': false,
  'diff.renames': false,
  'pull.twohead': 'recursive',
};

/** What a repository is made from. */
export interface NewRepository {
  /** The worktree; made when it does not exist. */
  readonly directory: string;
  readonly descriptor: RepositoryDescriptor;
  /** Path of the working model: relative to the worktree, with `/`, or absolute. */
  readonly model: string;
  /** What the reflogs say of the root commit; nothing without it. */
  readonly note?: (repository: Repository) => Promise<RefNote>;
}

/** A repository without local state yet: `init` is complete when that is written (`local-state.ts`). */
export interface CreatedRepository {
  readonly repository: Repository;
  readonly root: CommitId;
  readonly head: Head;
  /** It was there before, as a clone. */
  readonly adopted: boolean;
}

/**
 * Makes a repository whose branch `main` is at the root commit; an interrupted call can be repeated. A git repository
 * that has commits of ours for the same base model, a clone, is adopted as it is. Throws REPOSITORY_EXISTS,
 * REPOSITORY_UNSUPPORTED for a git repository with other content, BASE_MISMATCH, WORKTREE_DIRTY, IO.
 */
export async function createRepository({
  directory,
  descriptor,
  model,
  note,
}: NewRepository): Promise<CreatedRepository> {
  const present = await openPresent(directory);
  if (present && (await isInitialised(present))) {
    throw new RepositoryError('REPOSITORY_EXISTS', `${directory} is a Bankai repository already`, {
      hint: 'Use "bankai status" to see its state.',
    });
  }
  const repository = present ?? describeRepository(directory);
  return reporting(`make a repository in ${directory}`, async () => {
    const head = present && (await readHeadIfBorn(present));
    if (head) await assertBase(repository, head.commit, descriptor);
    else await makeGitRepository(repository);
    await configure(repository, model);
    const root = await writeRootCommit(repository, descriptor);
    if (!head) {
      const move = { from: undefined, to: root, branch: DEFAULT_BRANCH };
      await moveHead(repository, { ...move, note: noteBefore(repository, root) ?? (await note?.(repository)) });
    }
    return { repository, root, head: head ?? (await readHead(repository)), adopted: head !== undefined };
  });
}

/**
 * Makes a git repository without a commit, to clone into, or opens the one that an interrupted clone left. Throws
 * REPOSITORY_UNSUPPORTED, IO.
 */
export async function makeCloneTarget(directory: string): Promise<Repository> {
  const present = await openPresent(directory);
  const repository = present ?? describeRepository(directory);
  await reporting(`make a repository in ${directory}`, async () => {
    if (!present) await makeGitRepository(repository);
    await makeLocalDirectory(repository);
  });
  return repository;
}

/** Opens the git repository that is there. One without HEAD is none yet: the making of it was interrupted. */
async function openPresent(directory: string): Promise<Repository | undefined> {
  const place = await lstatIfThere(join(directory, '.git'));
  if (place === undefined) return undefined;
  if (place.isDirectory() && (await lstatIfThere(join(directory, '.git', 'HEAD'))) === undefined) return undefined;
  return openGitRepository(directory);
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Reads HEAD, or gives undefined for a repository without a commit: a bare `git init`, or an interrupted one of ours. */
async function readHeadIfBorn(repository: Repository): Promise<Head | undefined> {
  return resolveRef(repository, 'HEAD') === undefined ? undefined : readHead(repository);
}

/** What an interrupted call wrote into HEAD's reflog: to be written once, and at that time. */
function noteBefore(repository: Repository, root: CommitId): RefNote | undefined {
  const last = readReflog(repository, 'HEAD').at(-1);
  return last?.to === root ? { by: last.by, message: last.message } : undefined;
}

async function assertBase(repository: Repository, commit: CommitId, descriptor: RepositoryDescriptor): Promise<void> {
  const theirs = (await readDescriptor(repository, commit)).base.weightsId;
  const ours = descriptor.base.weightsId;
  if (theirs === ours) return;
  throw new CompatibilityError(
    'BASE_MISMATCH',
    `The model has weights ${ours.slice(0, 12)}, the repository is for ${theirs.slice(0, 12)}`,
    { hint: 'Give --model the base model that the repository was made for.', data: { theirs, ours } },
  );
}

async function makeGitRepository(repository: Repository): Promise<void> {
  await makeDirectory(repository.directory);
  // isomorphic-git takes a repository with a configuration for a complete one, and writes HEAD after it.
  const config = join(repository.gitDirectory, 'config');
  const head = join(repository.gitDirectory, 'HEAD');
  if ((await lstatIfThere(config)) && !(await lstatIfThere(head))) await removeDurably(config);
  await git.init({ ...gitArguments(repository), defaultBranch: DEFAULT_BRANCH });
  if (listRefs(repository, 'refs/heads/').size > 0) {
    throw unsupported(repository, 'its HEAD is a branch without commits beside others');
  }
}

async function configure(repository: Repository, model: string): Promise<void> {
  for (const [path, value] of Object.entries(settings)) {
    await git.setConfig({ ...gitArguments(repository), path, value });
  }
  await makeLocalDirectory(repository);
  if (!isAbsolute(model)) await exclude(repository, model);
}

/** Keeps the working model out of `git status` and `git add`. */
async function exclude(repository: Repository, model: string): Promise<void> {
  const path = join(repository.gitDirectory, 'info', 'exclude');
  const lines = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const line = `/${model.replace(/[\\*?[\]! #]/g, '\\$&')}`;
  if (lines.split('\n').includes(line)) return;
  await makeDirectory(join(repository.gitDirectory, 'info'));
  await writeFileDurably(path, `${lines === '' || lines.endsWith('\n') ? lines : `${lines}\n`}${line}\n`);
}
