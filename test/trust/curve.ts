/**
 * Owns just enough arithmetic of edwards25519 (RFC 8032, section 5.1) to derive keys and signatures that an attacker
 * would: slow, in big integers, and independent of the code under test.
 */

export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

export type Point = readonly [x: bigint, y: bigint];
export const identity: Point = [0n, 1n];

const mod = (a: bigint): bigint => ((a % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
  return result;
}

const invert = (a: bigint): bigint => power(a, P - 2n);
const D = mod(-121665n * invert(121666n));
const rootOfMinusOne = power(2n, (P - 1n) / 4n);

export function add([x1, y1]: Point, [x2, y2]: Point): Point {
  const product = mod(D * x1 * x2 * y1 * y2);
  return [mod((x1 * y2 + y1 * x2) * invert(1n + product)), mod((y1 * y2 + x1 * x2) * invert(1n - product))];
}

export function multiply(scalar: bigint, point: Point): Point {
  let result = identity;
  for (let p = point, s = scalar; s > 0n; s >>= 1n, p = add(p, p)) if (s & 1n) result = add(result, p);
  return result;
}

/** The point with this y and an even x, if there is one. */
export function pointOfY(y: bigint): Point | undefined {
  const square = mod((y * y - 1n) * invert(D * y * y + 1n));
  const candidate = power(square, (P + 3n) / 8n);
  const x = [candidate, mod(candidate * rootOfMinusOne)].find((root) => mod(root * root) === square);
  return x === undefined ? undefined : [x & 1n ? mod(-x) : x, y];
}

export function toBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

export function fromBytes(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export function encodePoint([x, y]: Point): Uint8Array {
  return toBytes(y | ((x & 1n) << 255n));
}

/** All points whose order divides 8: multiples of a point of order 8, found by killing the prime-order part. */
export function torsionPoints(): Point[] {
  for (let y = 2n; ; y++) {
    const point = pointOfY(y);
    if (!point) continue;
    const torsion = multiply(L, point);
    const four = multiply(4n, torsion);
    if (four[0] !== identity[0] || four[1] !== identity[1]) {
      return Array.from({ length: 8 }, (_, i) => multiply(BigInt(i), torsion));
    }
  }
}
