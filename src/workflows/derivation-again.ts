/** Owns the way from what is signed of a patch that was made out of others to the making itself. */
import { SearchError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { type Mask, maskFlips } from '../patch/mask.js';
import type { ProbeSet } from '../search/probes.js';
import type { DerivationPredicate } from '../trust/predicates/derivation.js';
import type { LoadedEngine } from './engine.js';
import { minimizeFlips } from './minimize.js';
import { rebuildFitness, unsupported } from './recorded-search.js';
import { byCategory, byLayer, partsOf } from './split.js';

/** What a patch is made of again. */
export interface DerivedFrom {
  /** Of the parents. */
  readonly mask: Mask;
  /** Of the other patches that were in effect. */
  readonly beside: Mask;
  readonly probes: readonly ProbeSet[];
  readonly controls: readonly ProbeSet[];
  readonly signal?: AbortSignal;
}

/**
 * Splits, squashes or minimizes as a statement records it. → the flips that come out, none where there is no such part, and
 * what was measured. Throws REPLAY_UNSUPPORTED for a setting that this version does not have, INTERRUPTED.
 */
export async function deriveFrom(
  loaded: LoadedEngine,
  predicate: DerivationPredicate,
  { mask, beside, probes, controls, signal }: DerivedFrom,
): Promise<{ flips: readonly Flip[]; result?: DerivationPredicate['result'] }> {
  const { operation, settings, engine } = predicate;
  const flips = maskFlips(mask);
  if (operation === 'squash') return { flips };
  const [set] = probes;
  if (operation === 'split') {
    if (settings.by === 'layer') return { flips: partsOf(flips, byLayer).get(String(settings.part)) ?? [] };
    if (settings.by !== 'category' || set === undefined) throw unsupported(`a split by ${settings.by}`, engine);
    const partOf = await byCategory(loaded, mask, set, signal ? { signal } : {});
    return { flips: partsOf(flips, partOf).get(String(settings.part)) ?? [] };
  }
  const { result } = predicate;
  if (set === undefined || result === undefined) throw withoutProbes();
  const { pruned, measured } = await minimizeFlips(loaded, {
    ...{ mask, beside, probes: set, controls: controls[0] },
    fitness: rebuildFitness(result.fitness, engine),
    minimumGain: Number(settings.minimumGain),
    keepAnswers: settings.keepAnswers === 'yes',
    ...(signal && { signal }),
  });
  return { flips: pruned.kept, result: measured };
}

function withoutProbes(): SearchError {
  return new SearchError('NOTHING_TO_REPLAY', 'The statement does not say by what the flips were judged', {
    hint: 'What was measured is replayed with --evaluation-only.',
  });
}
