/** Owns what a repository is on disk, where one is found, and which git repositories can be none of ours. */
import { lstat, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RepositoryError } from '../errors.js';
import { type Patch, countPatchFlips } from '../patch/patch.js';
import { createDurableFs, type DurableFs } from './durable-fs.js';
import { readSettings } from './git-config.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { createMemory, type Memory } from './memory.js';
import type { Commit } from './object.js';
import { openPacks, type Packs } from './pack.js';
import { readShallow } from './shallow.js';
import type { Staging } from './staging.js';
import type { Tree } from './tree.js';

/** A git repository with a worktree, opened. Plain data: pass it to the verbs of this room. */
export interface Repository {
  /** The worktree, absolute. */
  readonly directory: string;
  /** `<directory>/.git`. */
  readonly gitDirectory: string;
  readonly fs: DurableFs;
  /** What isomorphic-git keeps between calls: parsed pack indexes and the index file. */
  readonly cache: object;
  readonly packs: Packs;
  readonly commits: Memory<Commit>;
  /** Commits that lost their parents to a shallow clone. */
  readonly cut: ReadonlySet<CommitId>;
  readonly trees: Memory<Tree>;
  readonly patches: Memory<Patch>;
  /** Objects that are not on the disk yet: see `staging.ts`. */
  readonly staging?: Staging;
}

/** Bankai's own folder inside the git directory: never cloned, never committed. */
export const localDirectory = (repository: Repository): string => join(repository.gitDirectory, 'bankai');

/** What isomorphic-git's functions are called with. */
export const gitArguments = ({ fs, directory, gitDirectory, cache }: Repository) => ({
  fs,
  dir: directory,
  gitdir: gitDirectory,
  cache,
});

/**
 * Opens the repository that `directory` is in, searching upward as git does. Throws NOT_A_REPOSITORY when there is none
 * or when it was cloned but not initialised here, REPOSITORY_UNSUPPORTED for a kind of git repository we cannot keep.
 */
export async function openRepository(directory: string): Promise<Repository> {
  const found = await findGit(resolve(directory));
  if (found === undefined) {
    throw new RepositoryError('NOT_A_REPOSITORY', `${resolve(directory)} is not in a Bankai repository`, {
      hint: 'Run "bankai init --model FILE" to make one here.',
    });
  }
  const repository = await openGitRepository(found);
  if (!(await isInitialised(repository))) {
    throw new RepositoryError('NOT_A_REPOSITORY', `${found} is a git repository without a Bankai working model`, {
      hint: 'Run "bankai init --model FILE" there with the base model it was made for.',
    });
  }
  return repository;
}

/** Opens the git repository whose worktree is `directory`, initialised or not. Throws REPOSITORY_UNSUPPORTED. */
export async function openGitRepository(directory: string): Promise<Repository> {
  const repository = describeRepository(directory);
  if (!(await lstat(repository.gitDirectory)).isDirectory()) {
    throw unsupported(repository, 'its .git is a file: it is a submodule or a linked worktree');
  }
  await reporting(`read the configuration of ${directory}`, () => assertSupported(repository));
  return repository;
}

/** Names the parts of a repository without looking at the disk. */
export function describeRepository(directory: string): Repository {
  const gitDirectory = join(directory, '.git');
  let cut: ReadonlySet<CommitId> | undefined;
  return {
    directory,
    gitDirectory,
    fs: createDurableFs(gitDirectory),
    cache: {},
    packs: openPacks(join(gitDirectory, 'objects')),
    get cut() {
      return (cut ??= readShallow(gitDirectory));
    },
    ...emptyMemories(),
  };
}

/** What a repository, or a view of one with other objects, begins to remember. */
export const emptyMemories = (): Pick<Repository, 'commits' | 'trees' | 'patches'> => ({
  commits: createMemory((commit) => 1000 + 2 * commit.message.length),
  trees: createMemory((tree) => 100 + 200 * tree.size),
  patches: createMemory((patch) => 500 + 100 * countPatchFlips(patch)),
});

/** Tells whether `bankai init` was completed here. */
export async function isInitialised(repository: Repository): Promise<boolean> {
  return exists(join(localDirectory(repository), 'state.json'));
}

/** Finds the nearest directory, from `directory` upward, that has a `.git`. */
export async function findGit(directory: string): Promise<string | undefined> {
  for (let place = directory; ; place = dirname(place)) {
    if (await exists(join(place, '.git'))) return place;
    if (place === dirname(place)) return undefined;
  }
}

/** Repository extensions by the one value that we understand; `*` for those that change nothing for us. */
const extensions: Readonly<Record<string, string>> = {
  objectformat: 'sha1',
  refstorage: 'files',
  worktreeconfig: 'false',
  preciousobjects: '*',
  relativeworktrees: '*',
  noop: '*',
  'noop-v1': '*',
};

async function assertSupported(repository: Repository): Promise<void> {
  if (!(await exists(join(repository.gitDirectory, 'HEAD')))) throw unsupported(repository, 'it has no HEAD');
  const settings = readSettings(repository);
  const isOn = (value = ''): boolean => /^(true|yes|on|1)$/i.test(value);
  const version = Number(settings.get('core.repositoryformatversion') ?? 0);
  if (!(version <= 1)) throw unsupported(repository, `its format version is ${version}`);
  if (isOn(settings.get('core.bare'))) throw unsupported(repository, 'it is bare');
  if (settings.has('core.worktree')) throw unsupported(repository, 'its worktree is elsewhere');
  if (isOn(settings.get('core.sparsecheckout')))
    throw unsupported(repository, 'its worktree is sparse (core.sparseCheckout)');
  for (const [name, value] of settings) {
    if (/^remote\..*\.promisor$/.test(name) && isOn(value))
      throw unsupported(repository, `it is a partial clone, and lacks objects (${name})`);
    // As git does, nothing is touched of a repository with an extension that is not known.
    const [, extension] = /^extensions\.(.+)$/.exec(name) ?? [];
    if (extension === undefined) continue;
    const supported = Object.hasOwn(extensions, extension) ? extensions[extension] : undefined;
    if (supported === '*' || value.toLowerCase() === supported) continue;
    throw unsupported(repository, `it uses extensions.${extension} = ${value}`);
  }
}

/** The error for a git repository of a kind that we would damage or misread. */
export function unsupported(repository: Repository, fact: string): RepositoryError {
  return new RepositoryError(
    'REPOSITORY_UNSUPPORTED',
    `Cannot use the git repository ${repository.directory}: ${fact}`,
    {
      hint: 'Run "bankai init --model FILE" in a new directory: it makes an ordinary SHA-1 repository with a worktree.',
    },
  );
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
