/** Owns what a run must reach. */
import type { AnswerComparison } from '../../src/index.js';
import type { Run } from './run.js';
import { atLeast, atMost, type Bar, below } from './verdict.js';

const SIGNIFICANT = 0.05;

/** The chance that this is nothing, where it got worse; 1 where it did not. */
const worse = ({ fixed, broke, p }: AnswerComparison): number => (broke > fixed ? p : 1);

/** The chance that this is nothing, where it got better; 1 where it did not. */
const better = ({ fixed, broke, p }: AnswerComparison): number => (fixed > broke ? p : 1);

/** What no patch may do, whatever it is for. */
const harmless = (seconds: number): Bar<Run>[] => [
  atLeast('knowledge right', 30, ({ knowledge }) => knowledge.rightAfter),
  atMost(
    'perplexity of text, %',
    0.5,
    ({ text: { perplexityBefore, perplexityAfter } }) => 100 * (perplexityAfter / perplexityBefore - 1),
  ),
  atLeast('p that the other skill got worse', SIGNIFICANT, ({ other }) => worse(other)),
  atMost('bytes', 1024, ({ compactBytes }) => compactBytes),
  atMost('seconds', seconds, (run) => run.seconds),
];

const net = ({ heldOut: { fixed, broke } }: Run): number => fixed - broke;
const broke = ({ heldOut }: Run): number => heldOut.broke;
const p = ({ heldOut }: Run): number => better(heldOut);

/** The probe sets that are searched on, what judges them, and what the patch must reach. */
export const suites = {
  calculus: {
    ...{ heldOut: 'calculus-heldout', other: 'arithmetic-heldout' },
    bars: [atLeast('fixed − broke', 15, net), atMost('broke', 3, broke), below('p', 0.002, p), ...harmless(30)],
    moonshot: [atLeast('fixed − broke', 30, net)],
  },
  'calculus-large': {
    ...{ heldOut: 'calculus-heldout', other: 'arithmetic-heldout' },
    bars: [
      atLeast('right', 112, ({ heldOut }) => heldOut.rightAfter),
      atMost('broke', 6, broke),
      below('p', 1e-10, p),
      ...harmless(90),
    ],
    moonshot: [atLeast('right', 125, ({ heldOut }) => heldOut.rightAfter)],
  },
  arithmetic: {
    ...{ heldOut: 'arithmetic-heldout', other: 'calculus-heldout' },
    bars: [below('p', SIGNIFICANT, p), atMost('broke', 3, broke), ...harmless(30)],
    moonshot: [],
  },
  'arithmetic-large': {
    ...{ heldOut: 'arithmetic-heldout', other: 'calculus-heldout' },
    bars: [below('p', SIGNIFICANT, p), ...harmless(90)],
    moonshot: [],
  },
} as const satisfies Record<
  string,
  { heldOut: string; other: string; bars: readonly Bar<Run>[]; moonshot: readonly Bar<Run>[] }
>;

export type SuiteName = keyof typeof suites;

/** What must hold where there is nothing to find: no change of held-out answers that chance does not make. */
export const nothing: readonly Bar<Run>[] = [atLeast('p of any change', SIGNIFICANT, ({ heldOut }) => heldOut.p)];
