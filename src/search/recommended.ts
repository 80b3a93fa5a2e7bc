/** Owns how a search is done where nobody says how. */
import type { Fitness } from './fitness.js';
import { answerFitness } from './fitness/answer.js';
import { isOfSets, type Probe } from './probes.js';
import { lowerBound, type LowerBoundSettings, type Ranking } from './ranking.js';
import { guided } from './strategies/guided.js';
import type { Strategy } from './strategy.js';

/** From how many probes of every set on there are many; without any there are few. */
const MANY_PROBES = 100;

/**
 * The lowest bit of the exponents of scales is flipped: it makes a group twice or half as large, where its signs move it by twice
 * itself. So what is promised to first order is kept even by hundreds at once, and each has more effect than a bit of the
 * mantissa. `npm run bench:quality` shows what comes of it.
 */
const RANKING = { unit: 'scale-bit', bits: [10] } as const;
const STEPS = { step: 256, depth: 2, leastGain: 0.02, heldBack: 0.33 } as const;
const SCORING = {
  ...{ ceiling: -0.002, floor: 0.05, doubt: 0.2 },
  ...{ divergenceWeight: 8, lossWeight: 0, rightLossWeight: 4, knownWeight: 128 },
} as const;

/**
 * Standard errors that a promise must be above 0: what helps a few may help them by chance. And how many flips are looked at
 * whatever they promise alone: a few probes that are all but hopeless hardly tell which flips will help once others are made.
 */
const BOUNDS = { few: { z: 2.5, lookahead: 16384 }, many: { z: 2, lookahead: 0 } } as const;

/** Bytes of the result in compact form for every set, which is a skill of its own. */
const BYTES_PER_SET = 1024;

/** Digits by which sets that are known are told: enough for any two, and few enough for a record of many. */
const KNOWN_DIGITS = 12;

/** How many probes each set has. */
function sizesOfSets(probes: readonly Probe[]): number[] {
  const sizes = new Map<string | undefined, number>();
  for (const { set } of probes) sizes.set(set, (sizes.get(set) ?? 0) + 1);
  return [...sizes.values()];
}

/** Whether there are many probes of every set. */
const areMany = (probes: readonly Probe[]): boolean =>
  probes.length > 0 && Math.min(...sizesOfSets(probes)) >= MANY_PROBES;

const withoutSets = (probes: readonly Probe[], digests: readonly string[]): readonly Probe[] => {
  const isIn = isOfSets(digests);
  return probes.filter((probe) => !isIn(probe));
};

/** The sets that are known beside others, by their digits: none where all are, for then all of them are searched for. */
const knownBeside = (probes: readonly Probe[], known: readonly string[]): string[] =>
  withoutSets(probes, known).length > 0 ? known.map((digest) => digest.slice(0, KNOWN_DIGITS)) : [];

/**
 * The known sets that are held as they are while the others are searched for. Of few probes all
 * are searched for together: either skill gains from the other. `npm run bench:quality -- --checks stacks`.
 */
const heldBeside = (probes: readonly Probe[], known: readonly string[]): string[] =>
  areMany(probes) ? knownBeside(probes, known) : [];

/** The default fitness for probes, of which the sets with the digests `known` were searched with below. */
export const recommendedFitness = (probes: readonly Probe[] = [], known: readonly string[] = []): Fitness =>
  answerFitness({ ...SCORING, known: heldBeside(probes, known) });

export interface MethodOptions extends Pick<Partial<LowerBoundSettings>, 'layers' | 'lookahead'> {
  /** Digests of sets that what is searched upon was searched with. They cannot judge: the model knows them already. */
  readonly known?: readonly string[];
}

/**
 * The guided strategy as it suits the probes that are searched for; `wrapped` may put something around its ranking. Of several sets the smallest says
 * whether there are many probes. A flip that serves one of n sets loses n-fold in the mean over all and, the error of each set being its own, √n-fold against the
 * standard error: so the error counts √n times less.
 */
export function guidedFor(
  probes: readonly Probe[],
  { known = [], ...units }: MethodOptions = {},
  wrapped: (ranking: Ranking) => Ranking = (ranking) => ranking,
): Strategy {
  const earning = withoutSets(probes, heldBeside(probes, known));
  const { z, lookahead } = areMany(earning) ? BOUNDS.many : BOUNDS.few;
  const sets = Math.max(1, sizesOfSets(earning).length);
  const zOfMean = Math.round((100 * z) / Math.sqrt(sets)) / 100;
  const ranking = lowerBound({ ...RANKING, z: zOfMean, lookahead, ...units });
  return guided({
    ...{ ranking: wrapped(ranking), ...STEPS, mostBytes: sets * BYTES_PER_SET },
    known: knownBeside(probes, known),
    // Where all are known nobody can judge.
    ...(withoutSets(probes, known).length === 0 && { heldBack: 0 }),
  });
}
