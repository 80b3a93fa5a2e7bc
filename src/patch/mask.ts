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
  const mask = new Map<string, Map<number, RowMask>>();
  for (const flip of flips) {
    let rows = mask.get(flip.tensor);
    if (!rows) mask.set(flip.tensor, (rows = new Map()));
    const row = toggle(rows.get(flip.row) ?? UNCHANGED_ROW, flip);
    if (row.inverted || row.groups.size > 0) rows.set(flip.row, row);
    else rows.delete(flip.row);
  }
  for (const [tensor, rows] of mask) if (rows.size === 0) mask.delete(tensor);
  return mask;
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

const NO_GROUPS: ReadonlyMap<number, GroupMask> = new Map();
const UNCHANGED_ROW: RowMask = { inverted: false, groups: NO_GROUPS };
const INVERTED_ROW: RowMask = { inverted: true, groups: NO_GROUPS };

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

/** Toggles a flip of a row that no mask handed out yet holds; the groups of such a row are its own, or none. */
function toggle(row: RowMask, flip: Flip): RowMask {
  if (flip.kind === 'row') return row.groups.size > 0 ? { ...row, inverted: !row.inverted } : toggleBareRow(row);
  const groups = row.groups === NO_GROUPS ? new Map<number, GroupMask>() : (row.groups as Map<number, GroupMask>);
  const { inverted, scaleXor } = groups.get(flip.group) ?? { inverted: false, scaleXor: 0 };
  const group: GroupMask =
    flip.kind === 'group' ? { inverted: !inverted, scaleXor } : { inverted, scaleXor: scaleXor ^ (1 << flip.bit) };
  if (group.inverted || group.scaleXor !== 0) groups.set(flip.group, group);
  else groups.delete(flip.group);
  return { inverted: row.inverted, groups };
}

/** Rows without groups are all but every row there is: two shared objects serve them all. */
function toggleBareRow(row: RowMask): RowMask {
  return row.inverted ? UNCHANGED_ROW : INVERTED_ROW;
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
