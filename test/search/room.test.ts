import { describe, expect, test } from '@jest/globals';
import { compactSize } from '../../src/patch/compact.js';
import type { Flip } from '../../src/patch/flip.js';
import { fits, makeRoom, union } from '../../src/search/room.js';

const row = (index: number): Flip => ({ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: index });
const rows = (...indices: number[]): Flip[] => indices.map(row);

describe('room for flips', () => {
  const made = rows(1, 2, 3, 4);
  const cheapest = rows(3, 1, 4, 2);

  test('nothing gives way where there is enough', () => {
    expect(makeRoom(made, rows(7), cheapest, { flips: 5 })).toEqual(rows(7));
  });

  test('what is missed least gives way, and no more than must', () => {
    expect(makeRoom(made, rows(7), cheapest, { flips: 4 })).toEqual(rows(7, 3));
    expect(makeRoom(made, rows(7, 8), cheapest, { flips: 4 })).toEqual(rows(7, 8, 3, 1));
  });

  test('what is undone anyway gives its own place', () => {
    expect(makeRoom(made, rows(7, 3), cheapest, { flips: 4 })).toEqual(rows(7, 3));
    expect(makeRoom(made, rows(7, 8, 3), cheapest, { flips: 4 })).toEqual(rows(7, 8, 3, 1));
  });

  test('there is none where all that was made is not enough', () => {
    expect(makeRoom(made, rows(7, 8), cheapest, { flips: 1 })).toBeUndefined();
    expect(makeRoom([], rows(7), [], { flips: 0 })).toBeUndefined();
  });

  test('is counted in bytes of the compact form', () => {
    const many = Array.from({ length: 40 }, (_, i) => row(3 * i));
    const bytes = compactSize(many);
    const more = makeRoom(many, rows(121, 125, 127), many, { bytes }) ?? [];
    expect(more.length).toBeGreaterThan(3);
    expect(fits(union(many, more), { bytes })).toBe(true);
    expect(fits(union(many, more.slice(0, -1)), { bytes })).toBe(false);
  });
});
