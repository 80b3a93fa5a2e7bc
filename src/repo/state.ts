/**
 * Owns the state that a commit is: which patch files its tree has, and what lies beside them as evidence.
 *
 *     patches/ab/cdef….json                      a patch's canonical bytes; its path is its id, split 2 / 62
 *     evidence/ab/cdef…/<kind>.<digest>.json     what that patch rests on
 */
import { RepositoryError } from '../errors.js';
import { isPatchId, type PatchId, sha256Hex } from '../patch/ids.js';
import { assertPatchId, decodePatch, type Patch } from '../patch/patch.js';
import { reportingAtOnce } from './git-error.js';
import type { CommitId, ObjectId } from './ids.js';
import { blobAt, entryAt, isFile, misplaced } from './object.js';
import type { Repository } from './repository.js';
import { treeAt, type TreeEntry } from './tree.js';

/** How the files of each kind of evidence end: statements (DSSE envelopes) by what they say, what these name, public keys. */
const extensions = {
  search: 'json',
  import: 'json',
  derivation: 'json',
  evaluation: 'json',
  review: 'json',
  revocation: 'json',
  probes: 'json',
  text: 'txt',
  key: 'json',
} as const;

export type EvidenceKind = keyof typeof extensions;

/** Tells whether a kind of evidence has a place in the tree. */
export const isEvidenceKind = (kind: string): kind is EvidenceKind => Object.hasOwn(extensions, kind);

