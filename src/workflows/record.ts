/** Owns the recording of new patches, and of patches that go: statement, signature, commit, and the working model that follows. */
import { patchId, type Patch } from '../patch/patch.js';
import { sha256Hex, type PatchId } from '../patch/ids.js';
import type { Head } from '../repo/branch.js';
import { commitChange, type PatchAddition } from '../repo/commit-patch.js';
import type { CommitId } from '../repo/ids.js';
import type { EvidenceFile, EvidenceKind } from '../repo/state.js';
import { encodeEnvelope, signEnvelope } from '../trust/envelope.js';
import type { KeyChoice } from '../trust/keys.js';
import { encodePublicKey } from '../trust/public-key.js';
import type { SigningKey } from '../trust/signing-key.js';
import { encodeStatement, type Statement, STATEMENT_PAYLOAD_TYPE } from '../trust/statement.js';
import { type Actor, noteOf, signatureOf } from './actor.js';
import type { Destination } from './destination.js';
import { moveTo } from './move-to.js';
import { commitSigner, openSigner } from './commit-tree.js';
import type { Workspace } from './workspace.js';

/** Who records, and when: what the terminal knows and the library must be told. */
export interface Recorder extends Actor {
  /** Directory of the signing keys. */
  readonly keyDirectory: string;
  /** Which of them signs, and who is asked for its passphrase; the default one, and nobody, unless given. */
  readonly key?: KeyChoice;
  /** The key itself, where it was opened before. */
  readonly signer?: SigningKey;
  /** The key signs the commits too, so that "git verify-commit" can tell whose they are. */
  readonly signCommits?: boolean;
  /** Of this program. */
  readonly version: string;
}

/** A patch that comes in, and what is said about it. */
export interface Addition {
  readonly patch: Patch;
  /** Each is signed and put in an envelope of its own. */
  readonly statements: readonly Statement[];
  /** Files that the statements name by digest. */
  readonly files: readonly { readonly kind: EvidenceKind; readonly bytes: Uint8Array }[];
}

/** A change of a state. */
export interface Change {
  readonly added: readonly Addition[];
  readonly removed: readonly PatchId[];
  readonly message: string;
  /** The commit to build on; its branch, if any, moves along. */
  readonly onto: Head;
}

export type NewPatch = Addition & Pick<Change, 'message' | 'onto'>;

export interface Recorded extends Finished {
  readonly patch: PatchId;
  readonly signer: string;
}

/** Signs and commits a patch and checks the new commit out. Throws the codes of the rooms it joins. */
export async function record(workspace: Workspace, addition: NewPatch, recorder: Recorder): Promise<Recorded> {
  const { message, onto, ...added } = addition;
  const done = await recordChange(workspace, { added: [added], removed: [], message, onto }, recorder);
  return { ...done, patch: patchId(addition.patch) };
}

/** Signs what comes in, commits the change and checks the new commit out. Throws the codes of the rooms it joins. */
export async function recordChange(
  workspace: Workspace,
  { added, removed, message, onto }: Change,
  recorder: Recorder,
): Promise<Omit<Recorded, 'patch'>> {
  const key = await openSigner(recorder);
  const signed = (statement: Statement): EvidenceFile => {
    const envelope = signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), key);
    return digested(statement.kind, encodeEnvelope(envelope));
  };
  const finished = added.map(({ patch, statements, files }) => ({
    patch,
    evidence: [
      ...statements.map(signed),
      { kind: 'key' as const, digest: key.id, bytes: encodePublicKey(key.publicKey) },
      ...files.map(({ kind, bytes }) => digested(kind, bytes)),
    ],
  }));
  const change = { added: finished, removed, message, onto };
  const done = await recordFinished(workspace, change, { ...recorder, signer: key }, true);
  return { ...done, signer: key.id };
}

/** A change whose patches come with their evidence, signed by whoever said it. */
export interface FinishedChange extends Omit<Change, 'added'>, Pick<Destination, 'writes' | 'overwritten'> {
  readonly added: readonly PatchAddition[];
}

export interface Finished {
  readonly commit: CommitId;
  /** What policies that only warn have against patches that came in. */
  readonly warnings: readonly string[];
}

/**
 * Commits a change as it is and checks the new commit out. `isOurs`: its patches were searched or made here and now, and
 * policies are about what comes from elsewhere. Throws the codes of the rooms it joins.
 */
export async function recordFinished(
  workspace: Workspace,
  { added, removed, message, onto, writes, overwritten }: FinishedChange,
  recorder: Recorder,
  isOurs = false,
): Promise<Finished> {
  const { repository } = workspace;
  const note = await noteOf(repository, recorder, `commit: ${message.trimStart().split('\n')[0]}`);
  const key = recorder.signCommits === true ? await openSigner(recorder) : undefined;
  const commit = await commitChange(repository, {
    parent: onto.commit,
    added,
    removed,
    message: message.endsWith('\n') ? message : `${message}\n`,
    author: await signatureOf(repository, recorder, 'author'),
    committer: note.by,
    ...(key && { sign: commitSigner(key) }),
  });
  const fresh = new Set(
    isOurs
      ? added
          .filter(({ evidence }) => !evidence.some(({ kind }) => kind === 'import'))
          .map(({ patch }) => patchId(patch))
      : [],
  );
  const destination = {
    commit,
    ...(onto.branch !== undefined && { branch: onto.branch }),
    ...{ note, fresh },
    ...(writes && { writes }),
    ...(overwritten && { overwritten }),
  };
  const { warnings } = await moveTo(workspace, destination, recorder);
  return { commit, warnings };
}

const digested = (kind: EvidenceFile['kind'], bytes: Uint8Array): EvidenceFile => ({
  kind,
  digest: sha256Hex(bytes),
  bytes,
});
