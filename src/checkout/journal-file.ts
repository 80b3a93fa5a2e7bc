/** Owns where the journal lies, and that it is there as a whole or not at all. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectory, removeDurably, writeFileDurably } from '../durable.js';
import { RepositoryError } from '../errors.js';

/** The place of one journal. All three are durable when they return, and throw IO. */
export interface JournalFile {
  /** Gives undefined when there is no journal. */
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** Describes the journal at a path; its directory is made when it is needed. */
export function journalFile(path: string): JournalFile {
  return {
    read: () =>
      guarded(`read ${path}`, () =>
        readFile(path).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        }),
      ),
    write: (bytes) =>
      guarded(`write ${path}`, async () => {
        await makeDirectory(dirname(path));
        await writeFileDurably(path, bytes);
      }),
    remove: () => guarded(`remove ${path}`, () => removeDurably(path)),
  };
}

async function guarded<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new RepositoryError('IO', `Cannot ${what}: ${(cause as Error).message}`, {
      hint: 'Check the permissions and the free space on the disk, and run the command again.',
      cause,
    });
  }
}
