/** Owns the order in which flips are worth trying, given their first-order effects. */
import type { Flip } from '../patch/flip.js';
import { UsageError } from '../errors.js';
import { parseTensorName } from '../patch/projection.js';
import type { FitnessEffects, Settings } from './fitness.js';

/** A flip and what it promises for the objective. */
export interface RankedFlip {
  readonly flip: Flip;
  readonly score: number;
}

/** A rule that makes candidates of effects. */
export interface Ranking {
  readonly name: string;
  readonly settings: Settings;
  /** Lists the flips that promise a gain, best first. */
  rank(effects: FitnessEffects): RankedFlip[];
}

export interface LowerBoundSettings {
  /** Standard errors to go below the mean. */
  z: number;
  /** Matrices whose rows may be flipped, by GGUF name without layer. */
  projections: readonly string[];
  /** Layers, counted from 0; all unless given. */
  layers?: readonly number[];
}

/**
 * Ranks rows by a lower confidence bound of their mean effect over the probes: mean − z · standard error − cost. What helps
 * a few probes much may only fit those; what helps most of them a little is likelier to help others too. The error is that
 * of a stratified sample (Cochran, Sampling Techniques, 1977, section 5.3): every probe set is a sample of its own skill, and
 * only the spread within sets is chance. A row that helps one of two skills throughout is not held to be luck because the
 * other feels nothing of it.
 */
export function lowerBound({
  z = 3,
  projections = ['ffn_gate', 'ffn_up', 'ffn_down'],
  layers,
}: Partial<LowerBoundSettings> = {}): Ranking {
  return {
    name: 'lower-bound',
    settings: { z, projections, ...(layers && { layers }) },
    rank(effects) {
      const { probes, gains, costs } = effects;
      const chosen = [...gains].filter(([tensor]) => {
        const { layer, projection } = parseTensorName(tensor);
        return layer !== undefined && projections.includes(projection) && (layers?.includes(layer) ?? true);
      });
      if (chosen.length === 0) {
        throw new UsageError('USAGE', 'Cannot search: the model has none of the chosen matrices', {
          hint: 'Choose other layers.',
        });
      }
      const ranked = chosen.flatMap(([tensor, values]): RankedFlip[] => {
        const rows = values.length / probes;
        const cost = costs.get(tensor);
        return Array.from({ length: rows }, (_, row) => ({
          flip: { kind: 'row', tensor, row },
          score: boundOf(effects, values, rows, row, z) - (cost?.[row] ?? 0),
        }));
      });
      // The sort is stable, so that equal scores stay in the order of the tensors and rows.
      return ranked.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
    },
  };
}

/** mean − z · standard error of one row's effects over the probes; `at` is where the row's effect on the first one is. */
function boundOf(
  { probes, strata }: FitnessEffects,
  values: Float32Array,
  rows: number,
  at: number,
  z: number,
): number {
  let total = 0;
  let variance = 0;
  for (const members of strata) {
    let sum = 0;
    let squares = 0;
    for (const probe of members) {
      const value = values[probe * rows + at];
      sum += value;
      squares += value * value;
    }
    total += sum;
    // A single probe says nothing of how its set varies: its whole effect may be chance.
    const count = members.length;
    variance += count > 1 ? (count * Math.max(0, squares - (sum * sum) / count)) / (count - 1) : squares;
  }
  return (total - z * Math.sqrt(variance)) / probes;
}
