/** Owns the setting aside of probes by which a search judges itself, and when these say that it has found something. */
import { isOfSets, type Probe } from './probes.js';
import { seededRandom, shuffle } from './random.js';

/** Probes divided for one search. */
export interface SplitProbes {
  readonly searched: readonly Probe[];
  readonly heldBack: readonly Probe[];
}

/** Fewer probes than this are all searched on. */
const SMALLEST_SET = 8;

/**
 * Holds a share of the probes back, of every category its part, chosen by the seed. Probes of one prompt stay together.
 * Both parts keep the order of the set. Nothing is held back that
 * is in a set which the model knows already, named by the first digits of its digest: that can judge nothing.
 */
export function splitProbes(
  probes: readonly Probe[],
  share: number,
  seed: number,
  known: readonly string[] = [],
): SplitProbes {
  const familiar = new Set(probes.filter(isOfSets(known)).map(({ prompt }) => prompt));
  const fresh = probes.filter(({ prompt }) => !familiar.has(prompt));
  if (fresh.length < SMALLEST_SET || share <= 0) return { searched: probes, heldBack: [] };
  const random = seededRandom(seed);
  const promptsByCategory = new Map<string, Set<string>>();
  for (const { category = '', prompt } of fresh) {
    promptsByCategory.set(category, (promptsByCategory.get(category) ?? new Set()).add(prompt));
  }
  const held = new Set<string>();
  for (const prompts of promptsByCategory.values()) {
    const order = shuffle([...prompts], random);
    for (const prompt of order.slice(0, Math.round(share * order.length))) held.add(prompt);
  }
  return {
    searched: probes.filter(({ prompt }) => !held.has(prompt)),
    heldBack: probes.filter(({ prompt }) => held.has(prompt)),
  };
}

/** The standard normal quantile of a one-sided test at 5 %. */
const Z95_ONE_SIDED = 1.6448536269514722;

/** Whether the gains of held-back probes say that what others gained carries over: their mean is above 0 by more than chance. */
export function carriesOver(gains: Float64Array): boolean {
  const count = gains.length;
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / count;
  if (count < 2) return mean > 0;
  const variance = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / (count - 1);
  return mean > Z95_ONE_SIDED * Math.sqrt(variance / count);
}
