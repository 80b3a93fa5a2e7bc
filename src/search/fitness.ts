/**
 * Owns the notion of fitness: one number that says how good the present weights are for some probes, and at what cost
 * to some controls. The functions themselves are in `fitness/`.
 */
import type { EffectUnit, Engine } from '../engine/engine.js';
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
  /** The score of every probe in nats, the lower the worse. */
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
  evaluate(): FitnessValue;
  /**
   * Evaluates like `evaluate` but gives up, with undefined, once it is certain that the objective is not above `bar`:
   * costs are never negative, so a gain that does not pass needs no controls.
   */
  evaluateAbove(bar: number): FitnessValue | undefined;
  /** Makes the present weights, just evaluated, the place from which later evaluations start. */
  keep(): void;
  /**
   * The first-order effects of inverting each row or each 128-weight group alone, at the present weights, by one pass back
   * through the model: summed up over the probes and handed out tensor by tensor, from the last layer to the first. What
   * is held at a time is small, but for the costs of the controls.
   */
  summarizeEffects(unit: EffectUnit, visit: (summary: EffectSummary) => void): void;
  /** Lays out a cheap evaluation of some of the probes, without controls, and evaluates the present weights. */
  screen(probes: readonly number[]): Screen;
  dispose(): void;
}

/** How the objective would change, to first order, with each row of a tensor, or with one group of it: mean − cost. */
export interface EffectSummary {
  readonly tensor: string;
  /** The group within the row; undefined where rows are the unit. */
  readonly group: number | undefined;
  /** Over the probes: (rows). */
  readonly mean: Float64Array;
  /** Of that mean, as of a sample that is stratified by probe set: (rows). */
  readonly standardError: Float64Array;
  /** (rows), or undefined where nothing is lost. */
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
