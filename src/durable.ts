/**
 * Owns how files come to be on disk: as a whole, and still there after a crash or a power loss. Every file that Bankai
 * writes, but for the working model's own bytes (`checkout/`), goes through here.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

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

/** One of many files that are placed together. */
export interface PlacedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Less the process's mask. */
  readonly mode: number;
  /** Where it lies until it is complete: on the same disk. */
  readonly temporary: string;
}

/** Files that are open at once: enough to keep the disk busy, far below the limit of open files. */
const FILES_AT_ONCE = 64;

/**
 * Makes or replaces files as `placeFile` does one, their fsyncs side by side; the rest is done at once, which for small files
 * takes less than waiting for it. The directories are synced by the caller. After an error some files may be in place.
 */
export async function placeFiles(files: Iterable<PlacedFile>): Promise<void> {
  let batch: PlacedFile[] = [];
  for (const file of files) {
    batch.push(file);
    if (batch.length < FILES_AT_ONCE) continue;
    await placeTogether(batch);
    batch = [];
  }
  await placeTogether(batch);
}

async function placeTogether(files: readonly PlacedFile[]): Promise<void> {
  const descriptors: number[] = [];
  try {
    try {
      for (const { temporary, bytes, mode } of files) {
        const descriptor = openSync(temporary, 'wx', mode);
        descriptors.push(descriptor);
        for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at);
      }
      await syncAll(descriptors);
    } finally {
      descriptors.forEach(closeSync);
    }
    for (const { temporary, path } of files) renameSync(temporary, path);
  } catch (error) {
    // What the disk refused is what the caller must hear of, not that it refuses this too.
    for (const { temporary } of files.slice(0, descriptors.length)) {
      try {
        rmSync(temporary, { force: true });
      } catch {
        break;
      }
    }
    throw error;
  }
}

/** Syncs open files side by side. All are done with when it returns or throws, so that they can be closed. */
async function syncAll(descriptors: readonly number[]): Promise<void> {
  const ends = await Promise.allSettled(descriptors.map((descriptor) => promisify(fsync)(descriptor)));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
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
export const temporaryName = (path: string): string =>
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

/** Makes the entries of directories durable, side by side. */
export async function syncDirectories(paths: readonly string[]): Promise<void> {
  for (let i = 0; i < paths.length; i += FILES_AT_ONCE) {
    await Promise.all(paths.slice(i, i + FILES_AT_ONCE).map(syncDirectory));
  }
}

/** Makes the entries of a directory durable. Windows neither needs nor allows it. */
export async function syncDirectory(path: string): Promise<void> {
  let directory: number;
  try {
    directory = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR' || (error as NodeJS.ErrnoException).code === 'EPERM') return;
    throw error;
  }
  try {
    await promisify(fsync)(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  } finally {
    closeSync(directory);
  }
}
