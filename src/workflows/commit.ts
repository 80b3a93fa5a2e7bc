/** Owns `bankai commit`: search a patch, and record it if it gains anything. */
import { assertNotLinked } from '../checkout/model-file.js';
import type { Engine } from '../engine/engine.js';
import { SearchError } from '../errors.js';
import { composeMask } from '../patch/mask.js';
import { createPatch, patchId } from '../patch/patch.js';
import { assertNewBranch, type Head, readHead } from '../repo/branch.js';
import { composeCommit } from '../repo/compose.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { assertMovable } from '../repo/move-head.js';
import { resolveStack } from '../repo/resolve.js';
import { readPatches, readState } from '../repo/state.js';
import { scaleWeightedRows } from '../search/candidates.js';
import type { Fitness } from '../search/fitness.js';
import { gapFitness } from '../search/fitness/gap.js';
import { type Measurable, measureChange, type Measurement } from '../search/measure.js';
import { assertHeldOut } from '../search/overlap.js';
import { joinProbes, parseProbes, type Probe, type ProbeSet } from '../search/probes.js';
import type { Budget } from '../search/stopping.js';
import type { Ranking } from '../search/ranking.js';
import { recommendedFitness, guidedFor } from '../search/recommended.js';
import { greedy } from '../search/strategies/greedy.js';
import type { SearchPart, SearchProgress, SearchResult, Strategy } from '../search/strategy.js';
import { parseText } from '../search/texts.js';
import { createStatement } from '../trust/statement.js';
import type { CommitId } from '../repo/ids.js';
import { withEngine } from './engine.js';
import { evaluationOf, type MeasuredSet, reportOf } from './measurement.js';
import { openSigner } from './commit-tree.js';
import { type NewPatch, record, type Recorder } from './record.js';
import type { SearchInputs } from './checkpoint.js';
import { type SearchedOn, searchPredicateOf } from './search-statement.js';
import { interruption, type ResumableResult, searchResumably } from './resumable-search.js';
import { filesSearchedWith } from './searched-with.js';
import { changeWorkspace, type Workspace } from './workspace.js';

/** A probe file as the terminal read it. */
export interface ProbeFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Which rows may be flipped: the strategy's own choice where nothing is said. */
interface RowChoice {
  readonly layers?: readonly number[];
}

/** What a fitness is made for. */
interface FitnessRequest {
  readonly probes: readonly Probe[];
  /** Digests of the sets that the patches below were searched with. */
  readonly known: readonly string[];
}

/** What a strategy is made for. */
interface StrategyRequest extends FitnessRequest {
  readonly rows: RowChoice;
  /** Makes the results of a ranking part of a checkpoint. */
  readonly taped: (ranking: Ranking) => Ranking;
}

/** The strategies that can be named. */
export const strategies = {
  greedy: ({ rows }: StrategyRequest) => greedy({ candidates: (engine) => scaleWeightedRows(engine, rows) }),
  guided: ({ probes, rows, known, taped }: StrategyRequest) => guidedFor(probes, { ...rows, known }, taped),
} as const satisfies Record<string, (request: StrategyRequest) => Strategy>;
/** The fitness functions that can be named; the first is the default. */
export const fitnesses = {
  answer: ({ probes, known }: FitnessRequest) => recommendedFitness(probes, known),
  gap: () => gapFitness(),
} as const satisfies Record<string, (request: FitnessRequest) => Fitness>;

export interface CommitRequest {
  readonly message: string;
  readonly probes: readonly ProbeFile[];
  readonly controls: readonly ProbeFile[];
  /** Problems that the search never sees, to measure what it found. */
  readonly heldOut?: readonly ProbeFile[];
  /** Texts that should be predicted as well as before. */
  readonly texts?: readonly ProbeFile[];
  /** Starts this branch, at the base unless `on` says otherwise; without it the search goes on from HEAD. */
  readonly branch?: string;
  /** The stack that the new branch starts from, so that a patch can mend what stacking lost. Nothing without `branch`. */
  readonly on?: string;
  readonly strategy: keyof typeof strategies;
  readonly fitness: keyof typeof fitnesses;
  /** Layers to search, counted from 0; the published choice when left out. */
  readonly layers?: readonly number[];
  readonly seed: number;
  readonly budget: Budget;
  readonly threads: number;
  /** Go on with this very search where an earlier process ended; the budget may be another. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SearchProgress) => void;
  /** Told, after the search, how many answers and documents of both states are in. */
  readonly onMeasure?: (done: number, total: number) => void;
}

