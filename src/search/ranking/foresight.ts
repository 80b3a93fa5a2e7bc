/**
 * Owns the foreseeing of what flips do together.
 *
 * To first order the effects on log p add up, probe by probe, but what they are worth does not: a probe that the first
 * flips will have solved has no use for more of the kind, and one that they bring into danger makes others costly. So
 * flips are chosen a few at a time, and what each of the rest promises is worked out anew where those put the probes.
 */
import type { EffectTable, Engine } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import type { PreparedFitness } from '../fitness.js';
import { bestOf } from './best-of.js';

/** A flip and what it promises for the objective. */
export interface RankedFlip {
  readonly flip: Flip;
  readonly score: number;
}

/** A flip with its first-order effects. */
export interface Candidate extends RankedFlip {
  /** On what is measured of every probe: (probes). */
  readonly effects: Float32Array;
  /** On the cost, ≥ 0: what it would give back is not counted, for the cost has its minimum where the search began. */
  readonly cost: number;
}

/** A candidate without what nobody asks for any more. */
export const promised = ({ flip, score }: Candidate): RankedFlip => ({ flip, score });

/** Flips chosen at once, at the most: a part of those before, so that the first ones are chosen with the most care. */
const BLOCK = 16;
const PART = 8;

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
  const isChosen = new Uint8Array(candidates.length);
  const chosen: RankedFlip[] = [];
  engine.withEffects(sideBySide(candidates, perProbe.length), (sumUp) => {
    while (chosen.length < most) {
      const { mean, standardError } = sumUp(fitness.respond(foreseen), fitness.strata);
      const best = bestOf<{ index: number; score: number }>(
        Math.min(most - chosen.length, BLOCK, Math.max(1, Math.floor(chosen.length / PART))),
      );
      for (let index = 0; index < candidates.length; index++) {
        if (isChosen[index] === 1) continue;
        const score = mean[index] - z * standardError[index] - candidates[index].cost;
        if (best.takes(score)) best.add(score, { index, score });
      }
      const next = best.list();
      if (next.length === 0) break;
      for (const { index, score } of next) {
        isChosen[index] = 1;
        chosen.push({ flip: candidates[index].flip, score });
        candidates[index].effects.forEach((effect, probe) => (foreseen[probe] += effect));
      }
    }
  });
  return chosen;
}

/** The effects of all candidates as those of the rows of one tensor: (probes, candidates). */
function sideBySide(candidates: readonly Candidate[], probes: number): EffectTable {
  const rows = candidates.length;
  const values = new Float32Array(probes * rows);
  candidates.forEach(({ effects }, row) => {
    for (let probe = 0; probe < probes; probe++) values[probe * rows + row] = effects[probe];
  });
  return { owners: probes, rows, values };
}
