/** Owns how tests get hold of what a remote was refused for. */
import { RemoteError } from '../../src/errors.js';

/** The error of a remote with which an action fails. Throws what else it fails with, or that it does not. */
export async function failureOf(action: Promise<unknown>): Promise<RemoteError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RemoteError) return error;
  throw error ?? new Error('nothing was refused');
}
