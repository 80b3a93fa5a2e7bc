/**
 * Owns `.git/bankai/state.json`: which file this clone's working model is, and which patches are applied to it now.
 *
 * It is neither committed nor cloned, and it is the last thing that `init` writes: a repository without it is not ours yet.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeDirectory, writeFileDurably } from '../durable.js';
import { RepositoryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { localDirectory, type Repository } from './repository.js';

/** What changes whenever somebody writes to a file: a cheap way to notice that somebody else did. */
export interface FileStamp {
  /** Decimal, as are the inode and the time: they may exceed 2^53. */
  readonly device: string;
  readonly inode: string;
  readonly byteLength: number;
  readonly modifiedNs: string;
}

/** The content of `state.json` (FORMAT.md, "Local state"). */
export interface LocalState {
  readonly format: 'bankai.state/v1';
  /** Path of the working model, relative to the worktree (with `/`), or absolute. */
  readonly model: string;
  readonly weightsId: WeightsId;
  /** The commit that `base` names. */
  readonly root: CommitId;
  /** The patches whose mask is applied to the working model now, in the order of their ids. */
  readonly patches: readonly PatchId[];
  /** The working model after our last write to it. */
  readonly file: FileStamp;
}

const BYTE_LIMIT = 16 * 2 ** 20;

/** The working model's path, absolute. */
export const modelPath = (repository: Repository, state: LocalState): string =>
  resolve(repository.directory, state.model);

/** Reads the local state. Throws REPOSITORY_CORRUPT. */
export async function readLocalState(repository: Repository): Promise<LocalState> {
  const path = statePath(repository);
  const bytes = await reporting(`read ${path}`, () => readFile(path));
  return decodeCanonical(bytes, {
    byteLimit: BYTE_LIMIT,
    schema: 'state',
    fail: (problem, cause) =>
      new RepositoryError('REPOSITORY_CORRUPT', `${path} ${problem}`, {
        hint: 'Remove the file and run "bankai init --model FILE" with the base model: commits and branches stay.',
        cause,
      }),
  }) as LocalState;
}

/** Writes the local state, atomically and durably. Throws IO. */
export async function writeLocalState(repository: Repository, state: LocalState): Promise<void> {
  await reporting(`write ${statePath(repository)}`, async () => {
    await makeLocalDirectory(repository);
    await writeFileDurably(statePath(repository), canonicalBytes(state));
  });
}

/** Reads the stamp of a file. Throws NO_MODEL when it is not there, IO. */
export async function readFileStamp(path: string): Promise<FileStamp> {
  return reporting(`look at ${path}`, async () => {
    try {
      const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
      return { device: `${dev}`, inode: `${ino}`, byteLength: Number(size), modifiedNs: `${mtimeNs}` };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      throw new RepositoryError('NO_MODEL', `The working model ${path} is gone`, {
        hint: 'Put the base model there and run "bankai init --model FILE" again, after removing .git/bankai/state.json.',
        data: { path },
        cause,
      });
    }
  });
}

/** Tells whether a file is still as it was when the stamp was taken. */
export const sameStamp = (a: FileStamp, b: FileStamp): boolean =>
  a.device === b.device && a.inode === b.inode && a.byteLength === b.byteLength && a.modifiedNs === b.modifiedNs;

/** Makes sure that `.git/bankai/` is there. */
export async function makeLocalDirectory(repository: Repository): Promise<void> {
  await makeDirectory(localDirectory(repository));
}

const statePath = (repository: Repository): string => join(localDirectory(repository), 'state.json');
