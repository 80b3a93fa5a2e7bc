/** Owns the one mapping from errors to exit codes and to what is printed of them. */
import { stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import { BankaiError, type ErrorCode, SearchError, UsageError } from '../../src/errors.js';
import type { ErrorReport } from '../../src/render/error.js';

/** How a command ends when it throws. */
export interface Failure {
  readonly exitCode: number;
  readonly report: ErrorReport;
}

/** Exit codes as git's. */
export const exitCodes = { done: 0, negative: 1, fatal: 128, usage: 129, interrupted: 130 } as const;

/** What the operating system says, and what can be done about it. */
const systemErrors: Readonly<Record<string, { code: string; fact: string; hint: string }>> = {
  ENOENT: { code: 'FILE_NOT_FOUND', fact: 'no such file or directory', hint: 'Check the path for a typing error.' },
  ENOTDIR: { code: 'FILE_NOT_FOUND', fact: 'a part of the path is not a directory', hint: 'Check the path.' },
  EISDIR: { code: 'IO', fact: 'is a directory', hint: 'Give the path of a file.' },
  EEXIST: { code: 'FILE_EXISTS', fact: 'exists already', hint: 'Choose another name, or move the file away.' },
  ENOSPC: { code: 'IO', fact: 'the disk is full', hint: 'Free some space and run the command again.' },
  EDQUOT: { code: 'IO', fact: 'the disk quota is used up', hint: 'Free some space and run the command again.' },
  EACCES: {
    code: 'IO',
    fact: 'permission denied',
    hint: 'Check the owner and the mode of the file and its directory.',
  },
  EPERM: { code: 'IO', fact: 'not permitted', hint: 'Check the owner and the mode of the file and its directory.' },
  EROFS: { code: 'IO', fact: 'the file system is read-only', hint: 'Use a directory that can be written to.' },
  EMFILE: { code: 'IO', fact: 'too many files are open', hint: 'Raise the limit with "ulimit -n 4096".' },
  ENFILE: { code: 'IO', fact: 'too many files are open on this machine', hint: 'Close other programs and try again.' },
  EIO: { code: 'IO', fact: 'the disk reports an error', hint: 'Check the disk, then run "bankai verify".' },
};

/** Maps anything thrown to an exit code and a report. With `debug` the stack of an internal error is told too. */
export function failureOf(error: unknown, debug: boolean): Failure {
  if (error instanceof BankaiError) {
    return failure(exitCodeOf(error), error.code, error.message, error.hint, error.data);
  }
  // oclif could not load a file of ours: that is no fault of the command line.
  if (error instanceof Errors.CLIError && error.code !== 'MODULE_NOT_FOUND') {
    const message = stripVTControlCharacters(error.message)
      .replace(/\n?See more help with --help$/, '')
      .replace(/ *\n\t/g, '\n  ');
    return failure(exitCodes.usage, 'USAGE', message, 'Use "bankai --help" to see what there is.');
  }
  if (!(error instanceof Error)) return internal(String(error), undefined, debug);
  if (error.name === 'AbortError') {
    return failure(exitCodes.interrupted, 'INTERRUPTED', 'Interrupted', 'Nothing was changed: run the command again.');
  }
  const { code, path } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : systemErrors[code];
  if (known === undefined) return internal(error.message, error.stack, debug);
  const message = path === undefined ? error.message : `Cannot use "${path}": ${known.fact}`;
  return failure(exitCodes.fatal, known.code, message, known.hint, {
    system: code,
    ...(path !== undefined && { path }),
  });
}

/** What was asked for was done, and the answer is no. */
const negativeAnswers: ReadonlySet<ErrorCode> = new Set([
  'NOTHING_TO_COMMIT',
  'NOTHING_TO_BISECT',
  'NOTHING_TO_UNDO',
  'NOTHING_TO_REPLAY',
]);

function exitCodeOf(error: BankaiError): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error.code === 'PUSH_REJECTED') return exitCodes.negative;
  if (error instanceof SearchError && negativeAnswers.has(error.code)) return exitCodes.negative;
  if (error instanceof SearchError && error.code === 'INTERRUPTED') return exitCodes.interrupted;
  return exitCodes.fatal;
}

function internal(message: string, stack: string | undefined, debug: boolean): Failure {
  const advice = debug ? 'with these lines' : 'with what it prints when DEBUG=1 is set';
  const text = debug && stack !== undefined ? stack : message;
  const hint = `This is a fault in Bankai: please report it ${advice}.`;
  return failure(exitCodes.fatal, 'INTERNAL', `internal: ${text}`, hint);
}

function failure(
  exitCode: number,
  code: string,
  message: string,
  hint: string | undefined,
  data: Readonly<Record<string, unknown>> = {},
): Failure {
  return { exitCode, report: { error: { code, message, ...(hint !== undefined && { hint }), data } } };
}
