/** Owns `bankai split`: one patch becomes several, by layer or by what its flips do. */
import { SearchError, UsageError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { composeMask } from '../patch/mask.js';
import { createPatch, patchFlips } from '../patch/patch.js';
import { parseTensorName } from '../patch/projection.js';
import { measureFlips } from '../search/flip-effects.js';
import { mean } from '../search/fitness/terms.js';
import { parseProbes } from '../search/probes.js';
import type { ProbeFile } from './commit.js';
import { type DeriveRequest, groundOf, nothing, recordDerived } from './derive.js';
import { withEngine } from './engine.js';
import type { Recorder } from './record.js';
import { changeWorkspace, type Workspace } from './workspace.js';

export interface SplitRequest extends DeriveRequest {
  /** Split by the categories of these probes; without them by layer. */
  readonly probes?: ProbeFile;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Splits a patch into one for each layer or, given probes, one for each of their categories: a flip goes where it raises
 * the log-probability of the right answers most, measured by taking it back; what raises none goes to the part `rest`.
 * The mask of the parts together is that of the patch. Throws NOTHING_TO_COMMIT (it has one part), USAGE, PROBES_INVALID,
 * PROBES_UNUSABLE, UNKNOWN_REVISION, BRANCH_EXISTS, WORKTREE_DIRTY, INTERRUPTED.
 */
export async function split(directory: string, request: SplitRequest, recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const ground = await groundOf(workspace, request);
    const [patch, ...more] = ground.parents.values();
    if (patch === undefined || more.length > 0) {
      throw new UsageError('USAGE', `Cannot split ${ground.name}: it has ${ground.parents.size} patches`, {
        hint: 'Name one patch: the first digits of its id, as "bankai status" shows them.',
      });
    }
    const flips = patchFlips(patch);
    const partOf = request.probes ? await byCategory(workspace, flips, request, request.probes) : byLayer;
    const parts = new Map<string, Flip[]>();
    for (const flip of flips) parts.set(partOf(flip), [...(parts.get(partOf(flip)) ?? []), flip]);
    if (parts.size < 2) throw nothing(`${ground.name} is one part: ${[...parts.keys()].join()}`);
    const by = request.probes ? 'category' : 'layer';
    const derived = [...parts].map(([part, own]) => ({
      patch: createPatch(workspace.state.weightsId, own),
      part,
      derivation: { operation: 'split' as const, settings: { by, part }, probes: evidenceOf(request.probes) },
      files: request.probes ? [{ kind: 'probes' as const, bytes: request.probes.bytes }] : [],
    }));
    return recordDerived(workspace, ground, derived, request.message ?? `Split ${ground.name} by ${by}`, recorder);
  });
}

function byLayer({ tensor }: Flip): string {
  const { layer } = parseTensorName(tensor);
  return layer === undefined ? 'other' : `layer ${layer}`;
}

async function byCategory(
  workspace: Workspace,
  flips: readonly Flip[],
  request: SplitRequest,
  file: ProbeFile,
): Promise<(flip: Flip) => string> {
  const { probes } = parseProbes(file.bytes, file.name);
  const categories = [...new Set(probes.map(({ category }) => category ?? ''))];
  if (categories.length < 2) {
    throw new SearchError('PROBES_UNUSABLE', `The probes of ${file.name} have fewer than two categories`, {
      hint: 'Give every probe a "category", or split by layer.',
    });
  }
  return withEngine(workspace, request.threads, async ({ engine, hold }) => {
    // The patch alone: in a stack some of its flips could be cancelled.
    hold(composeMask([createPatch(workspace.state.weightsId, flips)]));
    const { effects } = await measureFlips(engine, probes, flips, request);
    const parts = new Map(
      effects.map(({ flip, correct }) => {
        const ranked = categories
          .map((category) => ({
            category,
            effect: mean(correct.filter((_, i) => (probes[i].category ?? '') === category)),
          }))
          // The sort is stable: of equal effects the category that comes first counts.
          .sort((a, b) => b.effect - a.effect);
        const [{ category, effect }] = ranked;
        return [flip, effect > 0 ? (category === '' ? 'no category' : category) : 'rest'] as const;
      }),
    );
    return (flip) => parts.get(flip) ?? 'rest';
  });
}

function evidenceOf(file: ProbeFile | undefined) {
  if (!file) return [];
  const { name, sha256, probes } = parseProbes(file.bytes, file.name);
  return [{ role: 'search' as const, name, sha256, count: probes.length }];
}
