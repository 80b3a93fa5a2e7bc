/** Owns how results of evaluations become JSON and come back the same to the last bit. */

/** Plain data of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What plain numbers cannot say in JSON, and arrays of them in short: base64 of little-endian float64. */
interface Floats {
  readonly float64: string;
  readonly scalar?: true;
}

/**
 * Packs plain data: objects, arrays, strings, booleans, numbers, `Float64Array`. Members that are undefined are left out;
 * undefined itself becomes null.
 */
export function pack(value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') {
    const plain = Number.isFinite(value) && !Object.is(value, -0);
    return plain ? value : { ...floats(Float64Array.of(value)), scalar: true };
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Float64Array) return floats(value);
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError('Only plain data can be packed');
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, pack(member)]));
}

/** Unpacks what `pack` made; null becomes undefined. */
export function unpack(value: Json): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object') return value;
  if ('float64' in value) {
    const { float64, scalar } = value as unknown as Floats;
    const bytes = Buffer.from(float64, 'base64');
    const values = Float64Array.from({ length: bytes.length >> 3 }, (_, i) => bytes.readDoubleLE(8 * i));
    return scalar ? values[0] : values;
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unpack(member)]));
}

function floats(values: Float64Array): { readonly float64: string } {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, i) => bytes.writeDoubleLE(value, 8 * i));
  return { float64: bytes.toString('base64') };
}
