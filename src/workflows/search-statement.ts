/** Owns the form in which a search leaves a workflow: a predicate to sign. */
import { courseOf } from '../search/course.js';
import type { ProbeSet } from '../search/probes.js';
import type { SearchPart, SearchResult } from '../search/strategy.js';
import type { SearchPredicate } from '../trust/predicates/search.js';
import { formatDecimal } from '../trust/predicates/terms.js';

/** What a search was given. */
export interface SearchedOn {
  readonly base: SearchPredicate['base'];
  readonly parents: SearchPredicate['parents'];
  readonly probes: readonly ProbeSet[];
  readonly controls: readonly ProbeSet[];
}

/** Makes what is signed of a search. */
export function searchPredicateOf(
  result: SearchResult,
  { base, parents, probes, controls }: SearchedOn,
  { version, time }: { readonly version: string; readonly time: Date },
): SearchPredicate {
  const { strategy, fitness, parts, seed, budget } = result.method;
  const file = (role: 'search' | 'control') => (set: ProbeSet) => ({
    role,
    name: set.name,
    sha256: set.sha256,
    count: set.probes.length,
  });
  return {
    base,
    parents,
    probes: [...probes.map(file('search')), ...controls.map(file('control'))],
    strategy: namedSettings(strategy, parts),
    fitness: namedSettings(fitness, {}),
    seed,
    budget: {
      ...(budget.iterations !== undefined && { iterations: budget.iterations }),
      ...(budget.flips !== undefined && { flips: budget.flips }),
      ...(budget.seconds !== undefined && { milliseconds: Math.round(budget.seconds * 1000) }),
    },
    engine: { name: 'bankai', version: version },
    result: {
      objectiveBefore: formatDecimal(result.objectiveBefore),
      objectiveAfter: formatDecimal(result.objectiveAfter),
      iterations: result.iterations,
      accepted: result.accepted,
      evaluations: Math.round(result.evaluations),
      elapsedMs: Math.round(result.elapsedMs),
      flips: result.flips.length,
      stoppedBy: result.stoppedBy,
      course: courseOf(result).map((point) => ({ ...point, objective: formatDecimal(point.objective) })),
    },
    createdAt: time.toISOString(),
  };
}

/** Settings as statements have them: numbers that are integers, all else as text. A part's own parts get its name as prefix. */
export function namedSettings(
  part: SearchPart,
  parts: Readonly<Record<string, SearchPart>>,
): SearchPredicate['strategy'] {
  const flat = (prefix: string, { settings }: SearchPart): [string, string | number][] =>
    Object.entries(settings).map(([key, value]) => [
      prefix === '' ? key : prefix + key[0].toUpperCase() + key.slice(1),
      typeof value === 'number' ? (Number.isSafeInteger(value) ? value : formatDecimal(value)) : value.join(' '),
    ]);
  const nested = Object.entries(parts).flatMap(([role, inner]): [string, string | number][] => [
    [role, inner.name],
    ...flat(role, inner),
  ]);
  return { name: part.name, settings: Object.fromEntries([...flat('', part), ...nested]) };
}
