/** Owns `bankai replay`: what a patch's statements say is done again, and held against them to the last digit. */
import { SearchError, UsageError } from '../errors.js';
import { composeMask, maskFlips, xorMasks } from '../patch/mask.js';
import { type PatchId, sha256Hex } from '../patch/ids.js';
import { createPatch, type Patch, patchId } from '../patch/patch.js';
import type { CommitId } from '../repo/ids.js';
import { readEvidence } from '../repo/state.js';
import { measureChange } from '../search/measure.js';
import { joinProbes, parseProbes, type ProbeSet } from '../search/probes.js';
import type { SearchProgress } from '../search/strategy.js';
import { parseText } from '../search/texts.js';
import type { EvaluationPredicate } from '../trust/predicates/evaluation.js';
import type { SearchPredicate } from '../trust/predicates/search.js';
import type { Statement } from '../trust/statement.js';
import { readTrust } from '../trust/trust.js';
import { choosePatches } from './chosen-patches.js';
import type { ProbeFile } from './commit.js';
import { type Difference, differences } from './differences.js';
import { type LoadedEngine, withEngine } from './engine.js';
import { assertHolds, filesNamedBy, judgeEvidence } from './evidence.js';
import { evaluationOf, reportOf } from './measurement.js';
import { budgetOf, rebuildSearch } from './recorded-search.js';
import { findPatches, gather, type NamedFile, patchesNamedBy } from './replay-inputs.js';
import { searchPredicateOf } from './search-statement.js';
import { messageOf } from './show.js';
import { signerOf } from './statement-lines.js';
import { openWorkspace } from './workspace.js';

export interface ReplayRequest {
  /** The first digits of a patch id of HEAD's state, or a stack of one patch. */
  readonly patch: string;
  /** Files that may be among those that the statements name; they are told by their digests. */
  readonly files: readonly ProbeFile[];
  /** Looks for files by the name that a statement gives one, where it is nowhere else. */
  readonly find?: (name: string) => Promise<readonly Uint8Array[]>;
  /** Measure again, and do not search. */
  readonly evaluationOnly: boolean;
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Told of the search, and how many trials it may take at most, where that is known. */
  readonly onProgress?: (progress: SearchProgress, limit: number | undefined) => void;
  readonly onMeasure?: (done: number, total: number) => void;
}

/** Who replays, and when. */
interface Replayer {
  readonly version: string;
  readonly time: Date;
  readonly keyDirectory?: string;
}

/** What is not compared: who did it when, with which version, and how long it took. */
const circumstances = ['createdAt', 'engine.', 'elapsedMs', 'result.elapsedMs'];

/**
 * Runs the searches and measurements again that the statements about a patch record, and compares. Nothing is changed. Throws
 * USAGE (not one patch), NOTHING_TO_REPLAY (it was not searched, but made of others or imported), FILE_NOT_FOUND (a file that a
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
  const searches = request.evaluationOnly ? [] : statements.filter(({ kind }) => kind === 'search');
  const evaluations = statements.filter(({ kind }) => kind === 'evaluation');
  const chosen = [...searches, ...evaluations];
  if ((request.evaluationOnly ? evaluations : searches).length === 0) {
    throw nothingToReplay(
      id,
      statements.map(({ statement }) => statement),
      request.evaluationOnly,
    );
  }
  const given = [...files, ...request.files.map(({ bytes }) => ({ bytes }))];
  const bytesOf = await gather(
    chosen.flatMap(({ statement }) => filesNamedBy(statement)),
    new Map(given.map(({ bytes }) => [sha256Hex(bytes), bytes])),
    request.find,
  );
  const below = chosen.flatMap(({ statement }) => patchesNamedBy(statement));
  const patches = await findPatches(repository, commit, new Set(below));
  const trust = await readTrust(replayer.keyDirectory);
  const again: Again = {
    request,
    replayer,
    bytesOf,
    maskOf: (ids) => composeMask(ids.map((one) => patches.get(one) as Patch)),
  };
  const runs = await withEngine(workspace, request.threads, async (engine) => {
    const runs: Run[] = [];
    for (const { statement, signers } of chosen) {
      const by = signers.map((signer) => signerOf(trust, signer).words).join(', ');
      if (statement.kind === 'search')
        runs.push({ signer: by, ...(await searchAgain(engine, id, statement.predicate, again)) });
      if (statement.kind === 'evaluation')
        runs.push({ signer: by, ...(await measureAgain(engine, statement.predicate, again)) });
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

/** What became of one statement. */
export interface Run {
  readonly kind: 'search' | 'evaluation';
  readonly signer: string;
  readonly reproduced: boolean;
  /** That recorded it. */
  readonly engine: SearchPredicate['engine'];
  /** That the search found, if it found one. */
  readonly patch?: PatchId;
  readonly flips?: number;
  readonly iterations?: number;
  readonly differences: readonly Difference[];
  readonly elapsedMs: number;
  /** What was measured now. */
  readonly evaluation?: ReturnType<typeof reportOf>;
}

