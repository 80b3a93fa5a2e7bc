/** Owns `bankai minimize`: patches without the flips that do not earn their place, and the evaluation that shows it. */
import { composeMask, maskFlips, xorMasks } from '../patch/mask.js';
import { createPatch } from '../patch/patch.js';
import { compareAnswers, answerProbes } from '../search/evaluate.js';
import type { Fitness } from '../search/fitness.js';
import { answerFitness } from '../search/fitness/answer.js';
import { parseProbes, type ProbeSet } from '../search/probes.js';
import { prune, type PruneProgress } from '../search/prune.js';
import { formatDecimal } from '../trust/predicates/terms.js';
import type { ProbeFile } from './commit.js';
import { type DeriveRequest, groundOf, nothing, recordDerived } from './derive.js';
import { withEngine } from './engine.js';
import type { Recorder } from './record.js';
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
    const fitness = answerFitness();
    const measured = await withEngine(workspace, request.threads, async ({ engine, hold }) => {
      const answers = async () => answerProbes(engine, probes.probes, request.signal ? { signal: request.signal } : {});
      hold(xorMasks(ground.rest, mask));
      const before = await answers();
      const right = before.filter(({ correct }) => correct).length;
      const pruned = await prune({
        engine,
        flips,
        probes: probes.probes,
        controls: controls?.probes ?? [],
        fitness,
        minimumGain: request.minimumGain,
        ...(request.keepAnswers && {
          allows: async () => (await answers()).filter(({ correct }) => correct).length >= right,
        }),
        ...(request.signal && { signal: request.signal }),
        ...(request.onProgress && { onProgress: request.onProgress }),
      });
      engine.toggle(pruned.dropped);
      const after = await answers();
      engine.toggle(pruned.dropped);
      return { pruned, comparison: compareAnswers(probes.probes, before, after) };
    });
    const { pruned, comparison } = measured;
    if (pruned.dropped.length === 0)
      throw nothing(`each of the ${flips.length} flips of ${ground.name} earns its place`);
    if (pruned.kept.length === 0)
      throw nothing(`no flip of ${ground.name} earns its place: use "bankai rm" to drop it`);
    const counts = {
      flipsBefore: flips.length,
      flipsAfter: pruned.kept.length,
      rightBefore: comparison.rightBefore,
      rightAfter: comparison.rightAfter,
    };
    const derivation = {
      operation: 'minimize' as const,
      settings: {
        minimumGain: writtenNumber(request.minimumGain),
        keepAnswers: request.keepAnswers ? 'yes' : 'no',
      },
      probes: [evidenceOf('search', probes), ...(controls ? [evidenceOf('control', controls)] : [])],
      result: {
        ...counts,
        fitness: { name: fitness.name, settings: settingsOf(fitness) },
        objectiveBefore: formatDecimal(pruned.objectiveBefore),
        objectiveAfter: formatDecimal(pruned.objectiveAfter),
      },
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
        ...counts,
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

const evidenceOf = <Role extends 'search' | 'control'>(role: Role, { name, sha256, probes }: ProbeSet) => ({
  role,
  name,
  sha256,
  count: probes.length,
});

const writtenNumber = (value: number): number | string => (Number.isSafeInteger(value) ? value : formatDecimal(value));

const settingsOf = ({ settings }: Fitness) =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      typeof value === 'number' ? writtenNumber(value) : value.join(' '),
    ]),
  );
