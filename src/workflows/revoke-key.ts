/** Owns `bankai key revoke`: a key is not to be believed any more, here and in the repository at hand. */
import { BankaiError, TrustError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { sha256Hex } from '../patch/ids.js';
import { readHead } from '../repo/branch.js';
import { readEvidence, readPatches, readState } from '../repo/state.js';
import { encodeEnvelope, signEnvelope } from '../trust/envelope.js';
import { listKeys, loadOrCreateKey } from '../trust/keys.js';
import { encodePublicKey } from '../trust/public-key.js';
import { keepRevocation } from '../trust/revoked-keys.js';
import type { SigningKey } from '../trust/signing-key.js';
import { createStatement, encodeStatement, STATEMENT_PAYLOAD_TYPE } from '../trust/statement.js';
import { findTrusted, readTrustedKeys } from '../trust/trust.js';
import { recordFinished, type Recorder } from './record.js';
import { changeWorkspace } from './workspace.js';

/**
 * Revokes a key of one's own, signed by itself, or a trusted one of somebody else, signed by one's own. In a repository it
 * goes beside the patches of HEAD that the key signed, for others to learn. Throws KEY_UNKNOWN, and as a checkout does.
 */
export async function revokeKey(
  directory: string,
  { key: wanted, reason }: { readonly key: string; readonly reason: string },
  recorder: Recorder,
) {
  const { name, id, signer } = await keyToRevoke(wanted, recorder);
  const statement = createStatement('revocation', id as string as PatchId, {
    ...{ of: 'key', reason },
    engine: { name: 'bankai', version: recorder.version },
    createdAt: recorder.time.toISOString(),
  });
  const envelope = encodeEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), signer));
  const told = await tellRepository(directory, { id, name, envelope, signer }, recorder);
  await keepRevocation(recorder.keyDirectory, envelope);
  return { name, id, reason, signer: signer.id, ...told };
}

async function keyToRevoke(wanted: string, { keyDirectory, key }: Recorder) {
  const isMeant = (id: string): boolean => /^[0-9a-f]{6,64}$/.test(wanted) && id.startsWith(wanted);
  const own = await listKeys(keyDirectory);
  const mine = own.find(({ name }) => name === wanted) ?? own.find(({ publicKey }) => isMeant(publicKey.id));
  if (mine) {
    const signer = await loadOrCreateKey(keyDirectory, { ...key, name: mine.name });
    return { name: mine.name, id: signer.id, signer };
  }
  const other = findTrusted(await readTrustedKeys(keyDirectory), wanted);
  if (other) {
    return { name: other.name, id: other.publicKey.id, signer: await loadOrCreateKey(keyDirectory, key) };
  }
  throw new TrustError('KEY_UNKNOWN', `There is no key "${wanted}", of yours or trusted`, {
    hint: 'Use "bankai key list" and "bankai trust list" to see the keys.',
    data: { key: wanted },
  });
}

interface KeyRevocation {
  readonly id: string;
  readonly name: string;
  readonly envelope: Uint8Array;
  readonly signer: SigningKey;
}

async function tellRepository(directory: string, { id, name, envelope, signer }: KeyRevocation, recorder: Recorder) {
  try {
    return await changeWorkspace(directory, async (workspace) => {
      const { repository } = workspace;
      const onto = await readHead(repository);
      const evidence = [
        { kind: 'revocation' as const, digest: sha256Hex(envelope), bytes: envelope },
        { kind: 'key' as const, digest: signer.id, bytes: encodePublicKey(signer.publicKey) },
      ];
      const signed: PatchId[] = [];
      for (const patch of await readState(repository, onto.commit)) {
        const files = await readEvidence(repository, onto.commit, patch);
        if (files.some(({ kind, digest }) => kind === 'key' && digest === id)) signed.push(patch);
      }
      if (signed.length === 0) return { patches: 0 };
      const patches = await readPatches(repository, onto.commit, signed);
      const added = [...patches.values()].map((patch) => ({ patch, evidence }));
      const change = { added, removed: [], message: `Revoke key ${name} ${id.slice(0, 10)}`, onto };
      const { commit } = await recordFinished(workspace, change, { ...recorder, signer });
      return { patches: signed.length, commit };
    });
  } catch (error) {
    if (error instanceof BankaiError && error.code === 'NOT_A_REPOSITORY') return { patches: 0 };
    throw error;
  }
}
