/** Owns how what was measured is held against what was promised. */

/** One thing that must be reached: the number that is judged, how it is written, and whether it is good enough. */
export interface Bar<Of> {
  readonly name: string;
  measure(of: Of): number;
  reached(value: number): boolean;
}

export const atLeast = <Of>(name: string, least: number, measure: Bar<Of>['measure']): Bar<Of> => ({
  name: `${name} ≥ ${least}`,
  measure,
  reached: (value) => value >= least,
});
export const atMost = <Of>(name: string, most: number, measure: Bar<Of>['measure']): Bar<Of> => ({
  name: `${name} ≤ ${most}`,
  measure,
  reached: (value) => value <= most,
});
export const below = <Of>(name: string, limit: number, measure: Bar<Of>['measure']): Bar<Of> => ({
  name: `${name} < ${limit}`,
  measure,
  reached: (value) => value < limit,
});

/** One bar over all runs. */
export interface Verdict {
  readonly bar: string;
  readonly reached: number;
  readonly of: number;
  readonly lowest: number;
  readonly highest: number;
}

export function judge<Of>(bar: Bar<Of>, runs: readonly Of[]): Verdict {
  const measured = runs.map((run) => bar.measure(run));
  const reached = measured.filter((value) => bar.reached(value)).length;
  return {
    bar: bar.name,
    reached,
    of: runs.length,
    lowest: Math.min(...measured),
    highest: Math.max(...measured),
  };
}

export const isMissed = ({ reached, of }: Verdict): boolean => reached < of;

/** `pass broke ≤ 3: 5 of 5 (0 to 2)` */
export function formatVerdict(verdict: Verdict, good = 'pass', bad = 'MISS'): string {
  const { bar, reached, of, lowest, highest } = verdict;
  const range = lowest === highest ? short(lowest) : `${short(lowest)} to ${short(highest)}`;
  return `${isMissed(verdict) ? bad : good} ${bar}: ${reached} of ${of} (${range})`;
}

const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(2)));