export interface CommitOutcome {
  readonly commit: CommitId;
  readonly branch?: string;
  readonly message: string;
  readonly patch: string;
  readonly flips: number;
  readonly objectiveBefore: number;
  readonly objectiveAfter: number;
  readonly iterations: number;
  readonly accepted: number;
  readonly elapsedMs: number;
  readonly stoppedBy: ResumableResult['result']['stoppedBy'];
  readonly evaluation?: ReturnType<typeof reportOf>;
}

/**
 * Searches a patch on top of HEAD, or for a new branch on top of the base or of any stack, and commits it. The working
 * model then holds it. Throws NOTHING_TO_COMMIT when nothing was gained, INTERRUPTED
 * when the signal ended it (a checkpoint is kept), CHECKPOINT_MISSING, CHECKPOINT_INVALID, BRANCH_EXISTS, STACK_SYNTAX, UNKNOWN_REVISION,
 * PROBES_INVALID, PROBES_OVERLAP, TEXT_INVALID, PROBES_UNUSABLE, MODEL_CHANGED, MODEL_LINKED, WORKTREE_DIRTY, and what
 * opening the key throws: all but the first two before the search.
 */
export async function commit(directory: string, request: CommitRequest, recorder: Recorder): Promise<CommitOutcome> {
  const probes = request.probes.map(({ bytes, name }) => parseProbes(bytes, name));
  const controls = request.controls.map(({ bytes, name }) => parseProbes(bytes, name));
  const joined = joinProbes(probes);
  const measurable = measurableOf(request, controls);
  assertHeldOut(
    measurable.probes.filter(({ role }) => role === 'heldout'),
    [...probes, ...controls],
  );
  return changeWorkspace(directory, async (workspace) => {
    const onto = await startOf(workspace, request);
    await assertRecordable(workspace, onto);
    const signer = await openSigner(recorder);
    const parents = await readState(workspace.repository, onto.commit);
    const patches = await readPatches(workspace.repository, onto.commit, parents);
    const known = await knownBelow(workspace, onto.commit, probes);
    const { result, checkpoint, measurement } = await withEngine(
      workspace,
      request.threads,
      async ({ engine, hold }) => {
        hold(composeMask(patches.values()));
        const found = await searchResumably(workspace.repository, {
          problem: {
            engine,
            probes: joined,
            controls: controls.flatMap((set) => set.probes),
            fitness: fitnesses[request.fitness]({ probes: joined, known }),
            seed: request.seed,
            budget: request.budget,
            ...(request.signal && { signal: request.signal }),
            ...(request.onProgress && { onProgress: request.onProgress }),
          },
          strategy: (taped) => strategies[request.strategy]({ probes: joined, rows: rowsOf(request), known, taped }),
          inputs: inputsOf(request, { base: workspace.state.weightsId, parents, probes, controls }, recorder),
          resume: request.resume ?? false,
        });
        if (!isGain(found.result)) {
          await found.checkpoint.remove();
          throw nothingGained(found.result);
        }
        return { ...found, measurement: await measure(engine, found, measurable, request) };
      },
    );
    const patch = createPatch(workspace.state.weightsId, result.flips);
    const id = patchId(patch);
    const { weightsId: base } = workspace.state;
    const evaluation =
      measurement &&
      evaluationOf(measurement, {
        ...{ base, patches: [...parents, id], against: parents },
        ...{ version: recorder.version, time: recorder.time },
      });
    const recorded = await record(
      workspace,
      {
        patch,
        statements: [
          createStatement('search', id, searchPredicateOf(result, { base, parents, probes, controls }, recorder)),
          ...(evaluation ? [createStatement('evaluation', id, evaluation)] : []),
        ],
        files: filesOf(request, measurement !== undefined),
        message: request.message,
        onto,
      },
      { ...recorder, signer },
    );
    await checkpoint.remove();
    return {
      commit: recorded.commit,
      ...(onto.branch !== undefined && { branch: onto.branch }),
      message: request.message,
      patch: recorded.patch,
      flips: result.flips.length,
      objectiveBefore: result.objectiveBefore,
      objectiveAfter: result.objectiveAfter,
      iterations: result.iterations,
      accepted: result.accepted,
      elapsedMs: Math.round(result.elapsedMs),
      stoppedBy: result.stoppedBy,
      ...(evaluation && { evaluation: reportOf(evaluation) }),
    };
  });
}

/** Those of the sets that a patch of a commit was searched with, by digest. */
async function knownBelow(
  { repository, state }: Workspace,
  at: CommitId,
  probes: readonly ProbeSet[],
): Promise<string[]> {
  const files = await filesSearchedWith(repository, at, state.weightsId);
  const below = new Set(files.filter(({ role }) => role === 'search').map(({ sha256 }) => sha256));
  return probes.map(({ sha256 }) => sha256).filter((digest) => below.has(digest));
}

