/** Owns numbers in a stream of bits: bytes, LEB128 (little-endian base 128) and Golomb–Rice codes, least significant bit first. */

/** Writes numbers one after the other. Whole bytes and LEB128 begin at a byte. */
export interface BitWriter {
  byte(value: number): void;
  /** Any safe integer ≥ 0. */
  varint(value: number): void;
  /** ⌊value ÷ 2^exponent⌋ ones and a zero, then the remainder in `exponent` bits. */
  rice(value: number, exponent: number): void;
  /** Fills the byte up with zeros. */
  align(): void;
  bytes(): Uint8Array;
}

export function bitWriter(): BitWriter {
  const bytes: number[] = [];
  let used = 8;
  const bit = (value: number): void => {
    if (used === 8) {
      bytes.push(0);
      used = 0;
    }
    bytes[bytes.length - 1] |= value << used;
    used += 1;
  };
  const byte = (value: number): void => void bytes.push(value);
  return {
    byte,
    varint(value) {
      let rest = value;
      for (; rest > 127; rest = Math.floor(rest / 128)) byte((rest % 128) | 128);
      byte(rest);
    },
    rice(value, exponent) {
      const divisor = 2 ** exponent;
      for (let ones = Math.floor(value / divisor); ones > 0; ones--) bit(1);
      bit(0);
      let rest = value % divisor;
      for (let i = 0; i < exponent; i++) {
        bit(rest % 2);
        rest = Math.floor(rest / 2);
      }
    },
    align: () => void (used = 8),
    bytes: () => Uint8Array.from(bytes),
  };
}

/** Reads what a `BitWriter` wrote. Every method throws what `ended` makes when the bytes end too early. */
export interface BitReader {
  byte(): number;
  /** A safe integer: a longer one counts as one that does not end. */
  varint(): number;
  /** May be above 2^53 where the bytes are not to be trusted. */
  rice(exponent: number): number;
  /** A varint that says how many bytes follow. */
  lengthOfBytes(): number;
  align(): void;
  atEnd(): boolean;
}

export function bitReader(bytes: Uint8Array, ended: () => Error): BitReader {
  let next = 0;
  let used = 8;
  const byte = (): number => {
    if (next >= bytes.length) throw ended();
    return bytes[next++];
  };
  const bit = (): number => {
    if (used === 8) {
      byte();
      used = 0;
    }
    const value = (bytes[next - 1] >> used) & 1;
    used += 1;
    return value;
  };
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const part = byte();
      value += (part & 127) * factor;
      if (!Number.isSafeInteger(value)) throw ended();
      if (part < 128) return value;
    }
  };
  return {
    byte,
    varint,
    rice(exponent) {
      let quotient = 0;
      while (bit() === 1) quotient += 1;
      let value = quotient * 2 ** exponent;
      for (let i = 0; i < exponent; i++) value += bit() * 2 ** i;
      return value;
    },
    lengthOfBytes() {
      const length = varint();
      if (length > bytes.length - next) throw ended();
      return length;
    },
    align: () => void (used = 8),
    atEnd: () => next >= bytes.length,
  };
}
