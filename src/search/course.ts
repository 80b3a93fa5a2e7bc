/** Owns the course of a search in short: enough points to draw it, few enough to sign. */
import type { SearchResult } from './strategy.js';

/** Where a search stood after an accepted iteration; the first point is the start. */
export interface CoursePoint {
  readonly iteration: number;
  readonly objective: number;
  /** Right answers to the probes that the search held back for its own judgement, where it counted them. */
  readonly heldBackRight?: number;
}

/** The most points that a course has. */
export const COURSE_LIMIT = 64;

/** Gives one point for every iteration that was accepted: all, or an even choice with the first and the last. */
export function courseOf({ history, objectiveBefore }: SearchResult): CoursePoint[] {
  const points = new Map<number, CoursePoint>([[0, { iteration: 0, objective: objectiveBefore }]]);
  for (const { iteration, objective, heldBackRight } of history) {
    points.set(iteration, { iteration, objective, ...(heldBackRight !== undefined && { heldBackRight }) });
  }
  const all = [...points.values()];
  if (all.length <= COURSE_LIMIT) return all;
  const step = (all.length - 1) / (COURSE_LIMIT - 1);
  return Array.from({ length: COURSE_LIMIT }, (_, i) => all[Math.round(i * step)]);
}
