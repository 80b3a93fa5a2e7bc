/**
 * Owns the notion of fitness: one number that says how good the present weights are for some probes, and at what cost
 * to some controls. The functions themselves are in `fitness/`.
 */
import type { EffectScope, Engine, GainResponse, UnitEffects } from '../engine/engine.js';
import type { Probe } from './probes.js';

/** Settings of a named part of a search, as they go into the record of how a patch was found. */
export type Settings = Readonly<Record<string, number | readonly number[] | readonly string[]>>;

/** The fitness of the weights at one moment. */
export interface FitnessValue {
  /** What a search makes greater: gain − cost. */
  readonly objective: number;
  /** What the probes give. */
  readonly gain: number;
  /** What the controls lost, ≥ 0. */
  readonly cost: number;
  /** What was measured of every probe, in nats, the lower the worse: log p of a right answer, or its lead over a wrong one. */
  readonly perProbe: Float64Array;
}

/** A fitness function: its name and settings are enough to have it again. */
export interface Fitness {
  readonly name: string;
  readonly settings: Settings;
  /**
   * Lays out the evaluation, takes the present weights as its reference and evaluates them. Throws PROBES_UNUSABLE when
   * there is no probe, or one lacks what the function needs.
   */
  prepare(engine: Engine, probes: readonly Probe[], controls: readonly Probe[]): PreparedFitness;
}

/** A fitness function laid out for one engine, its probes and its controls. */
export interface PreparedFitness {
  /** The fitness of the weights at `prepare`. */
  readonly start: FitnessValue;
  /** Distinct tokens of a full evaluation: one unit of work. */
  readonly tokenCount: number;
  /** Indices of the probes of each set and category: each is a sample of a skill of its own. */
  readonly strata: readonly (readonly number[])[];
  evaluate(): FitnessValue;
  /**
   * Evaluates like `evaluate` but gives up, with undefined, once it is certain that the objective is not above `bar`:
   * costs are never negative, so a gain that does not pass needs no controls.
   */
  evaluateAbove(bar: number): FitnessValue | undefined;
  /** Makes the present weights the place from which later evaluations start. */
  keep(): void;
  /** What each probe is worth where it is measured at `perProbe`: (probes). */
  scores(perProbe: Float64Array): Float64Array;
  /** How the gain responds to small changes, where probes are measured at `perProbe`. */
  respond(perProbe: Float64Array): GainResponse;
  /**
   * The first-order effects of inverting each row or each 128-weight group in scope alone, at the present weights, by one pass
   * back through the model: on what is measured of every probe, handed out tensor by tensor, from the last layer to the first.
   * What is held at a time is small, but for the costs of the controls.
   */
  visitEffects(scope: EffectScope, visit: (effects: ProbeEffects) => void): void;
  /** Lays out a cheap evaluation of some of the probes, without controls, and evaluates the present weights. */
  screen(probes: readonly number[]): Screen;
  dispose(): void;
}

/** How inverting each row of a tensor, or one group of it, would change what is measured of the probes: the owners. */
export interface ProbeEffects extends UnitEffects {
  /** How it would change the cost: (rows), or undefined where nothing can be lost. */
  readonly cost: Float32Array | undefined;
}

/** The mean score of a few probes. */
export interface Screen {
  /** The mean score at the weights with which the screen was made. */
  readonly start: number;
  /** The mean score of the present weights. */
  score(): number;
  dispose(): void;
}
