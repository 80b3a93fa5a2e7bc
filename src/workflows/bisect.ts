/** Owns `bankai bisect`: which commit, and which flips inside it, made probes wrong. By evaluation, not by guess. */
import { SearchError } from '../errors.js';
import { compareFlips, type Flip, formatFlip } from '../patch/flip.js';
import { type PatchId, sha256Hex } from '../patch/ids.js';
import { composeMask, type Mask, maskFlips, maskOf, xorMasks } from '../patch/mask.js';
import { type Patch, countPatchFlips, patchFlips } from '../patch/patch.js';
import { composeCommit } from '../repo/compose.js';
import { type HistoryCommit, historyBetween } from '../repo/history-between.js';
import type { CommitId } from '../repo/ids.js';
import { type LogEntry, readLogEntry } from '../repo/log.js';
import type { Repository } from '../repo/repository.js';
import { resolveStack } from '../repo/resolve.js';
import { readPatches, readState } from '../repo/state.js';
import { answerProbes, type ProbeAnswer } from '../search/evaluate.js';
import { findFirstBad } from '../search/first-bad.js';
import { findGuiltyFlips } from '../search/guilty-flips.js';
import { parseProbes, type Probe } from '../search/probes.js';
import type { ProbeFile } from './commit.js';
import { type LoadedEngine, withEngine } from './engine.js';
import { openWorkspace } from './workspace.js';

export interface BisectRequest {
  /** A stack at which the probes are right. */
  readonly good: string;
  /** A stack at which they are wrong. */
  readonly bad: string;
  readonly probes: ProbeFile;
  /** Follow first parents only: of a merge, what it was merged into. */
  readonly firstParent: boolean;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BisectProgress) => void;
}

export interface BisectProgress {
  /** Evaluations so far, and an estimate of how many there will be. */
  readonly done: number;
  readonly total: number;
  /** What is looked at, in words. */
  readonly place: string;
}

/** Flips that are looked for when one alone does not explain it: beyond this the patch as a whole is to blame. */
const FLIPS_TOGETHER = 8;

/**
 * Finds the first bad commit between two stacks and the flips inside it. The probes that count are those that are right
 * at `good` and wrong at `bad`; a state is bad where at least half of them are wrong. Nothing is changed.
 * Throws NOTHING_TO_BISECT, UNKNOWN_REVISION, STACK_SYNTAX, PROBES_INVALID, MODEL_CHANGED, INTERRUPTED.
 */
export async function bisect(directory: string, request: BisectRequest) {
  const set = parseProbes(request.probes.bytes, request.probes.name);
  const workspace = await openWorkspace(directory);
  const { repository } = workspace;
  const [good, bad] = [await endOf(repository, request.good), await endOf(repository, request.bad)];
  const history = await historyBetween(repository, good.commit, bad.commit, { firstParent: request.firstParent });
  if (history.length === 0) throw nothingBetween(good.expression, bad.expression);
  return withEngine(workspace, request.threads, async (loaded) => {
    const bench = createBench(loaded, request, 2 + steps(history.length));
    const broken = await brokenProbes(repository, bench, set.probes, good, bad);
    if (broken.length === 0) throw nothingBroken(good.expression, bad.expression, set.name, set.probes.length);
    const broke = broken.map(({ probe }) => probe);
    const wrong = async (mask: Mask, place: string): Promise<number> =>
      (await bench.answer(mask, broke, place)).filter(({ correct }) => !correct).length;
    const isBadMask = async (mask: Mask, place: string) => 2 * (await wrong(mask, place)) >= broke.length;
    const isBad = async (commit: CommitId) =>
      isBadMask(await maskAt(repository, commit), `commit ${commit.slice(0, 10)}`);

    const first = await findFirstBad(await withSuspects(repository, history), bad.commit, isBad);
    const before = await goodBefore(history, first, isBad, good.commit);
    const [maskBefore, maskAfter] = [await maskAt(repository, before), await maskAt(repository, first)];
    const entry = await readLogEntry(repository, first);
    const changes = await changesOf(repository, entry);
    const inHistory = bench.evaluations();
    const changed = maskFlips(xorMasks(maskBefore, maskAfter));
    bench.expect(inHistory + steps(changed.length) + 2);
    const guilty = await findGuiltyFlips(
      changed,
      (flips) => isBadMask(xorMasks(maskBefore, maskOf(flips)), `${flips.length} of ${changed.length} flips`),
      FLIPS_TOGETHER,
    );
    return {
      good,
      bad,
      probes: { name: set.name, count: set.probes.length },
      broke: broke.length,
      commits: history.length,
      culprit: {
        commit: first,
        comparedWith: before,
        message: entry.message.trimEnd(),
        brokeThere: await wrong(maskAfter, 'the culprit'),
        flips: changed.length,
        patches: changes.map(({ id, change, patch }) => ({ id, change, flips: countPatchFlips(patch) })),
      },
      flips: guilty.flips.map((flip) => ({
        flip: formatFlip(flip),
        patches: changes.filter(({ patch }) => makes(patch, flip)).map(({ id }) => id),
      })),
      sufficient: guilty.sufficient,
      necessary: guilty.necessary,
      evaluations: { total: bench.evaluations(), history: inHistory, answers: bench.answers() },
      examples: broken.map(({ probe, before, after }) => ({
        prompt: probe.prompt,
        correct: probe.correct,
        good: before.generated,
        bad: after.generated,
      })),
    };
  });
}

/** One end of the history that is searched. */
export interface End {
  readonly expression: string;
  readonly commit: CommitId;
}

