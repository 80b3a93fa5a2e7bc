/**
 * Owns the lock that lets one process at a time change a repository.
 *
 * The lock is a row of numbered files in `.git/bankai/lock/`, of which the highest counts:
 *
 *     7.json   {"host":…,"pid":4711,"token":…}     held by process 4711
 *     8.json   {"released":true}                   free
 *
 * A number, once taken, is never free again: the file of the highest number stays when the lock is released, and is only
 * removed after a higher one is there. So two processes that both find the lock free, or both find its owner dead, ask
 * for the same next number, and creating a file exclusively lets one of them have it. Deleting and creating one file
 * called `lock` instead would let the slower of the two delete the lock that the faster one had just taken over.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
// The process's id and the question whether another one lives: neither setting nor environment.
import { kill, pid } from 'node:process';
import { RepositoryError } from '../errors.js';
import { reporting } from './git-error.js';
import { localDirectory, type Repository } from './repository.js';

interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly token: string;
}

/** Tokens of the locks that this process holds: an older lock of ours may be that of a dead process with the same pid. */
const held = new Set<string>();

/** Runs an action while no other process can change the repository. Throws REPOSITORY_LOCKED, IO. */
export function withLock<T>(repository: Repository, action: () => Promise<T>): Promise<T> {
  return withLockIn(join(localDirectory(repository), 'lock'), repository.directory, action);
}

/** Runs an action while no other process has the lock in `directory`, which is that of `subject`. Throws as `withLock`. */
export async function withLockIn<T>(directory: string, subject: string, action: () => Promise<T>): Promise<T> {
  const holder: Holder = { host: hostname(), pid, token: randomBytes(16).toString('hex') };
  held.add(holder.token);
  try {
    const number = await reporting(`lock ${subject}`, async () => {
      await mkdir(directory, { recursive: true });
      return acquire(directory, holder);
    });
    try {
      return await action();
    } finally {
      // On a full disk this may fail; the lock then ends with the process, and its work is not undone for that.
      await release(directory, number, holder.token).catch(() => undefined);
    }
  } finally {
    held.delete(holder.token);
  }
}

async function acquire(directory: string, holder: Holder): Promise<number> {
  for (;;) {
    const highest = (await numbers(directory)).at(-1) ?? 0;
    const present = highest === 0 ? undefined : await readHolder(directory, highest);
    if (present !== undefined && isAlive(present)) throw locked(directory, highest, present);
    if (await take(directory, highest + 1, holder)) return highest + 1;
  }
}

/** Creates the file of a number, whole from the first moment, and removes the lower ones. False: somebody else has it. */
async function take(directory: string, number: number, holder: Holder): Promise<boolean> {
  const draft = join(directory, `${holder.token}.tmp`);
  await writeFile(draft, JSON.stringify(holder));
  try {
    await link(draft, fileOf(directory, number));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const all = await numbers(directory);
  if (all.at(-1) !== number) {
    // The number was free only because the lock has moved on meanwhile.
    await rm(fileOf(directory, number), { force: true });
    return false;
  }
  await Promise.all(all.slice(0, -1).map((lower) => rm(fileOf(directory, lower), { force: true })));
  return true;
}

async function release(directory: string, number: number, token: string): Promise<void> {
  const draft = join(directory, `${token}.tmp`);
  await writeFile(draft, JSON.stringify({ released: true }));
  await rename(draft, fileOf(directory, number));
}

/** The numbers taken so far that are still on disk, ascending. */
async function numbers(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => /^([1-9][0-9]*)\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Who holds a number: nobody when it was released, or when its file has gone because the lock moved on. */
async function readHolder(directory: string, number: number): Promise<Holder | undefined> {
  try {
    const { host, pid, token } = JSON.parse(await readFile(fileOf(directory, number), 'utf8')) as Partial<Holder>;
    return host === undefined || pid === undefined || token === undefined ? undefined : { host, pid, token };
  } catch (error) {
    // A power loss can leave the file empty; whoever wrote it is gone.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(holder: Holder): boolean {
  // Of a process on another machine that shares this disk nothing can be known.
  if (holder.host !== hostname()) return true;
  return holder.pid === pid ? held.has(holder.token) : isRunning(holder.pid);
}

/** Tells whether a process of this machine lives. */
export function isRunning(number: number): boolean {
  try {
    kill(number, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function locked(directory: string, number: number, holder: Holder): RepositoryError {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
  return new RepositoryError('REPOSITORY_LOCKED', `The repository is in use by process ${holder.pid}${where}`, {
    hint: `Wait until it has ended. If it is no Bankai process, remove ${fileOf(directory, number)}.`,
    data: { pid: holder.pid, host: holder.host },
  });
}

const fileOf = (directory: string, number: number): string => join(directory, `${number}.json`);
