/** Owns how tests get hold of what a remote was refused for. */
import { BankaiError } from '../../src/errors.js';

/** The error of ours with which an action fails. Throws what else it fails with, or that it does not. */
export async function failureOf(action: Promise<unknown>): Promise<BankaiError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof BankaiError) return error;
  throw error ?? new Error('nothing was refused');
}
