/** Owns the types of GGUF metadata values: their numbers in the file, their names and their sizes. */

/** The types of metadata values, indexed by their number in the file (`gguf_metadata_value_type`). */
const NAMES = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'bool', 'string', 'array', 'u64', 'i64', 'f64'] as const;

export type ValueType = (typeof NAMES)[number];

const BYTE_LENGTHS: Record<Exclude<ValueType, 'string' | 'array'>, number> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  u64: 8,
  i64: 8,
  f64: 8,
};

/** Says which type a number in the file means, or nothing when it means none. */
export function valueTypeOf(id: number): ValueType | undefined {
  return NAMES[id];
}

/** Says by which number a type is written in a file. */
export function valueTypeId(type: ValueType): number {
  return NAMES.indexOf(type);
}

/** Says how many bytes every value of a type takes, or nothing for strings and arrays. */
export function fixedByteLength(type: ValueType): number | undefined {
  return type === 'string' || type === 'array' ? undefined : BYTE_LENGTHS[type];
}

/** The fewest bytes that a value of a type can take: an empty string is a length, an empty array a type and a count. */
export function leastByteLength(type: ValueType): number {
  if (type === 'string') return 8;
  return type === 'array' ? 12 : BYTE_LENGTHS[type];
}
