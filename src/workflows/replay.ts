/** Owns `bankai replay`: what a patch's statements say is done again, and held against them to the last digit. */
import { SearchError, UsageError } from '../errors.js';
import { composeMask } from '../patch/mask.js';
import { type PatchId, sha256Hex } from '../patch/ids.js';
import type { Patch } from '../patch/patch.js';
import type { CommitId } from '../repo/ids.js';
import { readEvidence } from '../repo/state.js';
import type { StatementKind } from '../trust/predicates.js';
import { readTrust } from '../trust/trust.js';
import { choosePatches } from './chosen-patches.js';
import type { ProbeFile } from './commit.js';
import { withEngine } from './engine.js';
import { assertHolds, filesNamedBy, judgeEvidence } from './evidence.js';
import { findPatches, gather, patchesNamedBy } from './replay-inputs.js';
import { type Again, type Replayer, type Run, runAgain } from './replay-run.js';
import { messageOf } from './show.js';
import { signerOf } from './statement-lines.js';
import { openWorkspace } from './workspace.js';

export interface ReplayRequest extends Pick<Again, 'signal' | 'onProgress' | 'onMeasure'> {
  /** The first digits of a patch id of HEAD's state, or a stack of one patch. */
  readonly patch: string;
  /** Files that may be among those that the statements name; they are told by their digests. */
  readonly files: readonly ProbeFile[];
  /** Looks for files by the name that a statement gives one, where it is nowhere else. */
  readonly find?: (name: string) => Promise<readonly Uint8Array[]>;
  /** Measure again, and do not search. */
  readonly evaluationOnly: boolean;
  readonly threads: number;
}

/**
 * Does again what the statements about a patch record: how it was searched or made of others, and what was measured, and compares. Nothing is changed. Throws
 * USAGE (not one patch), NOTHING_TO_REPLAY (it was imported, and nobody signed how it was made), FILE_NOT_FOUND (a file that a
 * statement names), REPLAY_UNSUPPORTED (a strategy or setting of another version), UNKNOWN_REVISION (a patch below), the
 * codes of statements that do not hold, MODEL_CHANGED, INTERRUPTED.
 */
export async function replay(directory: string, request: ReplayRequest, replayer: Replayer) {
  const workspace = await openWorkspace(directory);
  const { repository, state } = workspace;
  const { name, loaded, commitOf } = await choosePatches(repository, request.patch);
  const [[id] = []] = loaded;
  if (id === undefined || loaded.size > 1) throw notOne(name, loaded.size);
  const commit = commitOf.get(id) as CommitId;
  const files = await readEvidence(repository, commit, id);
  const statements = judgeEvidence(files, id, state.weightsId).statements.map((check) => assertHolds(check, id));
  const of = (...kinds: StatementKind[]) => statements.filter(({ kind }) => kinds.includes(kind));
  const made = request.evaluationOnly ? [] : of('search', 'derivation');
  const evaluations = of('evaluation');
  const chosen = [...made, ...evaluations];
  if ((request.evaluationOnly ? evaluations : made).length === 0) {
    throw nothingToReplay(id, of('import').length > 0, request.evaluationOnly);
  }
  const given = [...files, ...request.files.map(({ bytes }) => ({ bytes }))];
  const bytesOf = await gather(
    chosen.flatMap(({ statement }) => filesNamedBy(statement)),
    new Map(given.map(({ bytes }) => [sha256Hex(bytes), bytes])),
    request.find,
  );
  const below = chosen.flatMap(({ statement }) => patchesNamedBy(statement));
  const patches = new Map([...(await findPatches(repository, commit, new Set(below))), ...loaded]);
  const trust = await readTrust(replayer.keyDirectory);
  const again: Again = {
    ...{ patch: id, replayer, bytesOf },
    maskOf: (ids) => composeMask(ids.map((one) => patches.get(one) as Patch)),
    ...(request.signal && { signal: request.signal }),
    ...(request.onProgress && { onProgress: request.onProgress }),
    ...(request.onMeasure && { onMeasure: request.onMeasure }),
  };
  const runs = await withEngine(workspace, request.threads, async (engine) => {
    const runs: Run[] = [];
    for (const { statement, signers } of chosen) {
      const signer = signers.map((one) => signerOf(trust, one).words).join(', ');
      const run = await runAgain(engine, statement, again);
      if (run) runs.push({ signer, ...run });
    }
    return runs;
  });
  const message = await messageOf(repository, commit, id);
  return {
    patch: id,
    ...(message !== undefined && { message }),
    engine: { name: 'bankai', version: replayer.version },
    reproduced: runs.every(({ reproduced }) => reproduced),
    runs,
  };
}

function nothingToReplay(id: PatchId, imported: boolean, evaluationOnly: boolean): SearchError {
  const found = evaluationOnly
    ? 'was measured by nobody who signed it'
    : imported
      ? 'was imported, and nobody signed how it was searched'
      : 'has no statement of a search';
  return new SearchError('NOTHING_TO_REPLAY', `Patch ${id.slice(0, 10)} ${found}`, {
    hint: evaluationOnly ? 'Use "bankai eval".' : 'What was measured is replayed with --evaluation-only.',
    data: { patch: id },
  });
}

function notOne(name: string, count: number): UsageError {
  return new UsageError('USAGE', `Cannot replay ${name}: it has ${count} patches`, {
    hint: 'Name one patch: the first digits of its id, as "bankai status" shows them.',
  });
}