/** What is measured once the search has ended. The search itself is given none of it but the controls. */
function measurableOf({ heldOut = [], texts = [] }: CommitRequest, controls: readonly ProbeSet[]) {
  const held = heldOut.map(({ bytes, name }) => parseProbes(bytes, name));
  return {
    probes: [
      ...held.map((set) => ({ ...set, role: 'heldout' as const })),
      ...controls.map((set) => ({ ...set, role: 'control' as const })),
    ],
    texts: texts.map(({ bytes, name }) => parseText(bytes, name)),
  };
}

const rowsOf = ({ layers }: CommitRequest): RowChoice => (layers ? { layers } : {});

const isAnything = ({ probes, texts }: Measurable<MeasuredSet>): boolean => probes.length + texts.length > 0;

/** Measures what the search found. Throws INTERRUPTED: the checkpoint then leads here again. */
async function measure(
  engine: Engine,
  found: ResumableResult,
  measurable: Measurable<MeasuredSet>,
  { signal, onMeasure }: CommitRequest,
): Promise<Measurement<MeasuredSet> | undefined> {
  if (!isAnything(measurable)) return undefined;
  try {
    return await measureChange(engine, found.result.flips, measurable, {
      ...(signal && { signal }),
      ...(onMeasure && { onProgress: onMeasure }),
    });
  } catch (error) {
    if (error instanceof SearchError && error.code === 'INTERRUPTED') throw await interruption(found);
    throw error;
  }
}

/** The files that the statements name. */
function filesOf({ probes, controls, heldOut = [], texts = [] }: CommitRequest, measured: boolean): NewPatch['files'] {
  const named = measured ? [...probes, ...controls, ...heldOut] : [...probes, ...controls];
  return [
    ...named.map(({ bytes }) => ({ kind: 'probes' as const, bytes })),
    ...(measured ? texts.map(({ bytes }) => ({ kind: 'text' as const, bytes })) : []),
  ];
}

async function startOf({ repository, state }: Workspace, { branch, on }: CommitRequest): Promise<Head> {
  if (branch === undefined) return readHead(repository);
  await assertNewBranch(repository, branch);
  const stack = on === undefined ? undefined : await resolveStack(repository, on);
  return { branch, commit: stack ? await composeCommit(repository, stack) : state.root };
}

/** What would stop the checkout of the new commit, asked before a search that may take hours. */
async function assertRecordable({ repository, model }: Workspace, onto: Head): Promise<void> {
  assertNotLinked(model);
  assertNothingInProgress(repository);
  const { commit: from } = await readHead(repository);
  await assertMovable(repository, { from, to: onto.commit, branch: onto.branch });
}

const isGain = ({ flips, objectiveBefore, objectiveAfter }: SearchResult): boolean =>
  flips.length > 0 && objectiveAfter > objectiveBefore;

function nothingGained({ iterations, objectiveBefore, stoppedBy }: SearchResult): SearchError {
  const [fact, hint] =
    stoppedBy === 'held-back'
      ? [
          'what the search found for some of the probes did nothing for those it held back',
          'Check the answers (bankai probes audit), and give more and more varied probes of one skill.',
        ]
      : [
          `${iterations} candidates gained nothing`,
          'Search longer (--iterations), with more and more varied probes, or with another --seed.',
        ];
  return new SearchError('NOTHING_TO_COMMIT', `Nothing to commit: ${fact}`, {
    hint,
    data: { iterations, objective: objectiveBefore, stoppedBy },
  });
}

/** What a checkpoint must have in common with the search that it is to continue. */
function inputsOf(
  { strategy, fitness, layers, seed }: CommitRequest,
  { base, parents, probes, controls }: SearchedOn,
  { version }: Recorder,
): SearchInputs {
  const digests = (sets: readonly ProbeSet[]) => sets.map(({ sha256 }) => sha256);
  const settled = ({ name, settings }: SearchPart): string => `${name} ${JSON.stringify(settings)}`;
  const joined = joinProbes(probes);
  const searchedFor = { probes: joined, known: [] };
  const searching = strategies[strategy]({ ...searchedFor, rows: {}, taped: (ranking) => ranking });
  return {
    ...{ 'version of Bankai': version, base, 'patches below': parents },
    ...{ probes: digests(probes), controls: digests(controls) },
    ...{ strategy: settled(searching), fitness: settled(fitnesses[fitness](searchedFor)) },
    ...{ layers: layers?.map(String) ?? [], seed: String(seed) },
  };
}
