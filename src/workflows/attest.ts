/** Owns `bankai attest`: what somebody who did not make a patch says about it, signed and recorded beside it. */
import { SearchError, UsageError } from '../errors.js';
import { composeMask, maskFlips } from '../patch/mask.js';
import type { PatchId } from '../patch/ids.js';
import type { Patch } from '../patch/patch.js';
import { readHead } from '../repo/branch.js';
import { readEvidence } from '../repo/state.js';
import { measureChange } from '../search/measure.js';
import { assertHeldOut } from '../search/overlap.js';
import { parseProbes, type ProbeSet } from '../search/probes.js';
import { createStatement } from '../trust/statement.js';
import { choosePatches } from './chosen-patches.js';
import type { ProbeFile } from './commit.js';
import { openSigner } from './commit-tree.js';
import { withEngine } from './engine.js';
import { assertHolds, checkEvidence, filesNamedBy, type HoldingStatement, judgeEvidence } from './evidence.js';
import { evaluationOf, reportOf } from './measurement.js';
import { recordChange, type Recorder } from './record.js';
import { changeWorkspace, type Workspace } from './workspace.js';

export interface AttestRequest {
  /** A patch of HEAD's state: the first digits of its id, or a stack of one patch. */
  readonly patch: string;
  readonly read: boolean;
  /** True, too, when something is measured. */
  readonly ran: boolean;
  readonly verdict: 'approve' | 'reject';
  readonly comment?: string;
  /** Problems to measure the patch on, alone on the base. */
  readonly heldOut: readonly ProbeFile[];
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Reviews a patch of HEAD's state, with a measurement if problems are given. Throws USAGE (not one patch, or not of HEAD),
 * STATEMENT_INVALID (neither read nor run), PROBES_OVERLAP (the search saw them), PROBES_INVALID, MODEL_CHANGED, INTERRUPTED, KEY_REVOKED.
 */
export async function attest(directory: string, request: AttestRequest, recorder: Recorder) {
  const heldOut = request.heldOut.map(({ bytes, name }) => parseProbes(bytes, name));
  return changeWorkspace(directory, async (workspace) => {
    const { id, patch } = await patchAtHead(workspace, request.patch);
    const signer = await openSigner(recorder);
    assertHeldOut(heldOut, await seenBySearch(workspace, id));
    const { weightsId: base } = workspace.state;
    const made = { engine: { name: 'bankai', version: recorder.version }, createdAt: recorder.time.toISOString() };
    const { read, verdict, comment } = request;
    const review = createStatement('review', id, {
      ...{ base, read, ran: request.ran || heldOut.length > 0, verdict },
      ...(comment !== undefined && { comment }),
      ...made,
    });
    const measurement = heldOut.length === 0 ? undefined : await measure(workspace, patch, heldOut, request);
    const evaluation =
      measurement &&
      evaluationOf(measurement, {
        ...{ base, patches: [id], against: [] },
        ...{ version: recorder.version, time: recorder.time },
      });
    const statements = [review, ...(evaluation ? [createStatement('evaluation', id, evaluation)] : [])];
    const files = request.heldOut.map(({ bytes }) => ({ kind: 'probes' as const, bytes }));
    const onto = await readHead(workspace.repository);
    const message = `${verdict === 'approve' ? 'Approve' : 'Reject'} ${id.slice(0, 10)}`;
    const change = { added: [{ patch, statements, files }], removed: [], message, onto };
    const { commit } = await recordChange(workspace, change, { ...recorder, signer });
    return {
      commit,
      ...(onto.branch !== undefined && { branch: onto.branch }),
      ...{ message, patch: id, signer: signer.id, verdict, read, ran: review.predicate.ran },
      ...(evaluation && { evaluation: reportOf(evaluation) }),
    };
  });
}

/** Takes a patch back. Throws USAGE, KEY_REVOKED. */
export async function revokePatch(
  directory: string,
  request: { readonly patch: string; readonly reason: string },
  recorder: Recorder,
) {
  return changeWorkspace(directory, async (workspace) => {
    const { id, patch } = await patchAtHead(workspace, request.patch);
    const signer = await openSigner(recorder);
    const statement = createStatement('revocation', id, {
      ...{ of: 'patch', base: workspace.state.weightsId, reason: request.reason },
      engine: { name: 'bankai', version: recorder.version },
      createdAt: recorder.time.toISOString(),
    });
    const onto = await readHead(workspace.repository);
    const message = `Revoke ${id.slice(0, 10)}`;
    const change = { added: [{ patch, statements: [statement], files: [] }], removed: [], message, onto };
    const { commit } = await recordChange(workspace, change, { ...recorder, signer });
    return {
      commit,
      ...(onto.branch !== undefined && { branch: onto.branch }),
      ...{ message, patch: id, signer: signer.id, reason: request.reason },
    };
  });
}

/**
 * Adds a signature to what is said about a patch already: `statement` is its kind, or the first digits of its digest. Throws
 * USAGE (no such statement, or several), NOTHING_TO_COMMIT (signed by this key already), KEY_REVOKED, and what is wrong with it.
 */
export async function coSign(
  directory: string,
  request: { readonly patch: string; readonly statement: string },
  recorder: Recorder,
) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository, state } = workspace;
    const { id, patch } = await patchAtHead(workspace, request.patch);
    const onto = await readHead(repository);
    const { statements } = await checkEvidence(repository, onto.commit, id, state.weightsId);
    const { statement, kind, digest, signers } = chosenStatement(
      statements.map((check) => assertHolds(check, id)),
      request.statement,
    );
    const signer = await openSigner(recorder);
    if (signers.includes(signer.id)) {
      throw new SearchError('NOTHING_TO_COMMIT', `Nothing to commit: this ${kind} is signed by your key already`, {
        hint: 'Choose another key with --key: see "bankai key list".',
        data: { patch: id, statement: digest, signer: signer.id },
      });
    }
    const message = `Co-sign the ${kind} of ${id.slice(0, 10)}`;
    const change = { added: [{ patch, statements: [statement], files: [] }], removed: [], message, onto };
    const { commit } = await recordChange(workspace, change, { ...recorder, signer });
    return {
      commit,
      ...(onto.branch !== undefined && { branch: onto.branch }),
      ...{ message, patch: id, signer: signer.id, coSigned: { kind, statement: digest, signers } },
    };
  });
}

