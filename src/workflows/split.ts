/** Owns `bankai split`: one patch becomes several, by layer or by what its flips do. */
import { SearchError, UsageError } from '../errors.js';
import { type Flip, formatFlip } from '../patch/flip.js';
import { composeMask, type Mask, maskFlips } from '../patch/mask.js';
import { createPatch, patchFlips } from '../patch/patch.js';
import { parseTensorName } from '../patch/projection.js';
import { measureFlips } from '../search/flip-effects.js';
import { mean } from '../search/fitness/terms.js';
import { parseProbes, type Probe, type ProbeSet } from '../search/probes.js';
import type { ProbeFile } from './commit.js';
import { type DeriveRequest, groundOf, nothing, recordDerived } from './derive.js';
import { type LoadedEngine, withEngine } from './engine.js';
import type { Recorder } from './record.js';
import { changeWorkspace } from './workspace.js';

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
    const { probes: file } = request;
    const probes = file && parseProbes(file.bytes, file.name);
    if (probes) assertCategories(probes);
    // The patch alone: in a stack some of its flips could be cancelled.
    const mask = composeMask([patch]);
    const partOf = probes
      ? await withEngine(workspace, request.threads, (loaded) => byCategory(loaded, mask, probes, request))
      : byLayer;
    const parts = partsOf(patchFlips(patch), partOf);
    if (parts.size < 2) throw nothing(`${ground.name} is one part: ${[...parts.keys()].join()}`);
    const by = probes ? 'category' : 'layer';
    const derived = [...parts].map(([part, own]) => ({
      patch: createPatch(workspace.state.weightsId, own),
      part,
      derivation: { operation: 'split' as const, settings: { by, part }, probes: evidenceOf(probes) },
      files: file ? [{ kind: 'probes' as const, bytes: file.bytes }] : [],
    }));
    return recordDerived(workspace, ground, derived, request.message ?? `Split ${ground.name} by ${by}`, recorder);
  });
}

/** Divides flips, in their order, into the parts that they belong to. */
export function partsOf(flips: readonly Flip[], partOf: (flip: Flip) => string): Map<string, Flip[]> {
  const parts = new Map<string, Flip[]>();
  for (const flip of flips) {
    const part = partOf(flip);
    const own = parts.get(part);
    if (own) own.push(flip);
    else parts.set(part, [flip]);
  }
  return parts;
}

/** The part of a flip where it is split by layer. */
export function byLayer({ tensor }: Flip): string {
  const { layer } = parseTensorName(tensor);
  return layer === undefined ? 'other' : `layer ${layer}`;
}

/** Measures which category of probes each flip of a mask, held alone, helps most. → the part of a flip. Throws INTERRUPTED. */
export async function byCategory(
  { engine, hold }: LoadedEngine,
  mask: Mask,
  { probes }: ProbeSet,
  options: Pick<SplitRequest, 'signal' | 'onProgress'>,
): Promise<(flip: Flip) => string> {
  const categories = categoriesOf(probes);
  hold(mask);
  const { effects } = await measureFlips(engine, probes, maskFlips(mask), options);
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
      return [formatFlip(flip), effect > 0 ? (category === '' ? 'no category' : category) : 'rest'] as const;
    }),
  );
  return (flip) => parts.get(formatFlip(flip)) ?? 'rest';
}

const categoriesOf = (probes: readonly Probe[]): string[] => [...new Set(probes.map(({ category }) => category ?? ''))];

function assertCategories({ name, probes }: ProbeSet): void {
  if (categoriesOf(probes).length > 1) return;
  throw new SearchError('PROBES_UNUSABLE', `The probes of ${name} have fewer than two categories`, {
    hint: 'Give every probe a "category", or split by layer.',
  });
}

const evidenceOf = (set: ProbeSet | undefined) =>
  set ? [{ role: 'search' as const, name: set.name, sha256: set.sha256, count: set.probes.length }] : [];
