/** Owns the division of a probe set into one to search on and one to judge by, with nothing in common. */
import { normalizeText } from './answers.js';
import type { Probe } from './probes.js';
import { seededRandom, shuffle } from './random.js';

/** A probe set in two parts, each in the order of the set. */
export interface DividedProbes {
  readonly search: readonly Probe[];
  readonly heldOut: readonly Probe[];
}

/**
 * Divides probes so that none is nearly the same as one on the other side, with about the share `heldOut` of every
 * category held out. Which ones is decided by the seed. Groups of near-duplicates count for the category of their first.
 */
export function divideProbes(probes: readonly Probe[], heldOut: number, seed: number): DividedProbes {
  const byCategory = new Map<string, number[][]>();
  for (const group of nearDuplicates(probes)) {
    const { category = '' } = probes[group[0]];
    byCategory.set(category, [...(byCategory.get(category) ?? []), group]);
  }
  const random = seededRandom(seed);
  const held = new Set<number>();
  for (const groups of byCategory.values()) {
    const size = groups.reduce((sum, group) => sum + group.length, 0);
    let room = Math.round(heldOut * size);
    for (const group of shuffle([...groups], random)) {
      // A group that does not fit is searched on: at most one group's size is missing from the share.
      if (group.length > room) continue;
      room -= group.length;
      for (const index of group) held.add(index);
    }
  }
  return {
    search: probes.filter((_, index) => !held.has(index)),
    heldOut: probes.filter((_, index) => held.has(index)),
  };
}

/**
 * Groups probes that ask the same thing: prompts of the same letters, digits and signs of operations, whatever the
 * case, spacing and punctuation; or the same numbers in the same order, with the same answer, in whatever words. → indices, ascending
 */
export function nearDuplicates(probes: readonly Probe[]): number[][] {
  const parent = probes.map((_, index) => index);
  const rootOf = (index: number): number => {
    while (parent[index] !== index) index = parent[index] = parent[parent[index]];
    return index;
  };
  const first = new Map<string, number>();
  probes.forEach((probe, index) => {
    for (const key of duplicateKeys(probe)) {
      const other = rootOf(first.get(key) ?? index);
      const root = rootOf(index);
      parent[Math.max(root, other)] = Math.min(root, other);
      if (!first.has(key)) first.set(key, index);
    }
  });
  const groups = new Map<number, number[]>();
  probes.forEach((_, index) => {
    const root = rootOf(index);
    groups.set(root, [...(groups.get(root) ?? []), index]);
  });
  return [...groups.values()];
}

/** Two probes that share one of these are nearly the same. */
function duplicateKeys({ prompt, correct, category = '' }: Probe): string[] {
  const letters = prompt
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}+*/^<>-]+/gu, '');
  const numbers = prompt.match(/\d+/g);
  // A prompt without letters or digits is told by all that it has.
  const wording = letters === '' ? JSON.stringify(normalizeText(prompt)) : letters;
  return [
    `wording ${wording}`,
    ...(numbers ? [`numbers ${JSON.stringify([category, numbers, normalizeText(correct)])}`] : []),
  ];
}