async function endOf(repository: Repository, expression: string): Promise<End> {
  const stack = await resolveStack(repository, expression);
  return { expression: stack.expression, commit: await composeCommit(repository, stack) };
}

async function maskAt(repository: Repository, commit: CommitId): Promise<Mask> {
  return composeMask((await readPatches(repository, commit, await readState(repository, commit))).values());
}

const makes = (patch: Patch, flip: Flip): boolean => patchFlips(patch).some((own) => compareFlips(own, flip) === 0);

/** Tests a bisection of n candidates takes. */
const steps = (count: number): number => Math.ceil(Math.log2(Math.max(1, count)));

interface Bench {
  /** Answers probes under a mask; what was answered already is remembered. */
  answer(mask: Mask, probes: readonly Probe[], place: string): Promise<ProbeAnswer[]>;
  evaluations(): number;
  /** Answers generated in all evaluations. */
  answers(): number;
  /** Corrects the estimate of the evaluations there will be. */
  expect(total: number): void;
}

/** Gives the engine one mask after another and remembers what it said: equal states are never evaluated twice. */
function createBench({ engine, hold }: LoadedEngine, request: BisectRequest, expected: number): Bench {
  const remembered = new Map<string, Map<Probe, ProbeAnswer>>();
  let evaluations = 0;
  let answers = 0;
  let total = expected;
  return {
    async answer(mask, probes, place) {
      const key = sha256Hex(Buffer.from(JSON.stringify(maskFlips(mask))));
      const known = remembered.get(key) ?? new Map<Probe, ProbeAnswer>();
      remembered.set(key, known);
      const asked = probes.filter((probe) => !known.has(probe));
      if (asked.length > 0) {
        request.onProgress?.({ done: evaluations, total: Math.max(total, evaluations + 1), place });
        hold(mask);
        const given = await answerProbes(engine, asked, request.signal ? { signal: request.signal } : {});
        asked.forEach((probe, i) => known.set(probe, given[i]));
        evaluations += 1;
        answers += asked.length;
      }
      return probes.map((probe) => known.get(probe) as ProbeAnswer);
    },
    evaluations: () => evaluations,
    answers: () => answers,
    expect: (next) => void (total = next),
  };
}

interface BrokenProbe {
  readonly probe: Probe;
  readonly before: ProbeAnswer;
  readonly after: ProbeAnswer;
}

/** The probes that are right at one end and wrong at the other. */
async function brokenProbes(
  repository: Repository,
  bench: Bench,
  probes: readonly Probe[],
  good: End,
  bad: End,
): Promise<BrokenProbe[]> {
  const before = await bench.answer(await maskAt(repository, good.commit), probes, good.expression);
  const right = probes.flatMap((probe, i) => (before[i].correct ? [{ probe, before: before[i] }] : []));
  const after = await bench.answer(
    await maskAt(repository, bad.commit),
    right.map(({ probe }) => probe),
    bad.expression,
  );
  return right.flatMap((entry, i) => (after[i].correct ? [] : [{ ...entry, after: after[i] }]));
}

/** The commits with how many flips each has made or taken back, of which one may be guilty. A merge as a rule has none of its own. */
async function withSuspects(repository: Repository, history: readonly HistoryCommit[]) {
  const suspects = async ({ id, parents }: HistoryCommit): Promise<number> => {
    if (parents.length > 1) return 1;
    const changes = await changesOf(repository, await readLogEntry(repository, id));
    return Math.max(
      1,
      changes.reduce((sum, { patch }) => sum + countPatchFlips(patch), 0),
    );
  };
  return Promise.all(history.map(async (commit) => ({ ...commit, suspects: await suspects(commit) })));
}

/**
 * The parent that the first bad commit is compared with: the first one that is good. A parent outside of the history
 * between the ends is only presumed so and is tested here; where none is, the good end itself stands in.
 */
async function goodBefore(
  history: readonly HistoryCommit[],
  first: CommitId,
  isBad: (commit: CommitId) => Promise<boolean>,
  good: CommitId,
): Promise<CommitId> {
  for (const parent of history.find(({ id }) => id === first)?.parents ?? []) if (!(await isBad(parent))) return parent;
  return good;
}

/** The patches that came and went with a commit. */
async function changesOf(repository: Repository, { id, parents, patchesAdded, patchesRemoved }: LogEntry) {
  const changes: { id: PatchId; change: 'added' | 'removed'; patch: Patch }[] = [];
  const load = async (commit: CommitId, change: 'added' | 'removed', ids: readonly PatchId[]) => {
    for (const [id, patch] of await readPatches(repository, commit, ids)) changes.push({ id, change, patch });
  };
  await load(id, 'added', patchesAdded);
  if (patchesRemoved.length > 0) await load(parents[0], 'removed', patchesRemoved);
  return changes;
}

function nothingBetween(good: string, bad: string): SearchError {
  return new SearchError(
    'NOTHING_TO_BISECT',
    `There is no commit between ${good} and ${bad}: ${bad} is part of its history`,
    {
      hint: 'Give the good stack first, then the bad one: "bankai bisect --probes FILE GOOD BAD".',
      data: { good, bad, reason: 'no-commits' },
    },
  );
}

function nothingBroken(good: string, bad: string, name: string, count: number): SearchError {
  return new SearchError(
    'NOTHING_TO_BISECT',
    `No probe of ${name} (${count}) is right at ${good} and wrong at ${bad}`,
    {
      hint: `Use "bankai eval ${bad} --probes …" to see what is wrong there, and choose another good stack.`,
      data: { good, bad, probes: name, reason: 'nothing-broke' },
    },
  );
}
