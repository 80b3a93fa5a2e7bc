/** Owns the working model as a file that is written in place: opening it safely, and making the first copy. */
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync, readSync, writeSync } from 'node:fs';
import { copyFile, type FileHandle, lstat, rm } from 'node:fs/promises';
import { placeFile } from '../durable.js';
import { RepositoryError } from '../errors.js';
import type { ByteSource } from '../gguf/source.js';

/** A model file open for writing in place. Everything is synchronous and throws IO when the disk refuses. */
export interface ModelFile extends ByteSource {
  /** Writes all bytes at an offset; never beyond the end of the file. */
  write(bytes: Uint8Array, byteOffset: number): void;
  /** Returns when everything written has reached the disk. */
  sync(): void;
  /**
   * Asserts that the file still has its name, and no other, and that nobody but us wrote to it since it was opened. Throws
   * MODEL_CHANGED.
   */
  assertOurs(): void;
  close(): void;
}

/**
 * Opens a working model for reading and writing. Throws MODEL_LINKED for a symlink or a file with several names (a write
 * would change a file that somebody meant to keep), NO_MODEL when there is none, IO.
 */
export function openModelFile(path: string): ModelFile {
  assertNotLinked(path);
  // O_NOFOLLOW closes the gap between the question and the opening; Windows has neither the flag nor the attack.
  const descriptor = guarded(path, 'open', () => openSync(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)));
  const opened = fstatSync(descriptor, { bigint: true });
  const size = Number(opened.size);
  let isWritten = false;
  return {
    size,
    readInto: (target, byteOffset) => guarded(path, 'read', () => transfer(readSync, descriptor, target, byteOffset)),
    write(bytes, byteOffset) {
      isWritten = true;
      guarded(path, 'write', () => transfer(writeSync, descriptor, bytes, byteOffset));
    },
    sync: () => guarded(path, 'write', () => fsyncSync(descriptor)),
    assertOurs() {
      const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      const isSame = now?.ino === opened.ino && now.dev === opened.dev && now.size === opened.size && now.nlink === 1n;
      if (!isSame || (!isWritten && now.mtimeNs !== opened.mtimeNs)) throw changedMeanwhile(path);
    },
    close: () => closeSync(descriptor),
  };
}

function changedMeanwhile(path: string): RepositoryError {
  return new RepositoryError(
    'MODEL_CHANGED',
    `${path} was written to, linked or replaced while it was about to change`,
    {
      hint: 'Nothing was done. Let the other program finish, and run the command again.',
      data: { path },
    },
  );
}

/** Asserts that a file has one name and is no symlink. Throws MODEL_LINKED, NO_MODEL, IO. */
export function assertNotLinked(path: string): void {
  const stats = guarded(path, 'open', () => lstatSync(path));
  if (stats.isFile() && stats.nlink === 1) return;
  if (!stats.isFile() && !stats.isSymbolicLink()) {
    throw new RepositoryError('IO', `Cannot open the model ${path}: it is not a regular file`, {
      hint: 'Give the path of a GGUF file on disk.',
      data: { path },
    });
  }
  const fact = stats.isSymbolicLink() ? 'is a symbolic link' : `has ${stats.nlink} hard links`;
  throw new RepositoryError('MODEL_LINKED', `${path} ${fact}: writing to it would change another file too`, {
    hint: 'Make it a file of its own: copy it, remove the link, and give the copy its name.',
    data: { path, hardLinks: stats.nlink },
  });
}

/**
 * Copies a model, sharing its blocks until they are written where the file system can. The copy appears under its name
 * when it is complete; until then it is `temporary`, on the same disk, which may be there from an earlier try. Throws
 * FILE_EXISTS, IO.
 */
export async function copyModel(source: string, target: string, temporary?: string): Promise<void> {
  if (await isThere(target)) {
    throw new RepositoryError('FILE_EXISTS', `Cannot copy the model: ${target} exists already`, {
      hint: 'Move it away, or use it as it is with --in-place.',
      data: { path: target },
    });
  }
  try {
    if (temporary !== undefined) await rm(temporary, { force: true });
    const copy = async (file: FileHandle, unfinished: string): Promise<void> => {
      await copyFile(source, unfinished, constants.COPYFILE_FICLONE);
      // The copy takes its source's permissions over, and a downloaded model may be read-only.
      await file.chmod(0o644);
    };
    await placeFile(target, copy, { ...(temporary !== undefined && { temporary }) });
  } catch (cause) {
    throw new RepositoryError('IO', `Cannot copy ${source} to ${target}: ${(cause as Error).message}`, {
      hint: 'Check the permissions and the free space on the disk, or use --in-place to work without a copy.',
      cause,
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

type Transfer = (descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number) => number;

function transfer(once: Transfer, descriptor: number, bytes: Uint8Array, byteOffset: number): void {
  for (let done = 0; done < bytes.length;) {
    const count = once(descriptor, bytes, done, bytes.length - done, byteOffset + done);
    if (count === 0) throw new Error(`the file ends before byte ${byteOffset + bytes.length}`);
    done += count;
  }
}

const hints: Record<string, string> = {
  ENOSPC: 'Free some space on the disk and run the command again.',
  EROFS: 'The file system is read-only: mount it writable, or copy the model elsewhere.',
  EACCES: 'Make the model file readable and writable for you.',
  EPERM: 'Make the model file readable and writable for you.',
};

function guarded<T>(path: string, verb: 'open' | 'read' | 'write', action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new RepositoryError('NO_MODEL', `The working model ${path} is gone`, {
        hint: 'Put it back, or remove .git/bankai/state.json and run "bankai init --model FILE" with the base model.',
        data: { path },
        cause,
      });
    }
    throw new RepositoryError('IO', `Cannot ${verb} the model ${path}: ${message}`, {
      hint: hints[code] ?? 'Check the disk, the file and its permissions.',
      data: { path, errno: code },
      cause,
    });
  }
}
