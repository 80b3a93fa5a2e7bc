/** What somebody could put beside a patch to have it believed, and into a repository as whoever can push could. */
import { canonicalBytes } from '../../src/patch/canonical.js';
import { type PatchId, sha256Hex, type WeightsId } from '../../src/patch/ids.js';
import type { Patch } from '../../src/patch/patch.js';
import type { ErrorCode } from '../../src/errors.js';
import { readHead } from '../../src/repo/branch.js';
import { readCommit } from '../../src/repo/object.js';
import { writeRef } from '../../src/repo/refs.js';
import type { Repository } from '../../src/repo/repository.js';
import { type EvidenceFile, evidencePath, patchPath, readEvidence } from '../../src/repo/state.js';
import { changeTree, fileEntry, type TreeEntry } from '../../src/repo/tree.js';
import { writeCommit, writeObject } from '../../src/repo/write-object.js';
import { decodeEnvelope, encodeEnvelope, type Envelope, signEnvelope } from '../../src/trust/envelope.js';
import type { ImportPredicate } from '../../src/trust/predicates/import.js';
import { encodePublicKey } from '../../src/trust/public-key.js';
import { createKey, type SigningKey } from '../../src/trust/signing-key.js';
import { createStatement, encodeStatement, STATEMENT_PAYLOAD_TYPE } from '../../src/trust/statement.js';
import { loadStack } from '../../src/workflows/stack.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { L } from './curve.js';

/** Whom nobody knows. */
export const mallory = createKey();

/** The patch of the branch `calc` of a sample repository, and what is said about it and about that of `math`. */
export interface Target {
  readonly repository: Repository;
  readonly base: WeightsId;
  readonly patch: Patch;
  readonly id: PatchId;
  readonly envelope: Envelope;
  readonly key: EvidenceFile;
  readonly otherEnvelope: EvidenceFile;
}

/** Reads the target of a sample repository. */
export async function targetOf(directory: string): Promise<Target> {
  const { repository, state } = await openWorkspace(directory);
  const evidenceOf = async (branch: string) => {
    const { loaded, commitOf } = await loadStack(repository, branch);
    const [[patchId, content]] = loaded;
    const commit = commitOf.get(patchId);
    if (commit === undefined) throw new Error('no commit');
    const files = await readEvidence(repository, commit, patchId);
    const find = (kind: string) => files.find((file) => file.kind === kind) as EvidenceFile;
    return { id: patchId, patch: content, statement: find('import'), key: find('key') };
  };
  const { id, patch, key, statement } = await evidenceOf('calc');
  const otherEnvelope = (await evidenceOf('math')).statement;
  return {
    repository,
    base: state.weightsId,
    patch,
    id,
    envelope: decodeEnvelope(statement.bytes),
    key,
    otherEnvelope,
  };
}

const named = (bytes: Uint8Array, kind: EvidenceFile['kind'] = 'import'): EvidenceFile => ({
  kind,
  digest: sha256Hex(bytes),
  bytes,
});

/** An envelope as evidence. */
export const sealed = (changed: Envelope): EvidenceFile => named(encodeEnvelope(changed));

const keyFileOf = ({ publicKey, id }: SigningKey): EvidenceFile => ({
  ...named(encodePublicKey(publicKey), 'key'),
  digest: id,
});

