/**
 * Owns `refs/bankai/model`: the commit whose state the working model holds. HEAD may have been moved by plain git since;
 * the ref keeps the patches that are in the model readable, also after `git gc`.
 */
import { reporting } from './git-error.js';
import { asCommitId, type CommitId } from './ids.js';
import { resolveRef, writeRef } from './refs.js';
import type { Repository } from './repository.js';

export const MODEL_REF = 'refs/bankai/model';

/** Reads the commit whose state the working model holds. Throws REPOSITORY_CORRUPT. */
export async function readModelCommit(repository: Repository): Promise<CommitId> {
  return reporting(`read ${MODEL_REF}`, async () => {
    const oid = resolveRef(repository, MODEL_REF);
    if (oid === undefined) throw new Error(`there is no ${MODEL_REF}`);
    return asCommitId(oid);
  });
}

/** Records the commit whose state the working model holds from now on. Throws IO. */
export async function pointModelRef(repository: Repository, commit: CommitId): Promise<void> {
  await reporting(`write ${MODEL_REF}`, () => writeRef(repository, MODEL_REF, { oid: commit }));
}
