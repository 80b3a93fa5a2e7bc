/**
 * Owns how files come to be on disk: as a whole, and still there after a crash or a power loss. Every file that Bankai
 * writes, but for the working model's own bytes (`checkout/`), goes through here.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** How a file gets its name. */
export interface Placement {
  /** Less the process's mask. */
  readonly mode?: number;
  /** Where the file lies until it is complete: on the same disk; beside its place unless given. */
  readonly temporary?: string;
  /** A file of that name is left alone, and EEXIST thrown. Needs a disk with hard links. */
  readonly exclusive?: boolean;
  /** The caller syncs the directory, once for many files. Until then a power loss may take the name, never the content. */
  readonly deferDirectory?: boolean;
}

/**
 * Makes a file, or replaces one, atomically and durably: temporary file, fsync, rename, fsync of the directory. A reader,
 * or the next start after a power loss, finds the old content or the new one. `fill` writes it, and may throw to give up.
 */
export async function placeFile(
  path: string,
  fill: (file: FileHandle, temporary: string) => Promise<unknown>,
  placement: Placement = {},
): Promise<void> {
  const temporary = placement.temporary ?? temporaryName(path);
  // One that is there already is somebody else's, and stays.
  const file = await open(temporary, 'wx', placement.mode ?? 0o666);
  try {
    try {
      await fill(file, temporary);
      await file.sync();
    } finally {
      await file.close();
    }
    if (placement.exclusive === true) {
      await link(temporary, path);
      await rm(temporary);
    } else {
      await rename(temporary, path);
    }
  } catch (error) {
    // What the disk refused is what the caller must hear of, not that it refuses this too.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  if (placement.deferDirectory !== true) await syncDirectory(dirname(path));
}

/** Replaces `path` by `bytes`: see `placeFile`. */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  placement: Placement = {},
): Promise<void> {
  await placeFile(path, (file) => file.writeFile(bytes), placement);
}

/** Adds text at the end of a file, durably, and makes the file if need be. A crash may leave only a beginning of the text. */
export async function appendDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}

/** A name beside a file that nothing else has. */
const temporaryName = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);

/** Tells the names that unfinished files have; a crash leaves them behind. */
export const isTemporaryName = (name: string): boolean => /^\..+\.[0-9a-f]{12}\.tmp$/.test(name);

/** Removes `path` durably; nothing happens when it is not there. */
export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

/** Makes a directory and those above it, durably, as far as they are missing. */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = resolve(path); made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
}

/** Makes the entries of a directory durable. Windows neither needs nor allows it. */
export async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle;
  try {
    directory = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR' || (error as NodeJS.ErrnoException).code === 'EPERM') return;
    throw error;
  }
  try {
    await directory.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  } finally {
    await directory.close();
  }
}
