/** Owns what searches with default settings find on one model, each run once however many checks ask for it. */
import {
  recommendedFitness,
  type Engine,
  type Flip,
  guidedFor,
  joinProbes,
  type Probe,
  type ProbeSet,
  type SearchResult,
} from '../../src/index.js';
import { under } from '../../experiments/laboratory.js';
import type { SuiteName } from './bars.js';
import { probesOf, setOf } from './model.js';

/** Two skills that are to live in one model, by the probe sets that are searched on. */
export const pairs = {
  stack: ['calculus', 'arithmetic'],
  'stack-large': ['calculus-large', 'arithmetic-large'],
} as const satisfies Record<string, readonly [SuiteName, SuiteName]>;

export type Pair = (typeof pairs)[keyof typeof pairs];

/** The searches of one model. */
export interface Findings {
  /** On one probe set. */
  single(name: SuiteName, seed: number): Promise<SearchResult>;
  /** On two at once. */
  joint(pair: Pair, seed: number): Promise<SearchResult>;
  /** On two at once, on top of the two single patches stacked: `bankai commit --on`. */
  repair(pair: Pair, seed: number): Promise<SearchResult>;
  /** On two at once, on top of the first's single patch: the second is learnt where the first is there already. */
  inTurn(pair: Pair, seed: number): Promise<SearchResult>;
}

/** Searches with the engine, which is left as it was found, by the shipped sets or what is said to be there in their place. */
export function findings(engine: Engine, sets: (name: SuiteName) => ProbeSet = setOf): Findings {
  const memory = new Map<string, Promise<SearchResult>>();
  const remembered = (key: string, make: () => Promise<SearchResult>): Promise<SearchResult> => {
    const known = memory.get(key) ?? make();
    memory.set(key, known);
    return known;
  };
  const both = (pair: Pair) => joinProbes(pair.map(sets));
  const single: Findings['single'] = (name, seed) =>
    remembered(`${name} ${seed}`, () => searchOn(engine, sets(name).probes, seed));
  const flipsOf = async (names: readonly SuiteName[], seed: number): Promise<Flip[]> => {
    const flips: Flip[] = [];
    for (const name of names) flips.push(...(await single(name, seed)).flips);
    return flips;
  };
  const onTop = async (pair: Pair, of: readonly SuiteName[], seed: number): Promise<SearchResult> => {
    const known = of.map((name) => sets(name).sha256);
    return under(engine, await flipsOf(of, seed), () => searchOn(engine, both(pair), seed, { known }));
  };
  return {
    single,
    joint: (pair, seed) => remembered(`joint ${pair.join()} ${seed}`, () => searchOn(engine, both(pair), seed)),
    repair: (pair, seed) => remembered(`repair ${pair.join()} ${seed}`, () => onTop(pair, pair, seed)),
    inTurn: (pair, seed) => remembered(`in turn ${pair.join()} ${seed}`, () => onTop(pair, [pair[0]], seed)),
  };
}

/** A search as `bankai commit` does it where nothing is said. */
export function searchOn(
  engine: Engine,
  probes: readonly Probe[],
  seed: number,
  options: Parameters<typeof guidedFor>[1] = {},
): Promise<SearchResult> {
  const fitness = recommendedFitness(probes, options.known);
  return guidedFor(probes, options).search({
    engine,
    probes,
    controls: probesOf('knowledge'),
    fitness,
    seed,
    budget: {},
  });
}