const [bytesOf, textOf] = [
  (text: string) => Buffer.from(text, 'base64'),
  (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
];

/** Another spelling of a signature: S + L. */
function respelt(signature: Uint8Array): Uint8Array {
  const copy = Buffer.from(signature);
  let s = BigInt(`0x${Buffer.from(copy.subarray(32)).reverse().toString('hex')}`) + L;
  for (let i = 32; i < 64; i++, s >>= 8n) copy[i] = Number(s & 255n);
  return copy;
}

const importOf = (weights: WeightsId): ImportPredicate => ({
  base: weights,
  source: { format: 'bankai.patch/v1', sha256: 'e'.repeat(64) },
  importer: { name: 'bankai', version: '1.2.3' },
  createdAt: '2026-01-02T03:04:05Z',
});

/** Every way in which a statement about a patch can be wrong, with the code that refuses it. */
export function wrongStatements({ base, id, envelope, key, otherEnvelope }: Target) {
  const [{ keyid, sig }] = envelope.signatures;
  const resigned = (payloadType: string, payload: Uint8Array) => sealed(signEnvelope(payloadType, payload, mallory));
  const statementFor = (weights: WeightsId) => encodeStatement(createStatement('import', id, importOf(weights)));
  // The neutral element as key, and as R with S = 0: good for every message, if nobody looks.
  const weak = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
  const weakFile = { format: 'bankai.public-key/v1', algorithm: 'ed25519', publicKey: textOf(weak) };
  const weakSignature = { keyid: sha256Hex(weak), sig: textOf(Buffer.concat([weak, Buffer.alloc(32)])) };
  const forgery = signEnvelope(envelope.payloadType, bytesOf(envelope.payload), mallory).signatures[0].sig;
  const wrong = <Name extends string>(name: Name, code: ErrorCode, evidence: readonly EvidenceFile[]) => ({
    name,
    code,
    evidence,
  });
  return [
    wrong('forged: another signature', 'SIGNATURE_INVALID', [
      sealed({ ...envelope, signatures: [{ keyid, sig: forgery }] }),
      key,
    ]),
    wrong('forged: another payload', 'SIGNATURE_INVALID', [
      sealed({ ...envelope, payload: textOf(statementFor(base)) }),
      key,
    ]),
    wrong('truncated', 'STATEMENT_INVALID', [named(encodeEnvelope(envelope).subarray(0, 200)), key]),
    wrong('replayed from another patch', 'STATEMENT_MISMATCH', [otherEnvelope, key]),
    wrong('about another base', 'STATEMENT_MISMATCH', [
      resigned(STATEMENT_PAYLOAD_TYPE, statementFor('b'.repeat(64) as WeightsId)),
      keyFileOf(mallory),
    ]),
    wrong('signed as something else', 'PAYLOAD_TYPE', [
      resigned('application/json', bytesOf(envelope.payload)),
      keyFileOf(mallory),
    ]),
    wrong('signed with S + L', 'SIGNATURE_MALLEABLE', [
      sealed({ ...envelope, signatures: [{ keyid, sig: textOf(respelt(bytesOf(sig))) }] }),
      key,
    ]),
    wrong('signed by a key of small order', 'KEY_WEAK', [
      sealed({ ...envelope, signatures: [weakSignature] }),
      { kind: 'key', digest: weakSignature.keyid, bytes: canonicalBytes(weakFile) },
    ]),
    wrong('signed by nobody', 'SIGNATURE_MISSING', [sealed({ ...envelope, signatures: [] }), key]),
    wrong('signed by a key that is not there', 'SIGNER_UNKNOWN', [sealed(envelope)]),
  ] as const;
}

/** The revocation of a patch or a key, and the key that signed it. */
export function revocation(
  { base }: Target,
  of: 'patch' | 'key',
  subject: string,
  signer: SigningKey,
): [EvidenceFile, EvidenceFile] {
  const predicate = {
    ...{ of, reason: 'poisoned', engine: { name: 'bankai', version: '1.2.3' }, createdAt: '2026-01-02T03:04:05Z' },
    ...(of === 'patch' && { base }),
  };
  const statement = createStatement('revocation', subject as PatchId, predicate);
  const signed = encodeEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), signer));
  return [named(signed, 'revocation'), keyFileOf(signer)];
}

/** Puts a patch and evidence on a branch called `evil`, as whoever can push could. */
export async function plant(
  { repository }: Pick<Target, 'repository'>,
  content: Uint8Array,
  at: PatchId,
  evidence: readonly EvidenceFile[],
  more: readonly (readonly [path: string, text: string])[] = [],
): Promise<void> {
  const parent = await readCommit(repository, (await readHead(repository)).commit);
  const changes = new Map<string, TreeEntry>();
  const put = async (path: string, bytes: Uint8Array) =>
    changes.set(path, fileEntry(await writeObject(repository, 'blob', bytes)));
  await put(patchPath(at), content);
  for (const file of evidence) await put(evidencePath(at, file), file.bytes);
  for (const [path, text] of more) await put(path, Buffer.from(text));
  const tree = await changeTree(repository, parent.tree, changes);
  const author = { name: 'Mallory', email: 'm@example.org', timestamp: 1767268800, timezoneOffset: 0 };
  const commit = { tree, parents: [parent.id], author, committer: author, message: 'trust me\n' };
  await writeRef(repository, 'refs/heads/evil', { oid: await writeCommit(repository, commit) });
}
