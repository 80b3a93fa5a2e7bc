import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeHalf, encodeHalf } from '../../src/gguf/half.js';

describe('half precision', () => {
  test('every bit pattern but the NaNs survives decoding and encoding', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = decodeHalf(bits);
      if (Number.isNaN(value)) expect((bits & 0x7c00) === 0x7c00 && (bits & 1023) !== 0).toBe(true);
      else if (encodeHalf(value) !== bits) throw new Error(`${bits} became ${encodeHalf(value)}`);
    }
  });

  test.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])('0x%s is %d', (bits, value) => {
    expect(decodeHalf(bits)).toBe(value);
    expect(encodeHalf(value)).toBe(bits);
  });

  test('the nearest number is chosen, and the even one of two', () => {
    expect(encodeHalf(1 + 2 ** -11)).toBe(0x3c00);
    expect(encodeHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(encodeHalf(65519.99)).toBe(0x7bff);
    expect(encodeHalf(65520)).toBe(0x7c00);
    expect(encodeHalf(2 ** -25)).toBe(0);
    fc.assert(
      fc.property(fc.double({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = encodeHalf(value);
        const error = Math.abs(decodeHalf(bits) - value);
        const neighbours = [bits - 1, bits + 1].map((each) => Math.abs(decodeHalf(each & 0xffff) - value));
        return neighbours.every((other) => Number.isNaN(other) || error <= other);
      }),
    );
  });
});
