/** Owns `bankai minimize`: patches without the flips that do not earn their place, and the evaluation that shows it. */
import { composeMask, type Mask, maskFlips, xorMasks } from '../patch/mask.js';
import { createPatch } from '../patch/patch.js';
import { compareAnswers, answerProbes } from '../search/evaluate.js';
import type { Fitness } from '../search/fitness.js';
import { answerFitness } from '../search/fitness/answer.js';
import { parseProbes, type ProbeSet } from '../search/probes.js';
import { prune, type PruneProgress } from '../search/prune.js';
import { formatDecimal } from '../trust/predicates/terms.js';
import type { ProbeFile } from './commit.js';
import { type DeriveRequest, groundOf, nothing, recordDerived } from './derive.js';
import { type LoadedEngine, withEngine } from './engine.js';
import type { Recorder } from './record.js';
import { namedSettings } from './search-statement.js';
import { changeWorkspace } from './workspace.js';

export interface MinimizeRequest extends DeriveRequest {
  readonly probes: ProbeFile;
  readonly controls?: ProbeFile;
  /** What a flip must add to the objective to stay. */
  readonly minimumGain: number;
  /** Keep a flip without which fewer probes would be answered rightly. */
  readonly keepAnswers: boolean;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PruneProgress) => void;
}

/**
 * Makes one patch of those of a stack without the flips that do not earn their place on the probes, the rest of HEAD's
 * state in effect, and records it in their place. Throws NOTHING_TO_COMMIT (every flip earns its place, or none does),
 * USAGE, PROBES_INVALID, PROBES_UNUSABLE, UNKNOWN_REVISION, BRANCH_EXISTS, WORKTREE_DIRTY, MODEL_CHANGED, INTERRUPTED.
 */
export async function minimize(directory: string, request: MinimizeRequest, recorder: Recorder) {
  const probes = parseProbes(request.probes.bytes, request.probes.name);
  const controls = request.controls && parseProbes(request.controls.bytes, request.controls.name);
  return changeWorkspace(directory, async (workspace) => {
    const ground = await groundOf(workspace, request);
    const mask = composeMask(ground.parents.values());
    const flips = maskFlips(mask);
    if (flips.length === 0) throw nothing(`${ground.name} has no flips in effect`);
    const { minimumGain, keepAnswers, signal, onProgress } = request;
    const problem = {
      ...{ mask, beside: ground.rest, probes, controls, fitness: answerFitness(), minimumGain, keepAnswers },
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    };
    const found = await withEngine(workspace, request.threads, (loaded) => minimizeFlips(loaded, problem));
    const { pruned, comparison, measured: result } = found;
    if (pruned.dropped.length === 0)
      throw nothing(`each of the ${flips.length} flips of ${ground.name} earns its place`);
    if (pruned.kept.length === 0)
      throw nothing(`no flip of ${ground.name} earns its place: use "bankai rm" to drop it`);
    const derivation = {
      operation: 'minimize' as const,
      settings: {
        minimumGain: writtenNumber(request.minimumGain),
        keepAnswers: request.keepAnswers ? 'yes' : 'no',
      },
      probes: [evidenceOf('search', probes), ...(controls ? [evidenceOf('control', controls)] : [])],
      ...(ground.restIds.size > 0 && { beside: [...ground.restIds] }),
      result,
    };
    const files = [request.probes, ...(request.controls ? [request.controls] : [])];
    const derived = {
      patch: createPatch(workspace.state.weightsId, pruned.kept),
      derivation,
      files: files.map(({ bytes }) => ({ kind: 'probes' as const, bytes })),
    };
    const message = request.message ?? `Minimize ${ground.name}`;
    return {
      ...(await recordDerived(workspace, ground, [derived], message, recorder)),
      measured: {
        flipsBefore: result.flipsBefore,
        flipsAfter: result.flipsAfter,
        rightBefore: result.rightBefore,
        rightAfter: result.rightAfter,
        probes: { name: probes.name, count: probes.probes.length },
        objectiveBefore: pruned.objectiveBefore,
        objectiveAfter: pruned.objectiveAfter,
        fixed: comparison.fixed,
        broke: comparison.broke,
        evaluations: pruned.evaluations,
      },
    };
  });
}

/** Flips to minimize, and by what. */
export interface MinimizeProblem {
  readonly mask: Mask;
  /** What else is in effect. */
  readonly beside: Mask;
  readonly probes: ProbeSet;
  readonly controls: ProbeSet | undefined;
  readonly fitness: Fitness;
  readonly minimumGain: number;
  readonly keepAnswers: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PruneProgress) => void;
}

/** Finds the flips that earn their place, and measures the state before and after. Throws PROBES_UNUSABLE, INTERRUPTED. */
export async function minimizeFlips({ engine, hold }: LoadedEngine, problem: MinimizeProblem) {
  const { mask, beside, fitness, minimumGain, signal, onProgress } = problem;
  const { probes } = problem.probes;
  const flips = maskFlips(mask);
  const answers = async () => answerProbes(engine, probes, signal ? { signal } : {});
  const countRight = async () => (await answers()).filter(({ correct }) => correct).length;
  hold(xorMasks(beside, mask));
  const before = await answers();
  const right = before.filter(({ correct }) => correct).length;
  const pruned = await prune({
    ...{ engine, flips, probes, controls: problem.controls?.probes ?? [], fitness, minimumGain },
    ...(problem.keepAnswers && { allows: async () => (await countRight()) >= right }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  engine.toggle(pruned.dropped);
  const after = await answers();
  engine.toggle(pruned.dropped);
  const comparison = compareAnswers(probes, before, after);
  const measured = {
    fitness: namedSettings(fitness, {}),
    objectiveBefore: formatDecimal(pruned.objectiveBefore),
    objectiveAfter: formatDecimal(pruned.objectiveAfter),
    flipsBefore: flips.length,
    flipsAfter: pruned.kept.length,
    rightBefore: comparison.rightBefore,
    rightAfter: comparison.rightAfter,
  };
  return { pruned, comparison, measured };
}

const evidenceOf = <Role extends 'search' | 'control'>(role: Role, { name, sha256, probes }: ProbeSet) => ({
  role,
  name,
  sha256,
  count: probes.length,
});

const writtenNumber = (value: number): number | string => (Number.isSafeInteger(value) ? value : formatDecimal(value));
