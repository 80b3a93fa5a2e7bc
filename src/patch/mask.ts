/**
 * Owns the mask: which bits of the base model a set of patches inverts, kept as a sparse tree in normal form.
 *
 * Normal form has no entry that changes nothing, so two masks are the same change exactly when their trees are equal.
 * A row inverted as a whole is kept apart from its groups: only the tensor's shape could say that they are the same bits.
 */
import { CompatibilityError } from '../errors.js';
import { compareFlips, type Flip } from './flip.js';
import { type PatchId } from './ids.js';
import { type Patch, patchFlips, patchId } from './patch.js';

/** What a mask does to one 128-weight group, besides what it does to the whole row. */
export interface GroupMask {
  /** The group's sign bits are inverted once more than the row's. */
  readonly inverted: boolean;
  /** XORed into the group's fp16 scale. */
  readonly scaleXor: number;
}

/** What a mask does to one row. */
export interface RowMask {
  /** All sign bits of the row are inverted. */
  readonly inverted: boolean;
  /** By index of the group within the row; groups that only follow the row are absent. */
  readonly groups: ReadonlyMap<number, GroupMask>;
}

/** By tensor name and row; what is unchanged is absent. */
export type Mask = ReadonlyMap<string, ReadonlyMap<number, RowMask>>;

/** The mask of the base model itself. */
export const emptyMask: Mask = new Map();

/**
 * Composes the mask of a *set* of patches: the XOR of their flips, a patch given twice counting once. Order does not
 * matter. Throws BASE_MISMATCH when the patches are for different base models.
 */
export function composeMask(patches: Iterable<Patch>): Mask {
  return maskOf(flipsOfSet(patches));
}

/** Makes the mask of a sequence of flips, where a flip made twice is undone. */
export function maskOf(flips: Iterable<Flip>): Mask {
  const mask: MutableMask = new Map();
  for (const flip of flips) toggle(mask, flip);
  return normalize(mask);
}

/** XORs two masks: what leads from the model under one to the model under the other. */
export function xorMasks(a: Mask, b: Mask): Mask {
  return maskOf(
    (function* () {
      yield* unorderedFlips(a);
      yield* unorderedFlips(b);
    })(),
  );
}

/** Lists the flips that a mask amounts to, in canonical order. */
export function maskFlips(mask: Mask): Flip[] {
  return [...unorderedFlips(mask)].sort(compareFlips);
}

/** Tells whether two masks make the same change. */
export function masksEqual(a: Mask, b: Mask): boolean {
  return isEmptyMask(xorMasks(a, b));
}

/** Tells whether a mask changes nothing. */
export function isEmptyMask(mask: Mask): boolean {
  return mask.size === 0;
}

/** Counts the flips that a mask amounts to. */
export function countFlips(mask: Mask): number {
  let count = 0;
  for (const _flip of unorderedFlips(mask)) count += 1;
  return count;
}

/** Bits of an fp16 scale. */
const SCALE_BITS = 16;

type MutableGroup = { inverted: boolean; scaleXor: number };
type MutableRow = { inverted: boolean; groups: Map<number, MutableGroup> };
type MutableMask = Map<string, Map<number, MutableRow>>;

function* flipsOfSet(patches: Iterable<Patch>): Iterable<Flip> {
  const seen = new Set<PatchId>();
  let first: Patch | undefined;
  for (const patch of patches) {
    first ??= patch;
    if (patch.base !== first.base) throw differentBases(first, patch);
    const id = patchId(patch);
    if (!seen.has(id)) yield* patchFlips(patch);
    seen.add(id);
  }
}

function toggle(mask: MutableMask, flip: Flip): void {
  const row = getOrAdd(
    getOrAdd(mask, flip.tensor, () => new Map<number, MutableRow>()),
    flip.row,
    (): MutableRow => ({ inverted: false, groups: new Map() }),
  );
  if (flip.kind === 'row') {
    row.inverted = !row.inverted;
    return;
  }
  const group = getOrAdd(row.groups, flip.group, () => ({ inverted: false, scaleXor: 0 }));
  if (flip.kind === 'group') group.inverted = !group.inverted;
  else group.scaleXor ^= 1 << flip.bit;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}

function normalize(mask: MutableMask): Mask {
  for (const [tensor, rows] of mask) {
    for (const [rowIndex, row] of rows) {
      for (const [groupIndex, group] of row.groups) {
        if (!group.inverted && group.scaleXor === 0) row.groups.delete(groupIndex);
      }
      if (!row.inverted && row.groups.size === 0) rows.delete(rowIndex);
    }
    if (rows.size === 0) mask.delete(tensor);
  }
  return mask;
}

function* unorderedFlips(mask: Mask): Iterable<Flip> {
  for (const [tensor, rows] of mask) {
    for (const [row, { inverted, groups }] of rows) {
      if (inverted) yield { kind: 'row', tensor, row };
      for (const [group, groupMask] of groups) {
        if (groupMask.inverted) yield { kind: 'group', tensor, row, group };
        for (let bit = 0; bit < SCALE_BITS; bit++) {
          if ((groupMask.scaleXor >> bit) & 1) yield { kind: 'scale-bit', tensor, row, group, bit };
        }
      }
    }
  }
}

function differentBases(a: Patch, b: Patch): CompatibilityError {
  return new CompatibilityError(
    'BASE_MISMATCH',
    `Cannot compose patch ${patchId(a)} with patch ${patchId(b)}: they are for different base models, ${a.base} and ${b.base}`,
    { hint: 'Compose patches that were searched on the same base model.', data: { bases: [a.base, b.base] } },
  );
}
