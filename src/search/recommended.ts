/** Owns how a search is done where nobody says how: few probes ask for caution, many allow more. */
import type { Fitness } from './fitness.js';
import { answerFitness } from './fitness/answer.js';
import type { Probe } from './probes.js';
import { lowerBound, type LowerBoundSettings, type Ranking } from './ranking.js';
import { guided } from './strategies/guided.js';
import type { Strategy } from './strategy.js';

/** From how many probes of every set on there are many. */
const MANY = 100;

/**
 * Bits of scales are flipped, for they move a group by a quarter to a half of itself, where its signs move it by twice
 * itself: what is promised to first order is kept even by a hundred at once. `npm run bench:quality` shows what comes of it.
 */
const forFew = {
  guided: { step: 128, leastGain: 0.02 },
  ranking: { unit: 'scale-bit', z: 2 },
} as const;

/** What is set differently for many probes. */
const forMany = {
  answer: { floor: 0.05, divergenceWeight: 8, lossWeight: 0, rightLossWeight: 4 },
  guided: { step: 256, depth: 2, heldBack: 0.125, leastGain: 0.02 },
  ranking: { unit: 'scale-bit', bits: [9, 8], z: 0.5 },
} as const;

/**
 * Says whether there are so many probes that a bolder search can be held in check: a lower bound that is less strict, and a
 * part of the probes held back to judge and prune by. Of several sets, each a skill of its own, the smallest counts.
 */
function areMany(probes: readonly Probe[]): boolean {
  const sizes = new Map<string | undefined, number>();
  for (const { set } of probes) sizes.set(set, (sizes.get(set) ?? 0) + 1);
  return sizes.size > 0 && Math.min(...sizes.values()) >= MANY;
}

/** The default fitness as it suits the probes. */
export function answerFor(probes: readonly Probe[]): Fitness {
  return answerFitness(areMany(probes) ? forMany.answer : {});
}

/** The guided strategy as it suits the probes; `wrapped` may put something around its ranking. */
export function guidedFor(
  probes: readonly Probe[],
  units: Pick<Partial<LowerBoundSettings>, 'layers'> = {},
  wrapped: (ranking: Ranking) => Ranking = (ranking) => ranking,
): Strategy {
  const suited = areMany(probes) ? forMany : forFew;
  return guided({ ranking: wrapped(lowerBound({ ...units, ...suited.ranking })), ...suited.guided });
}
