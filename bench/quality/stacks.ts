/** Owns the check of two skills in one model: stacked as they are, searched jointly, mended by a search on top, and in turn. */
import type { Engine } from '../../src/index.js';
import { suites } from './bars.js';
import type { Findings, Pair } from './found.js';
import { comparer } from './run.js';
import { atLeast } from './verdict.js';

/** Net gain, fixed − broke, on the held-out problems of the pair's two skills. */
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

/** Makes the runs of one model. */
export function stackRunner(engine: Engine, { single, joint, repair, inTurn }: Findings) {
  const compare = comparer(engine);
  return async (pair: Pair, seed: number): Promise<StackRun> => {
    const [first, second] = [await single(pair[0], seed), await single(pair[1], seed)];
    const stack = [...first.flips, ...second.flips];
    const net = async (skill: 0 | 1, flips: typeof stack): Promise<number> => {
      const { fixed, broke } = await compare(suites[pair[skill]].heldOut, flips);
      return fixed - broke;
    };
    const gains = async (flips: typeof stack): Promise<Gains> => [await net(0, flips), await net(1, flips)];
    const alone: Gains = [await net(0, [...first.flips]), await net(1, [...second.flips])];
    const [stacked, together, repaired, learntInTurn] = [
      await gains(stack),
      await gains([...(await joint(pair, seed)).flips]),
      await gains([...stack, ...(await repair(pair, seed)).flips]),
      await gains([...first.flips, ...(await inTurn(pair, seed)).flips]),
    ];
    const kept = (of: Gains): number => Math.min(...of.map((gain, skill) => gain / alone[skill]));
    return {
      ...{ seed, single: alone, stacked, joint: together, repaired, inTurn: learntInTurn },
      kept: Math.max(...[together, repaired, learntInTurn].map(kept)),
    };
  };
}

export function describeStack({ seed, single, stacked, joint, repaired, inTurn }: StackRun): string {
  const both = (gains: Gains): string => gains.map((gain) => (gain < 0 ? `−${-gain}` : `+${gain}`)).join(' and ');
  return (
    `seed ${seed}: alone ${both(single)}; stacked ${both(stacked)}; one joint search ${both(joint)}; ` +
    `stacked and a search on top ${both(repaired)}; one on top of the first alone ${both(inTurn)}`
  );
}
