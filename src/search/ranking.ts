/** Owns the order in which flips are worth trying, given their first-order effects. */
import type { Engine } from '../engine/engine.js';
import { UsageError } from '../errors.js';
import type { Flip } from '../patch/flip.js';
import { parseTensorName } from '../patch/projection.js';
import type { PreparedFitness, ProbeEffects, Settings } from './fitness.js';
import { bestOf } from './ranking/best-of.js';
import { type Candidate, type Candidates, inTurn, type RankedFlip } from './ranking/foresight.js';
import { bitKinds, signKinds, type UnitKind } from './ranking/units.js';

export type { RankedFlip } from './ranking/foresight.js';

/** What is asked of a ranking. */
export interface RankingRequest {
  readonly engine: Pick<Engine, 'scales' | 'withEffects'>;
  readonly fitness: Pick<PreparedFitness, 'visitEffects' | 'respond' | 'strata'>;
  /** What is measured of every probe at the present weights. */
  readonly perProbe: Float64Array;
  /** Flips that are wanted, at the most. */
  readonly most: number;
  /** What was flipped so far, and may be undone. */
  readonly made: readonly Flip[];
}

/** Flips in the order in which to try them. */
export interface RankedFlips {
  /** Those that promise a gain, undoing what was made among them: any number of the first is a good choice of so many. */
  readonly gaining: readonly RankedFlip[];
  /** All that were made, to be undone: those first whose loss is least, or whose undoing is a gain. */
  readonly undoing: readonly RankedFlip[];
}

/** A rule that makes candidates of effects. */
export interface Ranking {
  readonly name: string;
  readonly settings: Settings;
  rank(request: RankingRequest): RankedFlips;
}

export interface LowerBoundSettings {
  /** What a flip inverts. */
  unit: Flip['kind'];
  /** Bits of the scales that may be flipped, where these are the unit: of a group the one that promises most. */
  bits: readonly number[];
  /** Standard errors to go below the mean. */
  z: number;
  /**
   * Flips that are looked at before anything is flipped, whatever they promise alone: where probes are all but hopeless no flip
   * promises much until others are made. 0: those alone that promise a gain, as later.
   */
  lookahead: number;
  /** Matrices that may be flipped, by GGUF name without layer. */
  projections: readonly string[];
  /** Layers, counted from 0; all unless given. */
  layers?: readonly number[];
}

/** Promising flips of which the order is made: many more than are asked for, as there are better ones together. */
const POOL = 4096;

/**
 * Ranks flips by a lower confidence bound of their mean effect over the probes: mean − z · standard error − cost. What helps
 * a few probes much may only fit those; what helps most of them a little is likelier to help others too. The best one first,
 * and then again and again what is best once those before it are flipped.
 */
export function lowerBound({
  unit = 'row',
  bits = [9],
  z = 3,
  lookahead = 0,
  projections = ['ffn_gate', 'ffn_up', 'ffn_down'],
  layers,
}: Partial<LowerBoundSettings> = {}): Ranking {
  const includes = (tensor: string): boolean => {
    const { layer, projection } = parseTensorName(tensor);
    return layer !== undefined && projections.includes(projection) && (layers?.includes(layer) ?? true);
  };
  return {
    name: 'lower-bound',
    settings: {
      unit: [unit],
      ...(unit === 'scale-bit' && { bits }),
      z,
      ...(lookahead > 0 && { lookahead }),
      projections,
      ...(layers && { layers }),
    },
    rank({ engine, fitness, perProbe, most, made }) {
      const isAhead = lookahead > 0 && made.length === 0;
      const floor = isAhead ? -Infinity : 0;
      const pool = bestOf<Candidate>(isAhead ? lookahead : Math.max(POOL, most), most > 0 ? floor : Infinity);
      const undoing: RankedFlip[] = [];
      const kindsOf = unit === 'scale-bit' ? bitKinds(engine, bits, made) : signKinds(made);
      const response = fitness.respond(perProbe);
      let chosen = 0;
      fitness.visitEffects({ unit: unit === 'row' ? 'row' : 'group', includes }, (effects) => {
        chosen += 1;
        const kinds = kindsOf(effects).map((kind) => withScores(kind, effects));
        const taken: Taken = { rows: [], kinds: [] };
        for (let row = 0; row < effects.rows; row++) {
          let kind = kinds[0];
          for (let i = 1; i < kinds.length; i++) if (kinds[i].scores[row] > kind.scores[row]) kind = kinds[i];
          if (!pool.takes(kind.scores[row])) continue;
          taken.rows.push(row);
          taken.kinds.push(kind);
        }
        const among = candidatesOf(taken, effects);
        taken.rows.forEach((row, index) => pool.add({ score: taken.kinds[index].scores[row], among, index }));
        for (const { made: rows, flip, scores } of kinds) {
          for (const row of rows) undoing.push({ flip: flip(row), score: scores[row] });
        }
      });

      /** What one kind of flip of every row promises. */
      function withScores(kind: UnitKind, effects: ProbeEffects): ScoredKind {
        const { parts } = kind;
        const { mean, standardError } = engine.withEffects(effects, (sumUp) => sumUp(response, fitness.strata), parts);
        const costs = mean.map((_, row) => Math.max(0, parts[row] * (effects.cost?.[row] ?? 0)));
        return { ...kind, costs, scores: mean.map((value, row) => value - z * standardError[row] - costs[row]) };
      }
      if (chosen === 0) {
        throw new UsageError('USAGE', 'Cannot search: the model has none of the chosen matrices', {
          hint: 'Choose other layers.',
        });
      }
      return {
        gaining: inTurn(pool.list(), { engine, fitness, perProbe, most, z }),
        undoing: undoing.sort((a, b) => b.score - a.score),
      };
    },
  };
}

/** A kind of flip, and what it is worth in every row. */
interface ScoredKind extends UnitKind {
  /** (rows) */
  readonly costs: Float64Array;
  /** (rows) */
  readonly scores: Float64Array;
}

/** Rows, and of each the kind of flip that is worth trying. */
interface Taken {
  readonly rows: number[];
  readonly kinds: ScoredKind[];
}

/** What was taken, and nothing that has all rows: of very many tables a few candidates are kept each. */
function candidatesOf({ rows, kinds }: Taken, effects: ProbeEffects): Candidates {
  const from = new Int32Array(rows);
  const parts = new Float32Array(kinds.map((kind, index) => kind.parts[rows[index]]));
  const values = new Float32Array(effects.owners * rows.length);
  let at = 0;
  for (let start = 0; start < effects.values.length; start += effects.rows) {
    for (let i = 0; i < from.length; i++) values[at++] = parts[i] * effects.values[start + from[i]];
  }
  return {
    effects: { owners: effects.owners, rows: rows.length, values },
    costs: kinds.map((kind, index) => kind.costs[rows[index]]),
    flips: kinds.map((kind, index) => kind.flip(rows[index])),
  };
}
