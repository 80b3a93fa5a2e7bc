/** Owns the checklist: claims, each with what became of it. What fails does not stop the others. */
import { BankaiError, type ErrorCode } from '../errors.js';

/** `none`: there is nothing to check. */
export type CheckResult = 'good' | 'warning' | 'bad' | 'none';

/** One claim and whether it holds. */
export interface Check {
  /** What was checked, in a word: `bytes`, `signature`, `policy`. */
  readonly check: string;
  readonly result: CheckResult;
  /** What was found, as a sentence without its full stop. */
  readonly detail: string;
  /** Of the error, where there was one. */
  readonly code?: ErrorCode;
}

/** Whether nothing of a list failed. */
export const isSound = (checks: readonly Check[]): boolean => checks.every(({ result }) => result !== 'bad');

/** The check that failed with an error of ours; any other error is thrown on. */
export function failed(check: string, error: unknown): Check {
  if (!(error instanceof BankaiError)) throw error;
  return { check, result: 'bad', detail: error.message, code: error.code };
}

/** What a check found, and what the next ones go on with. */
export interface Finding<T> extends Pick<Check, 'detail'> {
  readonly result?: CheckResult;
  readonly value?: T;
}

/** Adds the outcome of one check to the list; an error of ours is a check that failed. → the value, unless it failed */
export async function attempt<T>(
  checks: Check[],
  check: string,
  action: () => Finding<T> | Promise<Finding<T>>,
): Promise<T | undefined> {
  try {
    const { result = 'good', detail, value } = await action();
    checks.push({ check, result, detail });
    return result === 'bad' ? undefined : value;
  } catch (error) {
    checks.push(failed(check, error));
    return undefined;
  }
}
