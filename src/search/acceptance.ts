/** Owns which change of fitness is good enough to keep a candidate. */
import type { FitnessValue, Settings } from './fitness.js';

/** A rule of acceptance. */
export interface Acceptance {
  readonly name: string;
  readonly settings: Settings;
  /** The objective that a candidate must exceed, given the fitness it would replace. */
  bar(present: FitnessValue): number;
}

/** Accepts whatever raises the objective by more than `minimumGain`, 0 as published. */
export function rising(minimumGain = 0): Acceptance {
  return { name: 'rising', settings: { minimumGain }, bar: (present) => present.objective + minimumGain };
}
