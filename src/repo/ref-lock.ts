/**
 * Owns the locks of single refs. As in git, `<ref>.lock` has what the ref is to say and then gets its name, so that git does not
 * remove a ref (it does when it packs them) or write it at the same moment.
 *
 * A lock of ours is a second name of a temporary file, one of git's is not: since one process of ours at a time changes a
 * repository, one with two names that is found there was left by a crash.
 */
import { lstatSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { syncDirectory } from '../durable.js';
import { temporaryObject } from './durable-fs.js';
import { locked, PATIENCE_MS, PAUSE_MS } from './git-lock.js';
import type { Repository } from './repository.js';

/** Makes the file of a ref say something, durably, while nobody else does. Waits a second. Throws REPOSITORY_LOCKED, and what the disk says. */
export async function placeRef({ gitDirectory }: Repository, name: string, text: string): Promise<void> {
  const path = join(gitDirectory, name);
  const lock = `${path}.lock`;
  const temporary = temporaryObject(gitDirectory);
  const file = await open(temporary, 'wx');
  try {
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await untilFree(path, () => link(temporary, lock));
    await rename(lock, path).catch(async (error: unknown) => {
      await rm(lock, { force: true }).catch(() => undefined);
      throw error;
    });
  } finally {
    // What the disk refused is what the caller must hear of; git removes such a file by and by.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  await syncDirectory(dirname(path));
}

/** Asserts that git is writing none of these refs, so that nothing is begun that then has to wait for it. Throws REPOSITORY_LOCKED. */
export async function assertRefsFree({ gitDirectory }: Repository, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    const path = join(gitDirectory, name);
    await untilFree(path, async () => {
      if (nameCount(`${path}.lock`) === 1) throw Object.assign(new Error('locked'), { code: 'EEXIST' });
    });
  }
}

/** Tries until it does not fail because of the lock, for a second; what a crash left is in nobody's way. */
async function untilFree(path: string, attempt: () => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  for (let waited = 0; ; waited += PAUSE_MS) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (nameCount(lock) > 1) await rm(lock);
    else if (waited >= PATIENCE_MS) throw locked(path, lock);
    else await setTimeout(PAUSE_MS);
  }
}

/** How many names a file has; 0 for none. */
const nameCount = (path: string): number => lstatSync(path, { throwIfNoEntry: false })?.nlink ?? 0;
