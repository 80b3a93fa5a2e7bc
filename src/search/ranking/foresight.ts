/**
 * Owns the foreseeing of what flips do together.
 *
 * To first order the effects on log p add up, probe by probe, but what they are worth does not: a probe that the first
 * flips will have solved has no use for more of the kind, and one that they bring into danger makes others costly. So
 * flips are chosen a few at a time, and what each of the rest promises is worked out anew where those put the probes.
 */
import type { EffectTable, Engine, SumUp } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import type { PreparedFitness } from '../fitness.js';
import { bestOf } from './best-of.js';

/** A flip and what it promises for the objective. */
export interface RankedFlip {
  readonly flip: Flip;
  readonly score: number;
}

/** Flips of some rows of one tensor, side by side. */
export interface Candidates {
  readonly flips: readonly Flip[];
  /** First-order effects on what is measured of every probe: (probes, candidates). */
  readonly effects: EffectTable;
  /** Effects on the cost, ≥ 0: what one would give back is not counted, for the cost has its minimum where the search began. */
  readonly costs: ArrayLike<number>;
}

/** One of them. */
export interface Candidate {
  readonly score: number;
  readonly among: Candidates;
  readonly index: number;
}

/** Flips chosen at once, at the most: a part of those before, so that the first ones are chosen with the most care. */
const BLOCK = 16;
const PART = 8;

/** Of more candidates than these only so many are looked at for each block: those that are best whenever twice as many are chosen. */
const NEAR = 4096;

interface Choice {
  readonly engine: Pick<Engine, 'withEffects'>;
  readonly fitness: Pick<PreparedFitness, 'respond' | 'strata'>;
  /** What is measured of every probe at the present weights. */
  readonly perProbe: Float64Array;
  /** Flips to choose, at the most. */
  readonly most: number;
  /** Standard errors to go below the mean. */
  readonly z: number;
}

/** Puts candidates in order, those that promise a gain in their turn, by mean − z · standard error − cost. */
export function inTurn(candidates: readonly Candidate[], { engine, fitness, perProbe, most, z }: Choice): RankedFlip[] {
  const foreseen = Float64Array.from(perProbe);
  const chosen: RankedFlip[] = [];
  /** Of what is chosen: no price is low enough to choose it again. */
  const costs = new Float64Array(candidates.map(({ among, index }) => among.costs[index]));

  /** The best of some candidates, given by their places among all, as they promise now. */
  function bestNow(sumUp: SumUp, places: Int32Array, count: number, floor?: number): Promising[] {
    const { mean, standardError } = sumUp(fitness.respond(foreseen), fitness.strata);
    const best = bestOf<Promising>(count, floor);
    for (let row = 0; row < places.length; row++) {
      const score = mean[row] - z * standardError[row] - costs[places[row]];
      if (best.takes(score)) best.add({ row, place: places[row], score });
    }
    return best.list();
  }

  /** Chooses of some candidates, block by block, until so many are chosen in all. */
  function choose(places: Int32Array, until: number): void {
    const effects = sideBySide(candidates, places, perProbe.length);
    const { rows, values } = effects;
    engine.withEffects(effects, (sumUp) => {
      while (chosen.length < until) {
        const block = Math.min(most - chosen.length, BLOCK, Math.max(1, Math.floor(chosen.length / PART)));
        const next = bestNow(sumUp, places, block).sort((a, b) => b.score - a.score);
        if (next.length === 0) break;
        for (const { row, place, score } of next) {
          const { among, index } = candidates[place];
          costs[place] = Infinity;
          chosen.push({ flip: among.flips[index], score });
          for (let probe = 0; probe < foreseen.length; probe++) foreseen[probe] += values[probe * rows + row];
        }
      }
    });
  }

  const all = Int32Array.from(candidates.keys());
  if (all.length <= NEAR) {
    choose(all, most);
    return chosen;
  }
  engine.withEffects(sideBySide(candidates, all, perProbe.length), (sumUp) => {
    let before: number;
    do {
      before = chosen.length;
      const near = bestNow(sumUp, all, NEAR, -Infinity);
      choose(
        Int32Array.from(near, ({ place }) => place),
        Math.min(most, Math.max(BLOCK, 2 * before)),
      );
    } while (before < chosen.length && chosen.length < most);
  });
  return chosen;
}

/** A candidate's place among all, its row among those that are looked at, and its score. */
interface Promising {
  readonly place: number;
  readonly row: number;
  readonly score: number;
}

/** The effects of some candidates as those of the rows of one tensor: (probes, places). */
function sideBySide(candidates: readonly Candidate[], places: Int32Array, probes: number): EffectTable {
  const rows = places.length;
  const values = new Float32Array(probes * rows);
  // Those among the same flips follow each other, so that each table is gone through once.
  for (let first = 0, end = 0; first < rows; first = end) {
    const { effects } = candidates[places[first]].among;
    while (end < rows && candidates[places[end]].among.effects === effects) end++;
    const indices = places.subarray(first, end).map((place) => candidates[place].index);
    for (let probe = 0; probe < probes; probe++) {
      const [to, from] = [probe * rows + first, probe * effects.rows];
      for (let i = 0; i < indices.length; i++) values[to + i] = effects.values[from + indices[i]];
    }
  }
  return { owners: probes, rows, values };
}
