/** Owns the writing of model files: a header, then the data section of another file, byte for byte. */
import { type FileHandle, lstat } from 'node:fs/promises';
import { placeFile } from '../durable.js';
import { RepositoryError } from '../errors.js';
import { encodeHeader } from './encode.js';
import type { Metadata } from './metadata.js';
import type { Gguf } from './read.js';
import type { ByteSource } from './source.js';

export interface WriteOptions {
  /** All metadata of the new file; the source's own when left out. */
  readonly metadata?: Metadata;
  /** Whether a file of that name may be replaced. */
  readonly overwrite?: boolean;
  /** Changes a piece of the data section in place. `byteOffset` is where it lies in the source file. */
  readonly transform?: (bytes: Uint8Array, byteOffset: number) => void;
  /** Told after every piece, in bytes of the data section. What it throws ends the writing and leaves no file. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Writes the model `gguf`, whose bytes are `source`, to a new file. The data section, with its gaps and whatever follows
 * the last tensor, is kept; without options the files are equal. The target gets its name only when it is complete and
 * on disk. Throws FILE_EXISTS, GGUF_INVALID, GGUF_TRUNCATED, IO.
 */
export async function writeGguf(
  source: ByteSource,
  gguf: Gguf,
  targetPath: string,
  options: WriteOptions = {},
): Promise<void> {
  const header = encodeHeader({ ...gguf, metadata: options.metadata ?? gguf.metadata });
  if (!options.overwrite) await assertAbsent(targetPath);
  try {
    await placeFile(targetPath, async (file) => {
      await writeWholly(file, header);
      await copyData(source, gguf, file, options);
      // Asked again, because writing takes long enough for another program to have made the file.
      if (!options.overwrite) await assertAbsent(targetPath);
    });
  } catch (error) {
    throw isSystemError(error) ? unwritable(targetPath, error) : error;
  }
}

async function copyData(
  source: ByteSource,
  { dataOffset, fileSize }: Gguf,
  file: FileHandle,
  { transform, onProgress }: WriteOptions,
): Promise<void> {
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, fileSize - dataOffset));
  for (let at = dataOffset; at < fileSize; at += chunk.length) {
    const bytes = chunk.subarray(0, Math.min(chunk.length, fileSize - at));
    source.readInto(bytes, at);
    transform?.(bytes, at);
    await writeWholly(file, bytes);
    onProgress?.(at + bytes.length - dataOffset, fileSize - dataOffset);
  }
}

async function writeWholly(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await file.write(bytes, written)).bytesWritten;
}

async function assertAbsent(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw unwritable(path, error as NodeJS.ErrnoException);
  }
  throw new RepositoryError('FILE_EXISTS', `${path} exists already`, {
    hint: 'Choose another name, or remove the file first.',
    data: { path },
  });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}

function unwritable(path: string, cause: NodeJS.ErrnoException): RepositoryError {
  return new RepositoryError('IO', `Cannot write ${path}: ${cause.message}`, {
    hint: 'Check that its directory exists, may be written to and has room for the model.',
    data: { path },
    cause,
  });
}
