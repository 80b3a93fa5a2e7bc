/** Owns the translation of what isomorphic-git and the disk throw into errors of ours. */
import { BankaiError, RepositoryError } from '../errors.js';

const unwritable: Record<string, string> = {
  ENOSPC: 'Free some space on the disk and run the command again.',
  EDQUOT: 'Free some of your quota on the disk and run the command again.',
  EROFS: 'The file system is read-only: mount it writable, or copy the repository elsewhere.',
  EACCES: 'Give yourself permission to read and write this directory.',
  EPERM: 'Give yourself permission to read and write this directory.',
};

/**
 * Runs an action on the repository and gives what it throws a code of ours: IO for a disk that refuses, REPOSITORY_CORRUPT
 * for objects that are missing or not what their name says. Errors that are ours already pass through.
 */
export async function reporting<T>(subject: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw translated(subject, error);
  }
}

/** The same for an action that waits for nothing. */
export function reportingAtOnce<T>(subject: () => string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw translated(subject(), error);
  }
}

function translated(subject: string, error: unknown): Error {
  if (error instanceof BankaiError) return error;
  // isomorphic-git's inflate throws bare strings.
  const { code, message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) {
    return new RepositoryError('IO', `Cannot ${subject}: ${message}`, {
      hint: unwritable[code] ?? 'Check the disk and the permissions of the repository.',
      data: { errno: code },
      cause: error,
    });
  }
  return new RepositoryError('REPOSITORY_CORRUPT', `Cannot ${subject}: ${message}`, {
    hint: 'Run "git fsck --full" to see what is damaged, and fetch the missing objects from a clone.',
    cause: error,
  });
}
