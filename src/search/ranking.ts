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
 * Ranks rows by a lower confidence bound of their mean effect over the probes: mean − z · sd / √probes − cost. What helps
 * a few probes much may only fit those; what helps most of them a little is likelier to help others too.
 */
export function lowerBound({
  z = 3,
  projections = ['ffn_gate', 'ffn_up', 'ffn_down'],
  layers,
}: Partial<LowerBoundSettings> = {}): Ranking {
  return {
    name: 'lower-bound',
    settings: { z, projections, ...(layers && { layers }) },
    rank({ probes, gains, costs }) {
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
          score: boundOf(values, probes, rows, row, z) - (cost?.[row] ?? 0),
        }));
      });
      // The sort is stable, so that equal scores stay in the order of the tensors and rows.
      return ranked.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score);
    },
  };
}

/** mean − z · standard error of one row's effects over the probes. */
function boundOf(values: Float32Array, probes: number, rows: number, row: number, z: number): number {
  let sum = 0;
  let squares = 0;
  for (let at = row; at < values.length; at += rows) {
    sum += values[at];
    squares += values[at] * values[at];
  }
  const mean = sum / probes;
  const variance = probes > 1 ? Math.max(0, (squares - probes * mean * mean) / (probes - 1)) : 0;
  return mean - z * Math.sqrt(variance / probes);
}
