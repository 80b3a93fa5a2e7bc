/**
 * Owns the foreseeing of what flips do together.
 *
 * To first order the effects on log p add up, probe by probe, but what they are worth does not: a probe that the first
 * flips will have solved has no use for more of the kind, and one that they bring into danger makes others costly. So
 * flips are chosen a few at a time, and what each of the rest promises is worked out anew where those put the probes.
 */
import type { Flip } from '../../patch/flip.js';
import type { PreparedFitness } from '../fitness.js';
import { bestOf } from './best-of.js';
import { summarizeGains } from './summary.js';

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

/** Puts candidates in order, the best `most` that promise a gain in their turn, by mean − z · standard error − cost. */
export function inTurn(
  candidates: readonly Candidate[],
  most: number,
  z: number,
  fitness: Pick<PreparedFitness, 'respond' | 'strata'>,
  perProbe: Float64Array,
): RankedFlip[] {
  const foreseen = Float64Array.from(perProbe);
  const effects = sideBySide(candidates, perProbe.length);
  const whole = new Float32Array(candidates.length).fill(1);
  const chosen = new Map<Candidate, number>();
  while (chosen.size < most) {
    const { mean, standardError } = summarizeGains(effects, fitness.respond(foreseen), fitness.strata, whole);
    const best = bestOf<{ candidate: Candidate; score: number }>(
      Math.min(most - chosen.size, BLOCK, Math.max(1, Math.floor(chosen.size / PART))),
    );
    candidates.forEach((candidate, i) => {
      if (chosen.has(candidate)) return;
      const score = mean[i] - z * standardError[i] - candidate.cost;
      best.add(score, () => ({ candidate, score }));
    });
    const next = best.list();
    if (next.length === 0) break;
    for (const { candidate, score } of next) {
      chosen.set(candidate, score);
      candidate.effects.forEach((effect, probe) => (foreseen[probe] += effect));
    }
  }
  return [...chosen].map(([{ flip }, score]) => ({ flip, score }));
}

/** The effects of all candidates as those of the rows of one tensor: (probes, candidates). */
function sideBySide(candidates: readonly Candidate[], probes: number) {
  const rows = candidates.length;
  const values = new Float32Array(probes * rows);
  candidates.forEach(({ effects }, row) => effects.forEach((effect, probe) => (values[probe * rows + row] = effect)));
  return { owners: probes, rows, values };
}
