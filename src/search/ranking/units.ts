/** Owns what can be flipped in a matrix, and what part of the effect of inverted signs each flip has. */
import type { Engine } from '../../engine/engine.js';
import type { Flip } from '../../patch/flip.js';
import type { ProbeEffects } from '../fitness.js';

/** Something that can be flipped in a row. */
export interface Unit {
  readonly row: number;
  /** How much of the effect of inverting the signs it has, to first order; less than 0: the opposite. */
  readonly part: number;
  readonly flip: () => Flip;
}

/** What can be flipped in a tensor, or in one group of each of its rows. */
export interface Units {
  /** By row, what excludes each other: never empty. */
  readonly all: Iterable<readonly Unit[]>;
  /** What is flipped already, to be flipped back. */
  readonly made: readonly Unit[];
}

type Place = Pick<ProbeEffects, 'tensor' | 'group' | 'rows'>;

/** The signs of whole rows, or of their groups. */
export function signUnits(made: readonly Flip[]): (place: Place) => Units {
  const madeIn = byPlace(made.filter(({ kind }) => kind !== 'scale-bit'));
  return ({ tensor, group, rows }) => ({
    all: rowsOf(rows, (row) => [
      {
        ...{ row, part: 1 },
        flip: () => (group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group }),
      },
    ]),
    made: madeIn(tensor, group).map((flip) => ({ row: flip.row, part: 1, flip: () => flip })),
  });
}

/**
 * Bits of the scales of groups. A bit that makes the scale ρ times as large moves the group's part of every output by ρ − 1
 * times itself; inverting the signs moves it by −2 times itself. So, to first order, the bit has (1 − ρ) / 2 of the effect.
 */
export function bitUnits(
  engine: Pick<Engine, 'scales'>,
  bits: readonly number[],
  made: readonly Flip[],
): (place: Place) => Units {
  const madeIn = byPlace(made.filter(({ kind }) => kind === 'scale-bit'));
  // A tensor's groups come one by one, and all of them need its scales: (groups of a row, rows).
  const scalesOf = once((tensor) => ({
    present: engine.scales(tensor),
    changed: new Map(bits.map((bit) => [bit, engine.scales(tensor, bit)])),
  }));
  return ({ tensor, group = 0, rows }) => {
    const { present, changed } = scalesOf(tensor);
    const partOf = (row: number, bit: number): number => {
      const at = group * rows + row;
      // A group whose weights are all zero has no effect to take a part of.
      return present[at] === 0 ? 0 : (1 - (changed.get(bit) ?? present)[at] / present[at]) / 2;
    };
    const unit = (row: number, bit: number): Unit => ({
      ...{ row, part: partOf(row, bit) },
      flip: () => ({ kind: 'scale-bit', tensor, row, group, bit }),
    });
    return {
      all: rowsOf(rows, (row) => bits.map((bit) => unit(row, bit))),
      made: madeIn(tensor, group).flatMap((flip) => (flip.kind === 'scale-bit' ? [unit(flip.row, flip.bit)] : [])),
    };
  };
}

function* rowsOf(rows: number, unitsOf: (row: number) => readonly Unit[]): Iterable<readonly Unit[]> {
  for (let row = 0; row < rows; row++) yield unitsOf(row);
}

/** Sorts flips by tensor and group; undefined stands for whole rows. */
function byPlace(flips: readonly Flip[]): (tensor: string, group: number | undefined) => readonly Flip[] {
  const places = new Map<string, Flip[]>();
  for (const flip of flips) {
    const key = `${flip.tensor} ${flip.kind === 'row' ? '' : flip.group}`;
    const there = places.get(key);
    if (there) there.push(flip);
    else places.set(key, [flip]);
  }
  return (tensor, group) => places.get(`${tensor} ${group ?? ''}`) ?? [];
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
