/**
 * Owns the compact binary form of a patch of row flips: 12 bytes a flip, no header, no base (FORMAT.md, "Compact form").
 *
 *     u32 layer | u32 projection | u32 row      little-endian; projection is an index of PROJECTIONS
 */
import { FormatError } from '../errors.js';
import { type Flip } from './flip.js';
import { type WeightsId } from './ids.js';
import { createPatch, type Patch, patchFlips } from './patch.js';
import { formatTensorName, parseTensorName, PROJECTIONS } from './projection.js';

/** Bytes of one row flip. */
export const COMPACT_FLIP_BYTES = 12;

/** Says how long a patch's compact form is, in bytes; undefined when it has none. */
export function compactSize(patch: Patch): number | undefined {
  const flips = patchFlips(patch);
  return flips.every((flip) => compactFields(flip)) ? flips.length * COMPACT_FLIP_BYTES : undefined;
}

/** Encodes a patch compactly. Throws INTERCHANGE_INVALID when it flips anything but rows of layer projections. */
export function encodeCompact(patch: Patch): Uint8Array {
  const flips = patchFlips(patch);
  const view = new DataView(new ArrayBuffer(flips.length * COMPACT_FLIP_BYTES));
  flips.forEach((flip, i) => {
    const fields = compactFields(flip);
    if (!fields) {
      throw refusal(`the compact form holds rows of layer projections, not a ${flip.kind} of ${flip.tensor}`);
    }
    fields.forEach((field, f) => view.setUint32(i * COMPACT_FLIP_BYTES + 4 * f, field, true));
  });
  return new Uint8Array(view.buffer);
}

/** Decodes a compact patch for a base, in any order of flips. Throws INTERCHANGE_INVALID, naming the byte. */
export function decodeCompact(bytes: Uint8Array, base: WeightsId): Patch {
  if (bytes.length === 0 || bytes.length % COMPACT_FLIP_BYTES !== 0) {
    throw refusal(`a compact patch has a positive multiple of ${COMPACT_FLIP_BYTES} bytes, not ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen = new Set<string>();
  const flips: Flip[] = [];
  for (let at = 0; at < bytes.length; at += COMPACT_FLIP_BYTES) {
    const [layer, index, row] = [0, 4, 8].map((offset) => view.getUint32(at + offset, true));
    if (index >= PROJECTIONS.length) {
      throw refusal(`projection ${index} at byte ${at + 4} is outside 0…${PROJECTIONS.length - 1}`);
    }
    const key = `${layer} ${index} ${row}`;
    if (seen.has(key)) throw refusal(`the flip at byte ${at} was there before`);
    seen.add(key);
    flips.push({ kind: 'row', tensor: formatTensorName(layer, PROJECTIONS[index].projection), row });
  }
  return createPatch(base, flips);
}

function compactFields(flip: Flip): [layer: number, projection: number, row: number] | undefined {
  const { layer, projection } = parseTensorName(flip.tensor);
  const index = PROJECTIONS.findIndex((entry) => entry.projection === projection);
  const fits = flip.kind === 'row' && layer !== undefined && layer < 2 ** 32 && index >= 0;
  return fits && flip.tensor === formatTensorName(layer, projection) ? [layer, index, flip.row] : undefined;
}

function refusal(problem: string): FormatError {
  return new FormatError('INTERCHANGE_INVALID', `Cannot convert the patch: ${problem}`, {
    hint: 'Use the patch file itself (canonical JSON), which holds every kind of flip.',
  });
}
