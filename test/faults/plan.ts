/** What is to go wrong with the disk of a program under test, on its way there: an environment variable. */

/**
 * `count` lets everything pass and lists the points; `kill` ends the process at a point as SIGKILL does, a write half
 * done; `power` loses what was not synced as well; `error` makes the disk refuse.
 */
export type FaultKind = 'count' | 'kill' | 'power' | 'error';

export interface FaultPlan {
  readonly kind: FaultKind;
  /** The point, counted from 0: a change of the disk below `roots`. */
  readonly at: number;
  /** Or the first point that this regular expression matches: ids differ from run to run, and with them the count. */
  readonly first?: string;
  /** What a refusing disk says; it says so at that point only, or from there on. */
  readonly code: 'ENOSPC' | 'EIO' | 'EROFS';
  readonly lasting: boolean;
  /** Which of the unsynced changes a power loss takes; 0 takes all of them. */
  readonly seed: number;
  readonly roots: readonly string[];
  /** A file for the points, one a line. */
  readonly log: string;
  /** A directory on the same disk for what a power loss may bring back. */
  readonly graveyard: string;
}

const VARIABLE = 'BANKAI_TEST_FAULT';

/** The environment that makes a Node program follow a plan. */
export const faultEnvironment = (plan: FaultPlan): Record<string, string> => ({
  [VARIABLE]: JSON.stringify(plan),
  NODE_OPTIONS: `--import=${new URL('preload.js', import.meta.url).href}`,
});

/** The plan that this program was started with. */
export function plannedFault(): FaultPlan | undefined {
  const text = process.env[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as FaultPlan);
}
