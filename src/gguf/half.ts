/** Owns half-precision numbers (IEEE 754 binary16), in which Q1_0 keeps its scales: sign, 5 exponent bits, 10 of mantissa. */

/** What the lowest bit of the mantissa is worth, by exponent field. */
const UNITS = Float64Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(1, exponent) - 25));

/** Decodes the 16 bits of a half-precision number. */
export function decodeHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? mantissa : 1024 + mantissa) * UNITS[exponent];
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Encodes the nearest half-precision number, ties to even: the inverse of `decodeHalf` but for the payload of a NaN. */
export function encodeHalf(value: number): number {
  single[0] = value;
  const bits = singleBits[0];
  const exponent = (bits >>> 23) & 255;
  // A normal number of half precision has the same bits in single precision, but for the bias of its exponent: 15 there, 127 here.
  if (single[0] === value && exponent > 112 && exponent < 143 && (bits & 0x1fff) === 0) {
    return ((bits >>> 16) & 0x8000) | ((exponent - 112) << 10) | ((bits >>> 13) & 1023);
  }
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  return sign | encodeMagnitude(Math.abs(value));
}

function encodeMagnitude(magnitude: number): number {
  // Half of the way from the largest finite number, 65504, to the next, 65536.
  if (magnitude >= 65520) return 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  // The mantissa with its leading 1 carries into the exponent field, so that rounding up to 2048 needs no special case.
  return (exponent + 14) * 1024 + roundToEven(magnitude / 2 ** (exponent - 10));
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