/** A file that a patch rests on. */
export interface EvidenceFile {
  readonly kind: EvidenceKind;
  /** SHA-256 of the bytes, but for a `key` the key's id. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** The path of a patch in the tree. */
export const patchPath = (id: PatchId): string => `patches/${id.slice(0, 2)}/${id.slice(2)}.json`;

/** The path of one piece of a patch's evidence in the tree. */
export const evidencePath = (id: PatchId, file: Pick<EvidenceFile, 'kind' | 'digest'>): string =>
  `${evidenceDirectory(id)}/${file.kind}.${file.digest}.${extensions[file.kind]}`;

/** The directory of a patch's evidence in the tree. */
export const evidenceDirectory = (id: PatchId): string => `evidence/${id.slice(0, 2)}/${id.slice(2)}`;

/** The change of a tree that takes patches away, with their evidence. */
export const removal = (ids: readonly PatchId[]): Map<string, TreeEntry | undefined> =>
  new Map(ids.flatMap((id) => [patchPath(id), evidenceDirectory(id)]).map((path) => [path, undefined]));

/** The patch whose file a path is, or undefined. */
export function patchAtPath(path: string): PatchId | undefined {
  const match = /^patches\/([0-9a-f]{2})\/([0-9a-f]{62})\.json$/.exec(path);
  const id = match ? match[1] + match[2] : '';
  return isPatchId(id) ? id : undefined;
}

/** The patch whose evidence a path belongs to, by a name that evidence can have, or undefined. */
export function patchOfEvidence(path: string): PatchId | undefined {
  const [, folder, rest, name] = /^evidence\/([0-9a-f]{2})\/([0-9a-f]{62})\/([^/]+)$/.exec(path) ?? [];
  return name !== undefined && parseEvidenceName(name) ? ((folder + rest) as PatchId) : undefined;
}

/** Lists the patches of a commit's state in the order of their ids. Reads trees only. Throws REPOSITORY_CORRUPT. */
export const readState = async (repository: Repository, commit: CommitId): Promise<PatchId[]> =>
  stateAt(repository, commit);

/** Lists the patches of a commit's state as `readState` does, at once. */
export function stateAt(repository: Repository, commit: CommitId): PatchId[] {
  const top = entryAt(repository, commit, 'patches');
  if (top === undefined) return [];
  if (top.type !== 'tree') throw misplaced(commit, 'patches');
  return reportingAtOnce(
    () => `read the patches of commit ${commit}`,
    () => {
      const ids: PatchId[] = [];
      for (const [folder, { oid, type }] of treeAt(repository, top.oid)) {
        if (type !== 'tree') throw misplaced(commit, `patches/${folder}`);
        for (const [name, entry] of treeAt(repository, oid)) {
          const path = `patches/${folder}/${name}`;
          const id = patchAtPath(path);
          if (id === undefined || !isFile(entry)) throw misplaced(commit, path);
          ids.push(id);
        }
      }
      return ids.sort();
    },
  );
}

/** Reads patches of a commit's state; each must be what its name says. Throws PATCH_INVALID, PATCH_ID_MISMATCH, REPOSITORY_CORRUPT. */
export async function readPatches(
  repository: Repository,
  commit: CommitId,
  ids: Iterable<PatchId>,
): Promise<Map<PatchId, Patch>> {
  const patches = new Map<PatchId, Patch>();
  for (const id of ids) {
    const entry = entryAt(repository, commit, patchPath(id));
    if (entry === undefined || !isFile(entry)) throw absentPatch(commit, id);
    patches.set(id, patchAt(repository, id, entry.oid));
  }
  return patches;
}

/** Reads a patch from its file; it must be what its name says. Throws PATCH_INVALID, PATCH_ID_MISMATCH, REPOSITORY_CORRUPT. */
export function patchAt(repository: Repository, id: PatchId, oid: ObjectId): Patch {
  const patch = repository.patches.recall(oid, () => decodePatch(blobAt(repository, oid)));
  assertPatchId(patch, id);
  return patch;
}

/** Lists the patches about which two commits have not the same evidence. Reads trees only. Throws REPOSITORY_CORRUPT. */
export function restatedPatches(
  repository: Repository,
  [before, after]: readonly [CommitId, CommitId],
  ids: readonly PatchId[],
): PatchId[] {
  const oidAt = (commit: CommitId, id: PatchId) => entryAt(repository, commit, evidenceDirectory(id))?.oid;
  if (before === after) return [];
  return ids.filter((id) => oidAt(before, id) !== oidAt(after, id));
}

/** Reads the evidence of one patch, in the order of file names. Throws REPOSITORY_CORRUPT when a digest is wrong. */
export async function readEvidence(repository: Repository, commit: CommitId, id: PatchId): Promise<EvidenceFile[]> {
  const directory = entryAt(repository, commit, evidenceDirectory(id));
  if (directory?.type !== 'tree') return [];
  const entries = reportingAtOnce(
    () => `read the evidence of patch ${id}`,
    () => treeAt(repository, directory.oid),
  );
  return [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => {
      const path = `${evidenceDirectory(id)}/${name}`;
      const named = parseEvidenceName(name);
      if (!named || !isFile(entry)) throw misplaced(commit, path);
      const file = { ...named, bytes: blobAt(repository, entry.oid) };
      if (file.kind !== 'key' && sha256Hex(file.bytes) !== file.digest) throw changedEvidence(path);
      return file;
    });
}

function parseEvidenceName(name: string): Pick<EvidenceFile, 'kind' | 'digest'> | undefined {
  const [, kind, digest, extension] = /^([a-z]+)\.([0-9a-f]{64})\.([a-z]+)$/.exec(name) ?? [];
  const isKnown =
    kind !== undefined && Object.hasOwn(extensions, kind) && extensions[kind as EvidenceKind] === extension;
  return isKnown ? { kind: kind as EvidenceKind, digest } : undefined;
}

function absentPatch(commit: CommitId, id: PatchId): RepositoryError {
  return new RepositoryError('UNKNOWN_REVISION', `Commit ${commit.slice(0, 10)} has no patch ${id}`, {
    hint: 'Use "bankai log" to see which commit added it.',
  });
}

function changedEvidence(path: string): RepositoryError {
  return new RepositoryError('REPOSITORY_CORRUPT', `The content of ${path} is not what its name says`, {
    hint: 'Restore the file from history with "git checkout <commit> -- <path>", and commit it.',
    data: { path },
  });
}
