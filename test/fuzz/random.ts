/** Owns the seeded random numbers of the fuzzers: a seed names an input for ever. */

export interface Random {
  /** An integer from 0 to `below` − 1. */
  integer(below: number): number;
  pick<T>(choices: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** Makes a generator that counts up from the seed and mixes each count (the finaliser of MurmurHash3). */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const integer = (below: number): number => Math.floor((next() / 2 ** 32) * below);
  return {
    integer,
    pick: (choices) => choices[integer(choices.length)],
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
  };
}
