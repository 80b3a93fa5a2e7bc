/** Owns what a replay does with one statement: the search, the making or the measurement again, and what differs. */
import { SearchError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { countFlips, type Mask, maskFlips, xorMasks } from '../patch/mask.js';
import { createPatch, patchId } from '../patch/patch.js';
import { measureChange } from '../search/measure.js';
import { joinProbes, parseProbes, type ProbeSet } from '../search/probes.js';
import type { SearchProgress } from '../search/strategy.js';
import { parseText } from '../search/texts.js';
import type { DerivationPredicate } from '../trust/predicates/derivation.js';
import type { EvaluationPredicate } from '../trust/predicates/evaluation.js';
import type { SearchPredicate } from '../trust/predicates/search.js';
import type { Statement } from '../trust/statement.js';
import { deriveFrom } from './derivation-again.js';
import { type Difference, differences } from './differences.js';
import type { LoadedEngine } from './engine.js';
import { evaluationOf, reportOf } from './measurement.js';
import { budgetOf, rebuildSearch } from './recorded-search.js';
import type { NamedFile } from './replay-inputs.js';
import { searchPredicateOf } from './search-statement.js';

/** What became of one statement. */
export interface Run {
  readonly kind: 'search' | 'derivation' | 'evaluation';
  readonly signer: string;
  readonly reproduced: boolean;
  /** That recorded it. */
  readonly engine: SearchPredicate['engine'];
  /** That came out, if any did. */
  readonly patch?: PatchId;
  readonly flips?: number;
  /** Of a search. */
  readonly iterations?: number;
  /** Of a derivation. */
  readonly operation?: DerivationPredicate['operation'];
  readonly parents?: readonly PatchId[];
  readonly differences: readonly Difference[];
  readonly elapsedMs: number;
  /** What was measured now. */
  readonly evaluation?: ReturnType<typeof reportOf>;
}

/** Who replays, and when. */
export interface Replayer {
  readonly version: string;
  readonly time: Date;
  readonly keyDirectory?: string;
}

/** What a replay works with. */
export interface Again {
  readonly patch: PatchId;
  readonly replayer: Replayer;
  readonly bytesOf: (file: NamedFile) => Uint8Array;
  readonly maskOf: (ids: readonly PatchId[]) => Mask;
  readonly signal?: AbortSignal;
  /** Told of the search, and how many trials it may take at most, where that is known. */
  readonly onProgress?: (progress: SearchProgress, limit: number | undefined) => void;
  readonly onMeasure?: (done: number, total: number) => void;
}

/** What is not compared: who did it when, with which version, and how long it took. */
const circumstances = ['createdAt', 'engine.', 'elapsedMs', 'result.elapsedMs'];

/** Does again what a statement records; nothing for one that records nothing that can be. Throws REPLAY_UNSUPPORTED, INTERRUPTED. */
export async function runAgain(
  engine: LoadedEngine,
  { kind, predicate }: Statement,
  again: Again,
): Promise<Omit<Run, 'signer'> | undefined> {
  if (kind === 'search') return searchAgain(engine, predicate, again);
  if (kind === 'derivation') return deriveAgain(engine, predicate, again);
  return kind === 'evaluation' ? measureAgain(engine, predicate, again) : undefined;
}

async function searchAgain(
  { engine, hold }: LoadedEngine,
  predicate: SearchPredicate,
  { patch, replayer, bytesOf, maskOf, signal, onProgress }: Again,
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
    ...(signal && { signal }),
    onProgress: (progress) => onProgress?.(progress, budget.iterations),
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
    reproduced: found === patch && differing.length === 0,
    engine: predicate.engine,
    ...(found !== undefined && { patch: found }),
    ...{ flips: result.flips.length, iterations: result.iterations },
    differences: differing,
    elapsedMs: Math.round(result.elapsedMs),
  };
}

async function deriveAgain(
  loaded: LoadedEngine,
  predicate: DerivationPredicate,
  { patch, bytesOf, maskOf, signal }: Again,
): Promise<Omit<Run, 'signer'>> {
  const started = performance.now();
  const { base, operation, parents } = predicate;
  const sets = (role: string): ProbeSet[] =>
    predicate.probes.filter((file) => file.role === role).map((file) => parseProbes(bytesOf(file), file.name));
  const { flips, result } = await deriveFrom(loaded, predicate, {
    mask: parentsOf(predicate, patch, maskOf),
    beside: maskOf(predicate.beside ?? []),
    probes: sets('search'),
    controls: sets('control'),
    ...(signal && { signal }),
  });
  const found = flips.length === 0 ? undefined : patchId(createPatch(base, flips));
  const differing = result && predicate.result ? differences({ result: predicate.result }, { result }) : [];
  return {
    kind: 'derivation',
    reproduced: found === patch && differing.length === 0,
    engine: predicate.engine,
    ...(found !== undefined && { patch: found }),
    ...{ flips: flips.length, operation, parents, differences: differing },
    elapsedMs: Math.round(performance.now() - started),
  };
}

/** The mask of what the patch was made of. A parent that came out unchanged is the subject itself, and not listed. */
function parentsOf({ parents, result }: DerivationPredicate, patch: PatchId, maskOf: Again['maskOf']): Mask {
  const mask = maskOf(parents);
  const count = countFlips(mask);
  return count === 0 || (result !== undefined && count !== result.flipsBefore) ? maskOf([...parents, patch]) : mask;
}

async function measureAgain(
  { engine, hold }: LoadedEngine,
  predicate: EvaluationPredicate,
  { replayer, bytesOf, maskOf, signal, onMeasure }: Again,
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
    { ...(signal && { signal }), ...(onMeasure && { onProgress: onMeasure }) },
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

function interrupted(iterations: number): SearchError {
  return new SearchError('INTERRUPTED', `Interrupted after ${iterations} trials`, {
    hint: 'Nothing was changed. The same command begins again.',
  });
}
