/**
 * Owns git's deltas: how a packed object is told as pieces of another one and new bytes between them (gitformat-pack).
 *
 *     size of the base · size of the result     each: 7 bits a byte, least significant first, top bit: more follow
 *     1oooo sss …    copy: the bits say which bytes of offset (4) and size (3) follow, little-endian; size 0 is 65536
 *     0nnnnnnn …     n new bytes
 */

/** Makes the object of at most `byteLimit` bytes that a delta tells from its base. Throws RangeError for a delta that does not. */
export function applyDelta(base: Buffer, delta: Buffer, byteLimit: number): Buffer {
  let at = 0;
  const byte = (): number => {
    if (at >= delta.length) throw new RangeError('a delta ends too early');
    return delta[at++];
  };
  const size = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
  };
  if (size() !== base.length) throw new RangeError('a delta is for a base of another length');
  const length = size();
  // A few bytes of delta can ask for memory without end.
  if (length > byteLimit) throw new RangeError(`a delta makes an object of ${length} bytes (limit ${byteLimit})`);
  const result = Buffer.allocUnsafe(length);
  let made = 0;
  const append = (source: Buffer, from: number, count: number): void => {
    if (from + count > source.length || made + count > length) throw new RangeError('a delta reaches beyond the end');
    made += source.copy(result, made, from, from + count);
  };
  while (at < delta.length) {
    const instruction = byte();
    if (instruction === 0) throw new RangeError('a delta has an instruction of a later version');
    if (instruction < 0x80) {
      append(delta, at, instruction);
      at += instruction;
      continue;
    }
    let from = 0;
    let count = 0;
    for (let bit = 0; bit < 4; bit++) if ((instruction >> bit) & 1) from += byte() * 256 ** bit;
    for (let bit = 0; bit < 3; bit++) if ((instruction >> (bit + 4)) & 1) count += byte() * 256 ** bit;
    append(base, from, count || 0x10000);
  }
  if (made !== length) throw new RangeError('a delta makes less than it says');
  return result;
}
