/**
 * Owns the comparison of sets of patches, row by row: what both change, what only one does, and what cancels.
 *
 * The state that joins two sets holds the union of their *patches*; its mask is the XOR of those. So a row that two
 * different patches flip goes back to the base, while a patch that both sets hold is there once and cancels nothing.
 */
import { composeMask, type GroupMask, type Mask, type RowMask } from './mask.js';
import { type PatchId } from './ids.js';
import { parseTensorName } from './projection.js';
import { type Patch, patchId } from './patch.js';

/** A row of a tensor. */
export interface RowPlace {
  readonly tensor: string;
  readonly row: number;
}

/** How much of a row that several patches change is back at the base once they are joined. */
export type Cancellation = 'all' | 'part' | 'none';

/** A row that both sides change. */
export interface SharedRow extends RowPlace {
  readonly cancelled: Cancellation;
}

/** Rows of one layer, one projection, or of all. */
export interface OverlapCounts {
  both: number;
  /** Of `both`: wholly or partly back at the base in the union. */
  cancelled: number;
  onlyA: number;
  onlyB: number;
}

/** Two sets of patches compared; rows in canonical order, plain data. */
export interface Overlap {
  readonly both: readonly SharedRow[];
  readonly onlyA: readonly RowPlace[];
  readonly onlyB: readonly RowPlace[];
  readonly total: Readonly<OverlapCounts>;
  /** Ascending; embeddings and head come last as "other". */
  readonly byLayer: readonly Readonly<{ layer: number | 'other' } & OverlapCounts>[];
  readonly byProjection: readonly Readonly<{ projection: string } & OverlapCounts>[];
}

/** A row that two or more patches of one set change. */
export interface ContestedRow extends SharedRow {
  /** The patches that change it, ascending. */
  readonly patches: readonly PatchId[];
}

/** Compares two sets of patches. Throws BASE_MISMATCH when they are not all for one base model. */
export function overlap(a: Iterable<Patch>, b: Iterable<Patch>): Overlap {
  const [patchesA, patchesB] = [[...a], [...b]];
  const [maskA, maskB] = [composeMask(patchesA), composeMask(patchesB)];
  const union = composeMask([...patchesA, ...patchesB]);
  const rowsA = rowsOf(maskA);
  const both = rowsA
    .filter((place) => rowMask(maskB, place))
    .map((place) => ({ ...place, cancelled: cancellation(union, place, [maskA, maskB]) }));
  const onlyA = rowsA.filter((place) => !rowMask(maskB, place));
  const onlyB = rowsOf(maskB).filter((place) => !rowMask(maskA, place));
  const rows = { both, onlyA, onlyB };
  return {
    ...rows,
    total: count(rows, () => 'all').get('all') ?? noRows(),
    byLayer: [...count<number | 'other'>(rows, ({ tensor }) => parseTensorName(tensor).layer ?? 'other')]
      .map(([layer, counts]) => ({ layer, ...counts }))
      .sort((x, y) => layerRank(x.layer) - layerRank(y.layer)),
    byProjection: [...count(rows, ({ tensor }) => parseTensorName(tensor).projection)]
      .map(([projection, counts]) => ({ projection, ...counts }))
      .sort((x, y) => compareText(x.projection, y.projection)),
  };
}

/**
 * Lists the rows that two or more patches of one set change, in canonical order, and what of them is cancelled: people
 * must be told, because a cancelled flip does nothing. Throws BASE_MISMATCH.
 */
export function cancellations(patches: Iterable<Patch>): ContestedRow[] {
  const byId = new Map([...patches].map((patch) => [patchId(patch), patch]));
  const union = composeMask(byId.values());
  const contested = new Map<string, RowPlace & { touched: { id: PatchId; mask: Mask }[] }>();
  for (const [id, patch] of byId) {
    const mask = composeMask([patch]);
    for (const place of rowsOf(mask)) {
      const key = `${place.row} ${place.tensor}`;
      const entry = contested.get(key);
      if (entry) entry.touched.push({ id, mask });
      else contested.set(key, { ...place, touched: [{ id, mask }] });
    }
  }
  return [...contested.values()]
    .filter(({ touched }) => touched.length > 1)
    .sort(comparePlaces)
    .map(({ tensor, row, touched }) => ({
      tensor,
      row,
      cancelled: cancellation(
        union,
        { tensor, row },
        touched.map(({ mask }) => mask),
      ),
      patches: touched.map(({ id }) => id).sort(compareText),
    }));
}

/** Judges a row cell by cell: the row at large, each group that is changed apart from it, each bit of a scale. */
function cancellation(union: Mask, place: RowPlace, sides: readonly Mask[]): Cancellation {
  const after = rowMask(union, place);
  if (!after) return 'all';
  const rows = sides.map((side) => rowMask(side, place)).filter((row) => row !== undefined);
  const groups = new Set(rows.flatMap((row) => [...row.groups.keys()]));
  const undone =
    (rows.some((row) => row.inverted) && !after.inverted) ||
    [...groups].some((group) => {
      const [sidesOfGroup, now] = [rows.map((row) => groupState(row, group)), groupState(after, group)];
      const scaleBits = sidesOfGroup.reduce((bits, side) => bits | side.scaleXor, 0);
      return (sidesOfGroup.some((side) => side.inverted) && !now.inverted) || (scaleBits & ~now.scaleXor) !== 0;
    });
  return undone ? 'part' : 'none';
}

/** What a group's bits are in the end, the inversion of its row included. */
function groupState(row: RowMask, group: number): GroupMask {
  const { inverted, scaleXor } = row.groups.get(group) ?? { inverted: false, scaleXor: 0 };
  return { inverted: inverted !== row.inverted, scaleXor };
}

function rowMask(mask: Mask, { tensor, row }: RowPlace): RowMask | undefined {
  return mask.get(tensor)?.get(row);
}

function rowsOf(mask: Mask): RowPlace[] {
  return [...mask].flatMap(([tensor, rows]) => [...rows.keys()].map((row) => ({ tensor, row }))).sort(comparePlaces);
}

function comparePlaces(a: RowPlace, b: RowPlace): number {
  return compareText(a.tensor, b.tensor) || a.row - b.row;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function layerRank(layer: number | 'other'): number {
  return layer === 'other' ? Number.MAX_SAFE_INTEGER : layer;
}

function count<Key>(rows: Pick<Overlap, 'both' | 'onlyA' | 'onlyB'>, keyOf: (place: RowPlace) => Key) {
  const counts = new Map<Key, OverlapCounts>();
  for (const side of ['both', 'onlyA', 'onlyB'] as const) {
    for (const place of rows[side]) {
      const key = keyOf(place);
      const entry = counts.get(key) ?? noRows();
      entry[side] += 1;
      counts.set(key, entry);
    }
  }
  for (const place of rows.both) {
    const entry = counts.get(keyOf(place));
    if (entry && place.cancelled !== 'none') entry.cancelled += 1;
  }
  return counts;
}

function noRows(): OverlapCounts {
  return { both: 0, cancelled: 0, onlyA: 0, onlyB: 0 };
}
