/**
 * Owns the locks by which git keeps two programs from writing one of its files at once: `index.lock` beside `index`.
 *
 * git looks at nothing but whether the file is there. Ours says who made it, so that one which a crash left behind is
 * known for what it is; git's own are never touched.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pid } from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { writeFileDurably } from '../durable.js';
import { RepositoryError } from '../errors.js';
import { reporting } from './git-error.js';
import { isRunning } from './lock.js';
import type { Repository } from './repository.js';

/** The locks that this process holds: who has one may do several things under it. */
const held = new Set<string>();

/** git holds a lock for some milliseconds, or until somebody closes an editor. */
export const PATIENCE_MS = 1000;
export const PAUSE_MS = 20;

/**
 * Runs an action while neither git nor another process of ours writes `path`. `temporary` is where the lock file lies until
 * it is complete. Waits a second. Throws REPOSITORY_LOCKED, IO.
 */
export async function withGitLock<T>(path: string, action: () => Promise<T>, temporary?: string): Promise<T> {
  const lock = `${path}.lock`;
  if (held.has(lock)) return action();
  const attempt = () => reporting(`lock ${path}`, () => take(lock, temporary));
  for (let waited = 0; !(await attempt()); waited += PAUSE_MS) {
    if (waited >= PATIENCE_MS) throw locked(path, lock);
    await setTimeout(PAUSE_MS);
  }
  held.add(lock);
  try {
    return await action();
  } finally {
    held.delete(lock);
    // A lock that cannot be removed ends with this process all the same.
    try {
      rmSync(lock, { force: true });
    } catch {
      // The disk refuses; what the action said counts.
    }
  }
}

/** Removes a lock that a dead process of ours left behind; says whether there is none now. */
function dropDeadLock(path: string): boolean {
  const lock = `${path}.lock`;
  const text = readIfThere(lock);
  if (text === undefined) return true;
  const [, number, host] = /^bankai (\d+) (.*)\n$/.exec(text) ?? [];
  if (number === undefined || host !== hostname() || held.has(lock)) return false;
  if (Number(number) !== pid && isRunning(Number(number))) return false;
  try {
    // Somebody else may have done the same a moment ago, and have a lock of that name now.
    const aside = `${lock}.${randomBytes(6).toString('hex')}`;
    renameSync(lock, aside);
    if (readIfThere(aside) !== text) linkSync(aside, lock);
    rmSync(aside);
  } catch {
    return false;
  }
  return true;
}

async function take(lock: string, temporary: string | undefined): Promise<boolean> {
  if (!dropDeadLock(lock.slice(0, -'.lock'.length))) return false;
  try {
    await writeFileDurably(lock, `bankai ${pid} ${hostname()}\n`, {
      exclusive: true,
      deferDirectory: true,
      ...(temporary !== undefined && { temporary }),
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The error for what somebody else is writing. */
export function locked(path: string, lock: string): RepositoryError {
  return new RepositoryError('REPOSITORY_LOCKED', `Somebody else is writing ${path}`, {
    hint: `Wait until it has ended. If no git runs here, remove ${lock}.`,
    data: { path },
  });
}

/** Runs an action while nobody else writes the index of a repository. Throws REPOSITORY_LOCKED, IO. */
export function withIndexLock<T>({ gitDirectory }: Repository, action: () => Promise<T>): Promise<T> {
  const temporary = join(gitDirectory, 'objects', `tmp_obj_${randomBytes(6).toString('hex')}`);
  return withGitLock(join(gitDirectory, 'index'), action, temporary);
}

/** Removes the locks in a repository that dead processes of ours left behind. */
export function dropDeadLocks({ gitDirectory }: Repository): void {
  for (const name of ['index', 'config', 'packed-refs']) dropDeadLock(join(gitDirectory, name));
}
