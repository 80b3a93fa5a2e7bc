/** Owns the order in which flips are worth trying, given their first-order effects. */
import type { Engine } from '../engine/engine.js';
import { UsageError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { parseTensorName } from '../patch/projection.js';
import type { EffectSummary, PreparedFitness, Settings } from './fitness.js';

/** A flip and what it promises for the objective. */
export interface RankedFlip {
  readonly flip: Flip;
  readonly score: number;
}

/** A rule that makes candidates of effects. */
export interface Ranking {
  readonly name: string;
  readonly settings: Settings;
  /** Lists the flips, among those asked for, that promise a gain at the present weights: the best `most`, best first. */
  rank(
    engine: Pick<Engine, 'scales'>,
    fitness: Pick<PreparedFitness, 'summarizeEffects'>,
    most: number,
    among?: (flip: Flip) => boolean,
  ): RankedFlip[];
}

export interface LowerBoundSettings {
  /** What a flip inverts. */
  unit: Flip['kind'];
  /** Bits of the scales that may be flipped, where these are the unit: of a group the one that promises most. */
  bits: readonly number[];
  /** Standard errors to go below the mean. */
  z: number;
  /** Matrices that may be flipped, by GGUF name without layer. */
  projections: readonly string[];
  /** Layers, counted from 0; all unless given. */
  layers?: readonly number[];
}

/**
 * Ranks flips by a lower confidence bound of their mean effect over the probes: mean − z · standard error − cost. What helps
 * a few probes much may only fit those; what helps most of them a little is likelier to help others too.
 */
export function lowerBound({
  unit = 'row',
  bits = [9],
  z = 3,
  projections = ['ffn_gate', 'ffn_up', 'ffn_down'],
  layers,
}: Partial<LowerBoundSettings> = {}): Ranking {
  const isChosen = (tensor: string): boolean => {
    const { layer, projection } = parseTensorName(tensor);
    return layer !== undefined && projections.includes(projection) && (layers?.includes(layer) ?? true);
  };
  return {
    name: 'lower-bound',
    settings: { unit: [unit], ...(unit === 'scale-bit' && { bits }), z, projections, ...(layers && { layers }) },
    rank(engine, fitness, most, among = () => true) {
      const best = bestOf(most, among);
      let chosen = 0;
      const scalesOf = once((tensor: string): Scales => ({
        present: engine.scales(tensor),
        changed: bits.map((bit) => ({ bit, scales: engine.scales(tensor, bit) })),
      }));
      fitness.summarizeEffects(unit === 'row' ? 'row' : 'group', (summary) => {
        if (!isChosen(summary.tensor)) return;
        chosen += 1;
        if (unit === 'scale-bit') rankScaleBits(scalesOf(summary.tensor), summary, z, best.add);
        else rankSigns(summary, z, best.add);
      });
      if (chosen === 0) {
        throw new UsageError('USAGE', 'Cannot search: the model has none of the chosen matrices', {
          hint: 'Choose other layers.',
        });
      }
      return best.list();
    },
  };
}

type Add = (score: number, flip: () => Flip) => void;

/** The scales of a tensor: (groups of a row, rows). A tensor's groups come one by one, and all of them need these. */
interface Scales {
  readonly present: Float32Array;
  /** With a bit of each inverted. */
  readonly changed: readonly { readonly bit: number; readonly scales: Float32Array }[];
}

/** Computes what belongs to a name the first time that it is asked for. */
function once<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let value = known.get(name);
    if (value === undefined) known.set(name, (value = compute(name)));
    return value;
  };
}

function rankSigns({ tensor, group, mean, standardError, cost }: EffectSummary, z: number, add: Add): void {
  mean.forEach((value, row) =>
    add(value - z * standardError[row] - (cost?.[row] ?? 0), () =>
      group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group },
    ),
  );
}

/**
 * A bit that makes the scale ρ times as large moves the group's part of every output by ρ − 1 times itself; inverting the
 * signs moves it by −2 times itself. So, to first order, the bit has (1 − ρ) / 2 of the effect of the signs.
 */
function rankScaleBits(
  { present, changed }: Scales,
  { tensor, group = 0, mean, standardError, cost }: EffectSummary,
  z: number,
  add: Add,
): void {
  const rows = mean.length;
  mean.forEach((value, row) => {
    const at = group * rows + row;
    // A group whose weights are all zero has no effect to take a part of.
    if (present[at] === 0) return;
    const net = value - (cost?.[row] ?? 0);
    let score = 0;
    let best = -1;
    for (const { bit, scales: others } of changed) {
      const part = (1 - others[at] / present[at]) / 2;
      const bound = part * net - z * Math.abs(part) * standardError[row];
      if (bound > score) {
        score = bound;
        best = bit;
      }
    }
    add(score, () => ({ kind: 'scale-bit', tensor, row, group, bit: best }));
  });
}

/** Keeps the best `most` of the chosen flips with a score above 0; of equal ones those that were added first. */
function bestOf(most: number, isChosen: (flip: Flip) => boolean): { add: Add; list(): RankedFlip[] } {
  let kept: RankedFlip[] = [];
  let floor = 0;
  const shorten = (): void => {
    // The sort is stable.
    kept = kept.sort((a, b) => b.score - a.score).slice(0, most);
    if (kept.length === most && most > 0) floor = kept[most - 1].score;
  };
  return {
    add(score, makeFlip) {
      if (!(score > floor)) return;
      const flip = makeFlip();
      if (!isChosen(flip)) return;
      kept.push({ flip, score });
      if (kept.length >= 4 * most) shorten();
    },
    list() {
      shorten();
      return kept;
    },
  };
}