interface Again {
  readonly request: ReplayRequest;
  readonly replayer: Replayer;
  readonly bytesOf: (file: NamedFile) => Uint8Array;
  readonly maskOf: (ids: readonly PatchId[]) => ReturnType<typeof composeMask>;
}

async function searchAgain(
  { engine, hold }: LoadedEngine,
  id: PatchId,
  predicate: SearchPredicate,
  { request, replayer, bytesOf, maskOf }: Again,
): Promise<Omit<Run, 'signer'>> {
  hold(maskOf(predicate.parents));
  const sets = (role: string): ProbeSet[] =>
    predicate.probes.filter((file) => file.role === role).map((file) => parseProbes(bytesOf(file), file.name));
  const [probes, controls] = [sets('search'), sets('control')];
  const { strategy, ...judged } = rebuildSearch(engine, predicate);
  const budget = budgetOf(predicate);
  const result = await strategy.search({
    ...{ engine, probes: joinProbes(probes), controls: controls.flatMap((set) => set.probes), ...judged },
    ...{ seed: predicate.seed, budget },
    ...(request.signal && { signal: request.signal }),
    onProgress: (progress) => request.onProgress?.(progress, budget.iterations),
  });
  if (result.stoppedBy === 'interrupted') throw interrupted(result.iterations);
  const { base, parents } = predicate;
  const now = searchPredicateOf(result, { base, parents, probes, controls }, replayer);
  // The time that a search may take is no part of what it finds, unless it ended it.
  const timed = [
    'budget.milliseconds',
    ...(predicate.result.stoppedBy === 'time' ? ['budget.', 'result.stoppedBy'] : []),
  ];
  const found = result.flips.length === 0 ? undefined : patchId(createPatch(base, result.flips));
  // A record without a picture of the search says as much without it.
  const drawn = predicate.result.course ? [] : ['result.course'];
  const differing = differences(predicate, now, [...circumstances, ...timed, ...drawn]);
  return {
    kind: 'search',
    reproduced: found === id && differing.length === 0,
    engine: predicate.engine,
    ...(found !== undefined && { patch: found }),
    ...{ flips: result.flips.length, iterations: result.iterations },
    differences: differing,
    elapsedMs: Math.round(result.elapsedMs),
  };
}

async function measureAgain(
  { engine, hold }: LoadedEngine,
  predicate: EvaluationPredicate,
  { request, replayer, bytesOf, maskOf }: Again,
): Promise<Omit<Run, 'signer'>> {
  const { base, patches, against } = predicate;
  const before = maskOf(against);
  hold(before);
  const probes = predicate.probes.map((file) => ({ ...parseProbes(bytesOf(file), file.name), role: file.role }));
  const texts = predicate.texts.map((file) => parseText(bytesOf(file), file.name));
  const measurement = await measureChange(
    engine,
    maskFlips(xorMasks(before, maskOf(patches))),
    { probes, texts },
    {
      ...(request.signal && { signal: request.signal }),
      ...(request.onMeasure && { onProgress: request.onMeasure }),
    },
  );
  const now = evaluationOf(measurement, { base, patches, against, version: replayer.version, time: replayer.time });
  const differing = differences(predicate, now, circumstances);
  return {
    kind: 'evaluation',
    reproduced: differing.length === 0,
    engine: predicate.engine,
    differences: differing,
    elapsedMs: Math.round(measurement.elapsedMs),
    evaluation: reportOf(now),
  };
}

function nothingToReplay(id: PatchId, statements: readonly Statement[], evaluationOnly: boolean): SearchError {
  const details = (hint: string, parents: readonly PatchId[] = []) => ({ hint, data: { patch: id, parents } });
  const fact = (text: string): string => `Patch ${id.slice(0, 10)} ${text}`;
  if (evaluationOnly) {
    return new SearchError(
      'NOTHING_TO_REPLAY',
      fact('was measured by nobody who signed it'),
      details('Use "bankai eval".'),
    );
  }
  for (const { kind, predicate } of statements) {
    if (kind !== 'derivation') continue;
    const names = predicate.parents.map((parent) => parent.slice(0, 10)).join(', ');
    return new SearchError(
      'NOTHING_TO_REPLAY',
      fact(`was not searched but made by ${predicate.operation} of ${names}`),
      details(
        'Replay those: check a commit out that has them. What was measured is replayed with --evaluation-only.',
        predicate.parents,
      ),
    );
  }
  const imported = statements.some(({ kind }) => kind === 'import');
  const how = imported ? 'was imported, and nobody signed how it was searched' : 'has no statement of a search';
  return new SearchError(
    'NOTHING_TO_REPLAY',
    fact(how),
    details('What was measured is replayed with --evaluation-only.'),
  );
}

function notOne(name: string, count: number): UsageError {
  return new UsageError('USAGE', `Cannot replay ${name}: it has ${count} patches`, {
    hint: 'Name one patch: the first digits of its id, as "bankai status" shows them.',
  });
}

function interrupted(iterations: number): SearchError {
  return new SearchError('INTERRUPTED', `Interrupted after ${iterations} trials`, {
    hint: 'Nothing was changed. The same command begins again.',
  });
}
