/** Owns the check of two skills in one model: stacked as they are, searched jointly, mended by a search on top, and in turn. */
import type { Engine, Flip, Probe } from '../../src/index.js';
import { comparer } from '../../experiments/laboratory.js';
import { type SuiteName, suites } from './bars.js';
import { type Findings, findings, type Pair } from './found.js';
import { foldsOf } from './folds.js';
import { probesOf, setOf } from './model.js';
import { atLeast } from './verdict.js';

/** Net gain, fixed − broke, on the problems of the pair's two skills that the searches did not see. */
type Gains = readonly [number, number];

/** What came of one pair at one seed: plain data. */
export interface StackRun {
  readonly seed: number;
  readonly single: Gains;
  readonly stacked: Gains;
  readonly joint: Gains;
  readonly repaired: Gains;
  readonly inTurn: Gains;
  /** The smaller of the two parts of the single gains that is kept, in the best of joint, repaired and in turn. */
  readonly kept: number;
}

export const stackBars = [
  atLeast('kept of both single gains, joint, repaired or in turn', 0.95, ({ kept }: StackRun) => kept),
];

/** Searches, and the problems of each skill that judge what they found. */
interface Trial {
  readonly found: Findings;
  asked(skill: SuiteName): readonly Probe[];
}

/** Makes the runs of one model, judged by the held-out problems. */
export function stackRunner(engine: Engine, found: Findings) {
  const trial: Trial = { found, asked: (skill) => probesOf(suites[skill].heldOut) };
  const measure = measurer(engine);
  return (pair: Pair, seed: number): Promise<StackRun> => measure([trial], pair, seed);
}

/** Makes the runs of one model, judged by what folds of the probes themselves leave out; the seed draws the folds too. */
export function foldedStackRunner(engine: Engine, count: number) {
  const measure = measurer(engine);
  return (pair: Pair, seed: number): Promise<StackRun> => {
    const folds = Object.fromEntries(pair.map((skill) => [skill, foldsOf(setOf(skill), count, seed)]));
    const trials = Array.from({ length: count }, (_, index): Trial => ({
      found: findings(engine, (skill) => folds[skill][index].searched),
      asked: (skill) => folds[skill][index].asked,
    }));
    return measure(trials, pair, seed);
  };
}

/** Sums up over trials what becomes of two skills in one model. */
function measurer(engine: Engine) {
  const compare = comparer(engine);
  return async (trials: readonly Trial[], pair: Pair, seed: number): Promise<StackRun> => {
    const totals = { single: none, stacked: none, joint: none, repaired: none, inTurn: none };
    for (const { found, asked } of trials) {
      const net = async (skill: 0 | 1, flips: readonly Flip[]): Promise<number> => {
        const { fixed, broke } = await compare(flips, asked(pair[skill]));
        return fixed - broke;
      };
      const [first, second] = [await found.single(pair[0], seed), await found.single(pair[1], seed)];
      const stack = [...first.flips, ...second.flips];
      const results = {
        stacked: stack,
        joint: (await found.joint(pair, seed)).flips,
        repaired: [...stack, ...(await found.repair(pair, seed)).flips],
        inTurn: [...first.flips, ...(await found.inTurn(pair, seed)).flips],
      };
      totals.single = sum(totals.single, [await net(0, first.flips), await net(1, second.flips)]);
      for (const [name, flips] of Object.entries(results) as [keyof typeof results, readonly Flip[]][]) {
        totals[name] = sum(totals[name], [await net(0, flips), await net(1, flips)]);
      }
    }
    const { single, joint, repaired, inTurn } = totals;
    // Where a patch alone gains nothing there is nothing to keep.
    const part = (gain: number, alone: number): number => (alone > 0 ? gain / alone : 1);
    const kept = (of: Gains): number => Math.min(...of.map((gain, skill) => part(gain, single[skill])));
    return { seed, ...totals, kept: Math.max(...[joint, repaired, inTurn].map(kept)) };
  };
}

const none: Gains = [0, 0];
const sum = (a: Gains, b: Gains): Gains => [a[0] + b[0], a[1] + b[1]];

export function describeStack({ seed, single, stacked, joint, repaired, inTurn }: StackRun): string {
  const both = (gains: Gains): string => gains.map((gain) => (gain < 0 ? `−${-gain}` : `+${gain}`)).join(' and ');
  return (
    `seed ${seed}: alone ${both(single)}; stacked ${both(stacked)}; one joint search ${both(joint)}; ` +
    `stacked and a search on top ${both(repaired)}; one on top of the first alone ${both(inTurn)}`
  );
}
