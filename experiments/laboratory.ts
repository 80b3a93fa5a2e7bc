/** Owns the bench that experiments work at: a model at rest, the shipped sets, searches, and what patches do to answers. */
import type { Engine } from '../src/engine/engine.js';
import type { Flip } from '../src/patch/flip.js';
import { type AnswerComparison, answerProbes, compareAnswers, type ProbeAnswer } from '../src/search/evaluate.js';
import type { Fitness } from '../src/search/fitness.js';
import type { Probe, ProbeSet } from '../src/search/probes.js';
import { recommendedFitness, guidedFor } from '../src/search/recommended.js';
import type { SearchResult, Strategy } from '../src/search/strategy.js';
import type { TextSet } from '../src/search/texts.js';

/** A search: with what is not said, as `bankai commit` does it by default. */
export interface SearchRequest {
  readonly probes: readonly Probe[];
  /** The shipped facts unless given. */
  readonly controls?: readonly Probe[];
  readonly fitness?: Fitness;
  readonly strategy?: Strategy;
}

/** What experiments work with. Nothing in it depends on threads or time. */
export interface Laboratory {
  readonly engine: Engine;
  readonly seed: number;
  /** The budget of every climb; guided searches end by themselves. */
  readonly iterations: number;
  /** A shipped set, by its file's name without `.json`. */
  probes(name: string): ProbeSet;
  readonly text: TextSet;
  /** Questions with worked solutions, as GSM8K's file has them; undefined where none were given. */
  readonly questions: Uint8Array | undefined;
  search(request: SearchRequest): Promise<SearchResult>;
  /** The default search on a shipped set, run once however often it is asked for. */
  patch(name: string): Promise<SearchResult>;
  /** What flips do to the answers of the model as it is. */
  compare(flips: readonly Flip[], probes: readonly Probe[]): Promise<AnswerComparison>;
}

export interface LaboratoryInputs extends Pick<Laboratory, 'engine' | 'seed' | 'iterations' | 'text' | 'questions'> {
  readonly readProbes: (name: string) => ProbeSet;
}

/** Sets the bench up; the engine holds the model at rest, and does so again after every call. */
export function createLaboratory({ readProbes, ...inputs }: LaboratoryInputs): Laboratory {
  const { engine, seed, iterations } = inputs;
  const sets = new Map<string, ProbeSet>();
  const patches = new Map<string, Promise<SearchResult>>();
  const probes = (name: string): ProbeSet => remembered(sets, name, () => readProbes(name));
  const search = (request: SearchRequest): Promise<SearchResult> => {
    const strategy = request.strategy ?? guidedFor(request.probes);
    return strategy.search({
      engine,
      probes: request.probes,
      controls: request.controls ?? probes('knowledge').probes,
      fitness: request.fitness ?? recommendedFitness(),
      seed,
      budget: strategy.name === 'guided' ? {} : { iterations },
    });
  };
  return {
    ...inputs,
    probes,
    search,
    patch: (name) => remembered(patches, name, () => search({ probes: probes(name).probes })),
    compare: comparer(engine),
  };
}

/** Says what flips do to the answers of a model, which is asked once for its own to the same list of probes. */
export function comparer(engine: Engine): Laboratory['compare'] {
  const unpatched = new WeakMap<readonly Probe[], readonly ProbeAnswer[]>();
  return async (flips, asked) => {
    const before = unpatched.get(asked) ?? (await answerProbes(engine, asked));
    unpatched.set(asked, before);
    return compareAnswers(asked, before, await under(engine, flips, () => answerProbes(engine, asked)));
  };
}

/** Runs an action with flips in effect, and takes them back however it ends. */
export async function under<T>(engine: Engine, flips: readonly Flip[], action: () => Promise<T> | T): Promise<T> {
  engine.toggle(flips);
  try {
    return await action();
  } finally {
    engine.toggle(flips);
  }
}

function remembered<T>(memory: Map<string, T>, name: string, make: () => T): T {
  const known = memory.get(name) ?? make();
  memory.set(name, known);
  return known;
}
