/** Owns what a search is asked and what it answers; the ways to search are in `strategies/`. */
import type { Engine } from '../engine/engine.js';
import type { Flip } from '../patch/flip.js';
import type { Acceptance } from './acceptance.js';
import type { Fitness, Settings } from './fitness.js';
import type { Probe } from './probes.js';
import type { Budget, StopReason } from './stopping.js';

/** What to search for, with what, and for how long. */
export interface SearchProblem {
  readonly engine: Engine;
  readonly probes: readonly Probe[];
  readonly controls: readonly Probe[];
  readonly fitness: Fitness;
  /** `rising()` unless given. */
  readonly acceptance?: Acceptance;
  /** Decides every random choice: an integer of 0 … 2⁵³ − 1. */
  readonly seed: number;
  readonly budget: Budget;
  readonly onProgress?: (progress: SearchProgress) => void;
  /** Ends the search early; what was found until then is the result. */
  readonly signal?: AbortSignal;
  /** Milliseconds from any moment on, `performance.now` unless given; used for the time budget and reports alone. */
  readonly now?: () => number;
}

/** Told after every evaluation. */
export interface SearchProgress {
  /** All of this is going to be taken back: it only shows what there is to find. */
  readonly rehearsal?: boolean;
  readonly iterations: number;
  readonly accepted: number;
  /** Flips in effect. */
  readonly flips: number;
  /** The most flips that the search will end with, where it knows. */
  readonly mostFlips?: number;
  readonly objective: number;
  /** The objective's rise since the start. */
  readonly gain: number;
  /** Work so far, as in the result: with `elapsedMs`, the rate. */
  readonly evaluations: number;
  readonly elapsedMs: number;
  /** An estimate; undefined while there is none. */
  readonly secondsLeft: number | undefined;
}

/** One accepted candidate. */
export interface SearchStep {
  readonly iteration: number;
  readonly flip: Flip;
  readonly objective: number;
  /** Right answers to the held-back probes after this iteration, where there are any. */
  readonly heldBackRight?: number;
}

/** What a search found: plain data. */
export interface SearchResult {
  /** The net set, in canonical order: a flip accepted twice is in it no more. */
  readonly flips: readonly Flip[];
  readonly objectiveBefore: number;
  readonly objectiveAfter: number;
  readonly iterations: number;
  readonly accepted: number;
  /** Work in full evaluations of the probes and controls, counted in tokens and layers. */
  readonly evaluations: number;
  readonly elapsedMs: number;
  readonly stoppedBy: StopReason;
  readonly history: readonly SearchStep[];
  /** The named parts that were used, for the record. */
  readonly method: SearchMethod;
}

/** Everything but probes and model that is needed to run a search again. */
export interface SearchMethod {
  readonly strategy: SearchPart;
  readonly fitness: SearchPart;
  /** What the strategy was put together from, by role: candidates, acceptance, …. */
  readonly parts: Readonly<Record<string, SearchPart>>;
  readonly seed: number;
  readonly budget: Budget;
}

export interface SearchPart {
  readonly name: string;
  readonly settings: Settings;
}

/** A way to search. */
export interface Strategy extends SearchPart {
  /**
   * Searches from the engine's weights as they are and leaves them so, bit for bit, however it ends: the caller applies
   * the flips found. The result depends on problem and seed alone, not on threads or pace, unless time limits it.
   */
  search(problem: SearchProblem): Promise<SearchResult>;
}

/** The record of a part. */
export function nameAndSettings({ name, settings }: SearchPart): SearchPart {
  return { name, settings };
}
