/** Owns the commits that hold a tree which was put together, not searched: by whom, when, and signed or not. */
import { TrustError } from '../errors.js';
import type { CommitId, ObjectId } from '../repo/ids.js';
import { reporting } from '../repo/git-error.js';
import type { Signature } from '../repo/object.js';
import type { Repository } from '../repo/repository.js';
import { type CommitSigner, writeCommit } from '../repo/write-object.js';
import { loadOrCreateKey } from '../trust/keys.js';
import type { SigningKey } from '../trust/signing-key.js';
import { readTrust } from '../trust/trust.js';
import { GIT_NAMESPACE, signSsh } from '../trust/ssh-signature.js';
import { signatureOf } from './actor.js';
import type { Recorder } from './record.js';

/** Opens the key that signs: to be done before work that would be lost without it. Throws KEY_REVOKED, and as `loadOrCreateKey`. */
export async function openSigner(recorder: Recorder): Promise<SigningKey> {
  const key = recorder.signer ?? (await loadOrCreateKey(recorder.keyDirectory, recorder.key));
  const reason = (await readTrust(recorder.keyDirectory)).revoked.get(key.id);
  if (reason === undefined) return key;
  throw new TrustError('KEY_REVOKED', `Key ${key.id.slice(0, 16)} cannot sign: it was revoked (${reason})`, {
    hint: 'Make another one with "bankai key new", and make it the default with "bankai key default".',
    data: { key: key.id },
  });
}

/** What signs commits with a key. */
export const commitSigner =
  (key: SigningKey): CommitSigner =>
  (bytes) =>
    signSsh(key, bytes, GIT_NAMESPACE);

/** A commit to be written. Without an author it is by whoever records it. */
export interface TreeCommit {
  readonly tree: ObjectId;
  readonly parents: readonly CommitId[];
  readonly message: string;
  readonly author?: Signature;
}

/** Writes a commit of a tree; it is signed where the recorder signs commits. Throws IO, and what opening the key throws. */
export async function commitTree(
  repository: Repository,
  { tree, parents, message, author }: TreeCommit,
  recorder: Recorder,
): Promise<CommitId> {
  const committer = await signatureOf(repository, recorder);
  const sign = recorder.signCommits === true ? commitSigner(await openSigner(recorder)) : undefined;
  const by = author ?? (await signatureOf(repository, recorder, 'author'));
  const commit = { tree, parents, message, author: by, committer };
  return reporting('write a commit', () => writeCommit(repository, commit, sign));
}
