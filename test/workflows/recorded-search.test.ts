/** That the record of a search leads back to it. */
import { describe, expect, test } from '@jest/globals';
import { rising } from '../../src/search/acceptance.js';
import type { Ranking } from '../../src/search/ranking.js';
import { guidedFor, recommendedFitness } from '../../src/search/recommended.js';
import type { SearchPredicate } from '../../src/trust/predicates/search.js';
import { rebuildSearch } from '../../src/workflows/recorded-search.js';
import { namedSettings } from '../../src/workflows/search-statement.js';
import { letterProbes, smallEngine } from '../search/small-engine.js';

/** What a statement has of a default search with these options. */
function recordOf(options: Parameters<typeof guidedFor>[1] = {}, probes = letterProbes(12)): SearchPredicate {
  const rankings: Ranking[] = [];
  const strategy = guidedFor(probes, options, (each) => (rankings.push(each), each));
  return {
    strategy: namedSettings(strategy, { ranking: rankings[0], acceptance: rising() }),
    fitness: namedSettings(recommendedFitness(probes, options.known), {}),
    engine: { name: 'bankai', version: '0' },
  } as SearchPredicate;
}

describe('a search is rebuilt', () => {
  test.each<[string, Parameters<typeof guidedFor>[1] & object, number]>([
    ['with its defaults', {}, 12],
    ['of chosen layers', { layers: [1, 2] }, 12],
    ['looking ahead', { lookahead: 64 }, 12],
    ['with the sets that could not judge', { known: ['0123456789abcdef', 'fedcba9876543210'] }, 12],
    ['with the sets that were held', { known: ['0123456789abcdef', 'fedcba9876543210'] }, 100],
  ])('%s', (_what, options, count) => {
    const probes = letterProbes(count);
    const record = recordOf(options, probes);
    const { strategy, fitness } = rebuildSearch(smallEngine({}), record);
    expect(fitness.settings).toEqual(recommendedFitness(probes, options.known).settings);
    expect('known' in fitness.settings).toBe(count === 100);
    expect(strategy.settings).toEqual(guidedFor(probes, options).settings);
  });

  test('to the last setting, or not at all', () => {
    const { strategy, ...rest } = recordOf({});
    const other = { ...strategy, settings: { ...strategy.settings, patience: 3, moonPhase: 4 } };
    expect(() => rebuildSearch(smallEngine({}), { ...rest, strategy: other })).toThrow('moonPhase');
  });
});
