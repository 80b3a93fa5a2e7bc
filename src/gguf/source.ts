/** Owns random access to bytes that need not fit in memory: a model file, or bytes standing in for one. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { FormatError, RepositoryError } from '../errors.js';

/** Bytes that can be read at any offset. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Fills the whole of `target` with the bytes from `byteOffset` on. Throws GGUF_TRUNCATED past the end, IO. */
  readInto(target: Uint8Array, byteOffset: number): void;
}

/** An open file. Reading it after `close` throws IO. */
export interface FileSource extends ByteSource {
  readonly path: string;
  close(): void;
}

/**
 * Opens a regular file for reading; its size is the one it has now. Throws FILE_NOT_FOUND, IO.
 */
export function openFile(path: string): FileSource {
  const descriptor = openRegularFile(path);
  const { size } = fstatSync(descriptor);
  return {
    path,
    size,
    readInto(target, byteOffset) {
      assertInside(size, byteOffset, target.length);
      let filled = 0;
      while (filled < target.length) {
        const count = readOnce(descriptor, path, target.subarray(filled), byteOffset + filled);
        if (count === 0) throw shrunk(path, byteOffset + filled, size);
        filled += count;
      }
    },
    close: () => closeSync(descriptor),
  };
}

/** Presents bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readInto(target, byteOffset) {
      assertInside(bytes.length, byteOffset, target.length);
      target.set(bytes.subarray(byteOffset, byteOffset + target.length));
    },
  };
}

function openRegularFile(path: string): number {
  try {
    // Asked before opening: opening a named pipe would wait for somebody to write to it.
    if (statSync(path).isFile()) return openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new RepositoryError('FILE_NOT_FOUND', `There is no file ${path}`, {
        hint: 'Check the path of the GGUF file.',
        data: { path },
        cause,
      });
    }
    throw unreadable(path, cause);
  }
  throw new RepositoryError('IO', `${path} is not a regular file`, {
    hint: 'Give the path of a GGUF file on disk.',
    data: { path },
  });
}

function readOnce(descriptor: number, path: string, target: Uint8Array, byteOffset: number): number {
  try {
    return readSync(descriptor, target, 0, target.length, byteOffset);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function assertInside(size: number, byteOffset: number, byteLength: number): void {
  if (byteOffset >= 0 && byteOffset + byteLength <= size) return;
  throw new FormatError(
    'GGUF_TRUNCATED',
    `Bytes ${byteOffset} to ${byteOffset + byteLength} are outside the ${size} bytes of the file`,
    { hint: 'Download or copy the file again, and compare its size with the original.', data: { byteOffset, size } },
  );
}

function shrunk(path: string, byteOffset: number, size: number): FormatError {
  return new FormatError('GGUF_TRUNCATED', `${path} ends at byte ${byteOffset}; it had ${size} bytes when opened`, {
    hint: 'Let the program that is writing the file finish, then try again.',
    data: { path, byteOffset, size },
  });
}

function unreadable(path: string, cause: unknown): RepositoryError {
  return new RepositoryError('IO', `Cannot read ${path}: ${(cause as Error).message}`, {
    hint: 'Check that the file may be read and that its disk is healthy.',
    data: { path },
    cause,
  });
}
