/** Owns the setting aside of probes by which a search judges itself. */
import type { Probe } from './probes.js';
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
 * Both parts keep the order of the set.
 */
export function splitProbes(probes: readonly Probe[], share: number, seed: number): SplitProbes {
  if (probes.length < SMALLEST_SET || share <= 0) return { searched: probes, heldBack: [] };
  const random = seededRandom(seed);
  const promptsByCategory = new Map<string, Set<string>>();
  for (const { category = '', prompt } of probes) {
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