function chosenStatement(statements: readonly HoldingStatement[], wanted: string): HoldingStatement {
  const isDigits = /^[0-9a-f]{6,64}$/.test(wanted);
  const found = statements.filter(({ kind, digest }) => kind === wanted || (isDigits && digest.startsWith(wanted)));
  if (found.length === 1) return found[0];
  const list = statements.map(({ kind, digest }) => `${kind} ${digest.slice(0, 10)}`).join(', ');
  throw new UsageError('USAGE', `"${wanted}" is ${found.length === 0 ? 'no statement' : 'several statements'} there`, {
    hint: list === '' ? 'Nobody has said anything about it yet.' : `There is ${list}: give the first digits of one.`,
    data: { statements: statements.map(({ kind, digest }) => ({ kind, statement: digest })) },
  });
}

async function patchAtHead({ repository }: Workspace, text: string): Promise<{ id: PatchId; patch: Patch }> {
  const { name, loaded } = await choosePatches(repository, text);
  const head = await choosePatches(repository, 'HEAD');
  const [[id, patch] = []] = loaded;
  if (loaded.size === 1 && id !== undefined && patch !== undefined && head.loaded.has(id)) return { id, patch };
  const fact = loaded.size === 1 ? 'is not in the state of HEAD' : `has ${loaded.size} patches, not one`;
  throw new UsageError('USAGE', `${name} ${fact}`, {
    hint: 'Check it out, and give the first digits of one patch id: see "bankai status".',
  });
}

/** The probe files that the search of a patch saw, as far as they are there. */
async function seenBySearch({ repository }: Workspace, id: PatchId): Promise<ProbeSet[]> {
  const files = await readEvidence(repository, (await readHead(repository)).commit, id);
  const names = new Map(
    judgeEvidence(files, id).statements.flatMap((check) => {
      if ('error' in check) throw check.error;
      const isSearch = check.kind === 'search' || check.kind === 'derivation';
      return isSearch ? filesNamedBy(check.statement).map(({ sha256, name }) => [sha256, name] as const) : [];
    }),
  );
  return files
    .filter(({ kind, digest }) => kind === 'probes' && names.has(digest))
    .map(({ bytes, digest }) => parseProbes(bytes, names.get(digest) ?? digest));
}

async function measure(workspace: Workspace, patch: Patch, heldOut: readonly ProbeSet[], request: AttestRequest) {
  const { threads, signal, onProgress } = request;
  return withEngine(workspace, threads, ({ engine }) =>
    measureChange(
      engine,
      maskFlips(composeMask([patch])),
      { probes: heldOut.map((set) => ({ ...set, role: 'heldout' as const })), texts: [] },
      { ...(signal && { signal }), ...(onProgress && { onProgress }) },
    ),
  );
}
