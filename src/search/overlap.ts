/** Owns the rule that a search must not see what it is judged by: no prompt may be on both sides. */
import { SearchError } from '../errors.js';
import { normalizeText } from './answers.js';
import { type Probe, probeLabel, type ProbeSet } from './probes.js';

/** Lists the probes whose prompts, spacing normalised, others have too: indices into `probes`. */
export function sharedPrompts(probes: readonly Probe[], others: readonly Probe[]): number[] {
  const prompts = new Set(others.map(({ prompt }) => normalizeText(prompt)));
  return probes.flatMap(({ prompt }, index) => (prompts.has(normalizeText(prompt)) ? [index] : []));
}

/** Asserts that no held-out problem is among the probes or controls of a search. Throws PROBES_OVERLAP. */
export function assertHeldOut(heldOut: readonly ProbeSet[], seen: readonly ProbeSet[]): void {
  for (const held of heldOut) {
    for (const set of seen) {
      const shared = sharedPrompts(held.probes, set.probes);
      if (shared.length === 0) continue;
      const first = `${probeLabel(held.probes[shared[0]], shared[0])}: "${held.probes[shared[0]].prompt}"`;
      throw new SearchError(
        'PROBES_OVERLAP',
        `Cannot hold "${held.name}" out: ${shared.length} of its ${held.probes.length} prompts are in "${set.name}" (first: ${first})`,
        {
          hint: 'Results on problems that a search has seen prove nothing. Take them out of one of the two files.',
          data: { heldOut: held.name, seen: set.name, probes: shared },
        },
      );
    }
  }
}
