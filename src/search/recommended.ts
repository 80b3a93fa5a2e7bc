/** Owns how a search is done where nobody says how. */
import type { Fitness } from './fitness.js';
import { answerFitness } from './fitness/answer.js';
import type { Probe } from './probes.js';
import { lowerBound, type LowerBoundSettings, type Ranking } from './ranking.js';
import { guided } from './strategies/guided.js';
import type { Strategy } from './strategy.js';

/** From how many probes of every set on there are many. */
const MANY_PROBES = 100;

/**
 * The lowest bit of the exponents of scales is flipped: it makes a group twice or half as large, where its signs move it by twice
 * itself. So what is promised to first order is kept even by hundreds at once, and each has more effect than a bit of the
 * mantissa. `npm run bench:quality` shows what comes of it.
 */
const RANKING = { unit: 'scale-bit', bits: [10] } as const;
const STEPS = { step: 256, depth: 2, leastGain: 0.02 } as const;
const SCORING = {
  ...{ ceiling: -0.002, floor: 0.05, doubt: 0.2 },
  ...{ divergenceWeight: 8, lossWeight: 0, rightLossWeight: 4 },
} as const;

/** What helps a few may help them by chance. And their answers tell less than the search loses if they are held back. */
const FEW = { z: 2.5, heldBack: 0 } as const;
const MANY = { z: 2, heldBack: 0.125 } as const;

/**
 * Says whether there are so many probes that a bolder search can be held in check, and a part of them held back to judge and
 * prune by. Of several sets, each a skill of its own, the smallest counts.
 */
function areMany(probes: readonly Probe[]): boolean {
  const sizes = new Map<string | undefined, number>();
  for (const { set } of probes) sizes.set(set, (sizes.get(set) ?? 0) + 1);
  return sizes.size > 0 && Math.min(...sizes.values()) >= MANY_PROBES;
}

/** The default fitness. */
export const recommendedFitness = (): Fitness => answerFitness(SCORING);

/** The guided strategy as it suits the probes; `wrapped` may put something around its ranking. */
export function guidedFor(
  probes: readonly Probe[],
  units: Pick<Partial<LowerBoundSettings>, 'layers'> = {},
  wrapped: (ranking: Ranking) => Ranking = (ranking) => ranking,
): Strategy {
  const { z, heldBack } = areMany(probes) ? MANY : FEW;
  return guided({ ranking: wrapped(lowerBound({ ...RANKING, z, ...units })), ...STEPS, heldBack });
}
