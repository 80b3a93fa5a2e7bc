/** Owns the random numbers of a search: seeded, the same on every machine, never from the platform. */

/** A stream of random numbers that its seed decides completely. */
export interface Random {
  /** The next integer of 0 … 2³² − 1. */
  nextUint32(): number;
  /** The next number of [0, 1), of 53 random bits. */
  nextFloat(): number;
  /** The next integer of 0 … n − 1, each equally likely; 1 ≤ n ≤ 2³². */
  nextInt(n: number): number;
}

/** The four words of a generator's state, not all zero. */
export type RandomState = readonly [number, number, number, number];

const UINT32 = 2 ** 32;
const GOLDEN_GAMMA = 0x9e3779b9;

/**
 * Starts the stream of a seed, any integer of 0 … 2⁵³ − 1. The seed's two halves are spread over the state by the
 * SplitMix construction (Steele, Lea, Flood 2014) with MurmurHash3's 32-bit finaliser.
 */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`Seed ${seed} is not an integer of 0 … 2^53 − 1`);
  const low = seed % UINT32;
  const high = Math.floor(seed / UINT32);
  const word = (index: number) => mix(mix(low + (index + 1) * GOLDEN_GAMMA) ^ high);
  return randomFromState([word(0), word(1), word(2), word(3)]);
}

/** Continues from a state: xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators"). */
export function randomFromState(state: RandomState): Random {
  let [a, b, c, d] = state;

  function nextUint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  }

  return {
    nextUint32,
    nextFloat() {
      const top = nextUint32() >>> 5;
      const bottom = nextUint32() >>> 6;
      return (top * 2 ** 26 + bottom) / 2 ** 53;
    },
    nextInt(n) {
      if (!Number.isInteger(n) || n < 1 || n > UINT32) throw new RangeError(`Range ${n} is not an integer of 1 … 2^32`);
      // The last, incomplete run of n values is drawn again: taking it would favour small results.
      const limit = UINT32 - (UINT32 % n);
      let value = nextUint32();
      while (value >= limit) value = nextUint32();
      return value % n;
    },
  };
}

/** Brings the items into random order, in place (Fisher and Yates), and returns them. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = random.nextInt(last + 1);
    [items[last], items[chosen]] = [items[chosen], items[last]];
  }
  return items;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function mix(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
