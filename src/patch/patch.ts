/**
 * Owns the patch: a set of flips bound to one base model, its canonical bytes and its id (FORMAT.md, "Patch").
 *
 * A patch holds what it changes and nothing else. No name, author or time: the same change has the same id, whoever
 * found it and whenever; everything said *about* a patch is a statement that names it by id.
 */
import { FormatError } from '../errors.js';
import { schemaViolation } from '../schema.js';
import { canonicalBytes, decodeCanonical } from './canonical.js';
import { compareFlips, type Flip } from './flip.js';
import { type PatchId, sha256Hex, type WeightsId } from './ids.js';

export const PATCH_FORMAT = 'bankai.patch/v1';

/** Bytes of the largest patch file: some two million row flips. */
export const PATCH_BYTE_LIMIT = 16 * 2 ** 20;

/** The flips of one tensor. A list is absent when empty, else ascending (by first number, then next) without repeats. */
export interface TensorFlips {
  readonly rows?: readonly number[];
  /** [row, group of the row] */
  readonly groups?: readonly (readonly [number, number])[];
  /** [row, group of the row, bit of the group's scale] */
  readonly scaleBits?: readonly (readonly [number, number, number])[];
}

/** A patch as it stands in its file. Made by `createPatch` and `decodePatch` only, which see to the order of its lists. */
export interface Patch {
  readonly format: typeof PATCH_FORMAT;
  readonly base: WeightsId;
  /** By tensor name. Names come from files ("constructor" is one): use `Object.entries`, never an index. */
  readonly flips: { readonly [tensor: string]: TensorFlips };
}

/**
 * Creates the patch that makes these flips on this base. Flips are a set: one given twice counts once (what cancels is a
 * matter of masks). Throws PATCH_INVALID when there is none or one cannot be: a negative row, scale bit 11.
 */
export function createPatch(base: WeightsId, flips: Iterable<Flip>): Patch {
  const patch = arrange(base, flips);
  const violation = schemaViolation('patch', patch);
  if (violation !== undefined) throw invalid(`would be invalid: ${violation}`);
  return patch;
}

/** Lists a patch's flips in canonical order. */
export function patchFlips(patch: Patch): Flip[] {
  return Object.entries(patch.flips)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([tensor, { rows = [], groups = [], scaleBits = [] }]): Flip[] => [
      ...rows.map((row): Flip => ({ kind: 'row', tensor, row })),
      ...groups.map(([row, group]): Flip => ({ kind: 'group', tensor, row, group })),
      ...scaleBits.map(([row, group, bit]): Flip => ({ kind: 'scale-bit', tensor, row, group, bit })),
    ]);
}

/** Counts a patch's flips. */
export function countPatchFlips(patch: Patch): number {
  let count = 0;
  for (const { rows, groups, scaleBits } of Object.values(patch.flips)) {
    count += (rows?.length ?? 0) + (groups?.length ?? 0) + (scaleBits?.length ?? 0);
  }
  return count;
}

/** Encodes a patch as the canonical bytes of its file. */
export function encodePatch(patch: Patch): Uint8Array {
  return canonicalBytes(patch);
}

/** Computes a patch's id: the SHA-256 of its canonical bytes. */
export function patchId(patch: Patch): PatchId {
  let id = knownIds.get(patch);
  if (id === undefined) knownIds.set(patch, (id = idOf(encodePatch(patch))));
  return id;
}

/** Patches do not change, and each is asked for its id again and again. */
const knownIds = new WeakMap<Patch, PatchId>();

/** Asserts that a patch is the one that its file's name says. Throws PATCH_ID_MISMATCH. */
export function assertPatchId(patch: Patch, expectedId: PatchId): void {
  const id = patchId(patch);
  if (id === expectedId) return;
  throw new FormatError('PATCH_ID_MISMATCH', `Patch file holds patch ${id}, not patch ${expectedId} as its name says`, {
    hint: 'The file was renamed or changed. Restore it from git history or from where it was published.',
    data: { id, expectedId },
  });
}

/**
 * Decodes a patch file and accepts only the bytes that `encodePatch` makes. Throws PATCH_INVALID for anything else, and
 * PATCH_ID_MISMATCH for a good patch that is not the expected one.
 */
export function decodePatch(bytes: Uint8Array, expectedId?: PatchId): Patch {
  const patch = decodeCanonical(bytes, { byteLimit: PATCH_BYTE_LIMIT, schema: 'patch', fail: invalid }) as Patch;
  for (const [tensor, lists] of Object.entries(patch.flips)) {
    for (const [kind, list] of Object.entries(lists) as [string, readonly Entry[]][]) {
      if (!isAscending(list)) throw invalid(`lists the ${kind} of ${tensor} out of order or more than once`);
    }
  }
  knownIds.set(patch, idOf(bytes));
  if (expectedId !== undefined) assertPatchId(patch, expectedId);
  return patch;
}

function idOf(bytes: Uint8Array): PatchId {
  return sha256Hex(bytes) as PatchId;
}

type Entry = number | readonly number[];

function isAscending(list: readonly Entry[]): boolean {
  for (let i = 1; i < list.length; i++) {
    if (compareEntries(list[i - 1], list[i]) >= 0) return false;
  }
  return true;
}

function compareEntries(a: Entry, b: Entry): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}

function arrange(base: WeightsId, flips: Iterable<Flip>): Patch {
  const byTensor = new Map<
    string,
    { rows: number[]; groups: [number, number][]; scaleBits: [number, number, number][] }
  >();
  let previous: Flip | undefined;
  for (const flip of [...flips].sort(compareFlips)) {
    if (previous !== undefined && compareFlips(previous, flip) === 0) continue;
    previous = flip;
    let lists = byTensor.get(flip.tensor);
    if (!lists) byTensor.set(flip.tensor, (lists = { rows: [], groups: [], scaleBits: [] }));
    if (flip.kind === 'row') lists.rows.push(flip.row);
    else if (flip.kind === 'group') lists.groups.push([flip.row, flip.group]);
    else lists.scaleBits.push([flip.row, flip.group, flip.bit]);
  }
  // Object.fromEntries defines properties; assigning a tensor named "__proto__" would set the prototype instead.
  const entries = [...byTensor].map(([tensor, lists]) => [
    tensor,
    Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
  ]);
  return { format: PATCH_FORMAT, base, flips: Object.fromEntries(entries) };
}

function invalid(problem: string, cause?: unknown): FormatError {
  return new FormatError('PATCH_INVALID', `Patch ${problem}`, {
    hint: 'Get the patch again from where it was published, or run "bankai import" on a patch of another tool.',
    cause,
  });
}
