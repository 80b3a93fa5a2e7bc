/** Owns what can be flipped in a matrix, and what part of the effect of inverted signs each flip has. */
import type { Engine } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import type { ProbeEffects } from '../fitness.js';

/** One kind of flip of every row of a tensor, or of one group of each. */
export interface UnitKind {
  /** How much of the effect of inverting the signs it has, to first order, less than 0: the opposite: (rows). */
  readonly parts: Float32Array;
  readonly flip: (row: number) => Flip;
  /** Rows in which it is flipped already, to be flipped back. */
  readonly made: readonly number[];
}

type Place = Pick<ProbeEffects, 'tensor' | 'group' | 'rows'>;

/** The signs of whole rows, or of their groups. */
export function signKinds(made: readonly Flip[]): (place: Place) => readonly UnitKind[] {
  const madeAt = byPlace(made);
  return ({ tensor, group, rows }) => [
    {
      parts: new Float32Array(rows).fill(1),
      flip: (row) => (group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group }),
      made: madeAt(tensor, group),
    },
  ];
}

/**
 * Bits of the scales of groups. A bit that makes the scale ρ times as large moves the group's part of every output by ρ − 1
 * times itself; inverting the signs moves it by −2 times itself. So, to first order, the bit has (1 − ρ) / 2 of the effect.
 */
export function bitKinds(
  engine: Pick<Engine, 'scales'>,
  bits: readonly number[],
  made: readonly Flip[],
): (place: Place) => readonly UnitKind[] {
  const madeAt = byPlace(made);
  // A tensor's groups come one by one, and all of them need its scales: (groups of a row, rows).
  const scalesOf = once((tensor) => ({
    present: engine.scales(tensor),
    changed: bits.map((bit) => engine.scales(tensor, bit)),
  }));
  return ({ tensor, group = 0, rows }) => {
    const { present, changed } = scalesOf(tensor);
    return bits.map((bit, index) => ({
      parts: new Float32Array(rows).map((_, row) => {
        const at = group * rows + row;
        const part = (1 - changed[index][at] / present[at]) / 2;
        // A group whose weights are all zero has no effect to take a part of, and infinite ones are not to be had.
        return Number.isFinite(part) ? part : 0;
      }),
      flip: (row) => ({ kind: 'scale-bit', tensor, row, group, bit }),
      made: madeAt(tensor, group, bit),
    }));
  };
}

type MadeAt = (tensor: string, group?: number, bit?: number) => readonly number[];

/** Tells the rows of flips by all else that there is to a flip. */
function byPlace(flips: readonly Flip[]): MadeAt {
  const keyOf: (...place: Parameters<MadeAt>) => string = (tensor, group, bit) =>
    `${tensor} ${group ?? ''} ${bit ?? ''}`;
  const rows = new Map<string, number[]>();
  for (const flip of flips) {
    const group = flip.kind === 'row' ? undefined : flip.group;
    const key = keyOf(flip.tensor, group, flip.kind === 'scale-bit' ? flip.bit : undefined);
    const there = rows.get(key);
    if (there) there.push(flip.row);
    else rows.set(key, [flip.row]);
  }
  return (...place) => rows.get(keyOf(...place)) ?? [];
}

/** Computes what belongs to a name the first time that it is asked for. */
function once<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    let value = known.get(name);
    if (value === undefined) known.set(name, (value = compute(name)));
    return value;
  };
}
