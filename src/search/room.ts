/** Owns the room that a patch has, and what gives way where there is no more. */
import { compactSize } from '../patch/compact.js';
import { type Flip, formatFlip } from '../patch/flip.js';
import { maskFlips, maskOf } from '../patch/mask.js';

/** How large a patch may be: so many flips, or so many bytes in compact form. */
export type Room = { readonly flips: number } | { readonly bytes: number };

/** Whether there is room for flips. */
export function fits(flips: readonly Flip[], room: Room): boolean {
  return 'flips' in room ? flips.length <= room.flips : compactSize(flips) <= room.bytes;
}

/** What is flipped on balance when flips are added to others, in canonical order: a flip made twice is none. */
export const union = (flips: readonly Flip[], more: readonly Flip[]): Flip[] => maskFlips(maskOf([...flips, ...more]));

/**
 * Adds to new flips as few as possible of those made so far, to be undone, that there is room for what is then flipped.
 * `cheapest` lists the made ones, those first that are missed least. Gives undefined where all of them are not enough.
 */
export function makeRoom(
  made: readonly Flip[],
  more: readonly Flip[],
  cheapest: readonly Flip[],
  room: Room,
): readonly Flip[] | undefined {
  if (fits(union(made, more), room)) return more;
  const asked = new Set(more.map(formatFlip));
  const others = cheapest.filter((flip) => !asked.has(formatFlip(flip)));
  const undoing = (count: number): Flip[] => [...more, ...others.slice(0, count)];
  // The more is undone, the less there is: bisection.
  let [tooFew, enough] = [0, others.length];
  if (!fits(union(made, undoing(enough)), room)) return undefined;
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >>> 1;
    if (fits(union(made, undoing(middle)), room)) enough = middle;
    else tooFew = middle;
  }
  return undoing(enough);
}
