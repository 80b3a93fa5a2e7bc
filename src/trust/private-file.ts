/** Owns files that are nobody else's business: made private, refused when others could have read or changed them. */
import { type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { makeDirectory, writeFileDurably } from '../durable.js';
import { RepositoryError, TrustError } from '../errors.js';

const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;

/** Makes sure that a directory is there, with mode 0700 if it is new. Throws KEY_UNSAFE when others can write to it. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await makeDirectory(path, 0o700);
  assertPrivate(path, await stat(path), OTHERS_WRITE);
}

/** Reads a private file; undefined when there is none. Throws KEY_UNSAFE when others can read or write it, KEY_INVALID. */
export async function readPrivateFile(path: string, byteLimit: number): Promise<Uint8Array | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const status = await file.stat();
    assertPrivate(path, status, OTHERS_ANYTHING);
    if (!status.isFile() || status.size > byteLimit) {
      throw new TrustError('KEY_INVALID', `Signing key ${path} is no file of at most ${byteLimit} bytes`, {
        hint: 'Move it away, and restore the key from a backup.',
        data: { path },
      });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * Writes a new private file, durably, by linking the finished file under its name: of several processes one wins, and no
 * reader sees half a file. → false when there is one of that name already, which is left alone
 */
export async function createPrivateFile(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFileDurably(path, bytes, { mode: 0o600, exclusive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  return true;
}

/** Runs an action on private files and gives what the disk throws a code of ours: IO. */
export async function reportingKeys<T>(directory: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { errno, message } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw new RepositoryError('IO', `Cannot read or write the keys in ${directory}: ${message}`, {
      hint: 'See that the directory can be written by you, on a disk that has hard links and space left.',
      data: { path: directory },
      cause: error,
    });
  }
}

/** Modes mean this on POSIX systems only; Windows keeps a home directory private by other means. */
function assertPrivate(path: string, { mode }: Stats, forbidden: number): void {
  if (platform() === 'win32' || (mode & forbidden) === 0) return;
  const may = forbidden === OTHERS_WRITE ? 'written' : 'read or written';
  throw new TrustError('KEY_UNSAFE', `${path} can be ${may} by others (mode ${(mode & 0o777).toString(8)})`, {
    hint: `Run "chmod go-rwx '${path}'". If others may have used the key, revoke it and make another one.`,
    data: { path, mode: mode & 0o777 },
  });
}
