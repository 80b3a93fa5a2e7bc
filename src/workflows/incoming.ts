/**
 * Owns the verification of what a remote sent, before anything of it counts: every new commit with its trees and files,
 * every patch by its id, every statement by its signature. What is wrong is refused as a whole, with its own error.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BankaiError, CompatibilityError, RepositoryError } from '../errors.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import { decodePatch } from '../patch/patch.js';
import { DESCRIPTOR_PATH, readDescriptor } from '../repo/descriptor.js';
import { reporting } from '../repo/git-error.js';
import type { CommitId, ObjectId } from '../repo/ids.js';
import { findEntry, isFile, misplaced, readBlob, readCommit } from '../repo/object.js';
import type { Repository } from '../repo/repository.js';
import { isSafeName } from '../repo/safe-name.js';
import { patchAtPath, patchOfEvidence } from '../repo/state.js';
import { readTree, type TreeEntry } from '../repo/tree.js';
import { assertNotForged } from './evidence.js';

/** What came in, when all of it is good. */
export interface Incoming {
  readonly commits: number;
  readonly patches: readonly PatchId[];
  /** Those among them about which nobody signed a statement. */
  readonly unsigned: readonly PatchId[];
}

/** How deep and how large what is new in a commit may be: a few trees, each many times in the next, look like a full disk. */
const DEPTH_LIMIT = 64;
const ENTRY_LIMIT = 1_000_000;

export interface IncomingOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Verifies everything that `tips` reach and `known` do not. Throws PATCH_INVALID, PATCH_ID_MISMATCH, BASE_MISMATCH,
 * SIGNATURE_INVALID, TREE_UNSAFE, REPOSITORY_CORRUPT (an object missing or damaged, a file that is no patch).
 */
export async function verifyIncoming(
  view: Repository,
  tips: readonly CommitId[],
  known: readonly CommitId[],
  { signal, onProgress }: IncomingOptions = {},
): Promise<Incoming> {
  const commits = await newCommits(view, tips, known);
  const patches = new Set<PatchId>();
  const unsigned = new Set<PatchId>();
  const verified = new Set<string>();
  for (const [i, id] of commits.entries()) {
    signal?.throwIfAborted();
    try {
      const found = await verifyCommit(view, id, verified);
      for (const patch of found.patches) patches.add(patch);
      for (const patch of found.unsigned) unsigned.add(patch);
    } catch (error) {
      throw error instanceof BankaiError ? refused(error, id) : error;
    }
    onProgress?.(i + 1, commits.length);
    // All of this is synchronous: signals get through here.
    await nextTurn();
  }
  return { commits: commits.length, patches: [...patches].sort(), unsigned: [...unsigned].sort() };
}

/** The commits that `tips` reach and `known` do not, parents first. */
async function newCommits(
  view: Repository,
  tips: readonly CommitId[],
  known: readonly CommitId[],
): Promise<CommitId[]> {
  const seen = new Set<CommitId>();
  const old = [...known];
  for (let id = old.pop(); id !== undefined; id = old.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    old.push(...(await readCommit(view, id)).parents);
  }
  const found: CommitId[] = [];
  const pending: { id: CommitId; visited: boolean }[] = tips.map((id) => ({ id, visited: false }));
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    if (step.visited) found.push(step.id);
    if (step.visited || seen.has(step.id)) continue;
    seen.add(step.id);
    const { parents } = await readCommit(view, step.id);
    pending.push({ id: step.id, visited: true }, ...parents.map((id) => ({ id, visited: false })));
  }
  return found;
}

/** Verifies a commit whose parents were; `verified` remembers `<path> <object>` of files, so that each is read once. */
async function verifyCommit(
  view: Repository,
  id: CommitId,
  verified: Set<string>,
): Promise<{ patches: PatchId[]; unsigned: PatchId[] }> {
  const { tree, parents } = await readCommit(view, id);
  const before = parents.length > 0 ? (await readCommit(view, parents[0])).tree : undefined;
  const walk: Walk = { view, files: [], entries: 0 };
  await reporting(`read the tree of commit ${id.slice(0, 10)}`, () => collectFiles(walk, tree, before));
  const changed = walk.files.filter(([path, { oid }]) => !verified.has(`${path} ${oid}`));
  const base = await baseOf(view, id, parents);
  const touched = new Set<PatchId>();
  const patches: PatchId[] = [];
  for (const [path, { oid }] of changed) {
    const bytes = await readBlob(view, oid);
    const patch = patchAtPath(path) ?? patchOfEvidence(path);
    if (patch === undefined && /^(patches|evidence)(\/|$)/.test(path)) throw misplaced(id, path);
    if (patch !== undefined) touched.add(patch);
    if (patchAtPath(path) === undefined || patch === undefined) continue;
    const decoded = decodePatch(bytes, patch);
    if (base !== undefined && decoded.base !== base) throw foreign(path, decoded.base, base);
    patches.push(patch);
  }
  // With what lies beside it: a statement and the key it is signed with need not have come with the same commit.
  const unsigned = await assertNotForged(view, id, [...touched], base);
  for (const [path, { oid }] of changed) verified.add(`${path} ${oid}`);
  return { patches, unsigned: unsigned.filter((patch) => patches.includes(patch)) };
}

/** A walk through the trees of a commit. */
interface Walk {
  readonly view: Repository;
  /** Files that its first parent does not have. */
  readonly files: [path: string, entry: TreeEntry][];
  /** Entries that were looked at. */
  entries: number;
}

/** Lists the files of a tree that are not the same in `before`. Throws TREE_UNSAFE. */
async function collectFiles(
  walk: Walk,
  oid: ObjectId,
  before: ObjectId | undefined,
  directories: readonly string[] = [],
): Promise<void> {
  if (oid === before) return;
  const old = await readTree(walk.view, before);
  for (const [name, entry] of await readTree(walk.view, oid)) {
    const path = [...directories, name].join('/');
    if (!isSafeName(name)) throw unsafe(path, 'is no name for a file');
    if (++walk.entries > ENTRY_LIMIT) throw unsafe(path, `is one of more than ${ENTRY_LIMIT} entries`);
    const was = old.get(name);
    if (entry.type === 'tree') {
      if (directories.length >= DEPTH_LIMIT) throw unsafe(path, `is more than ${DEPTH_LIMIT} directories deep`);
      const beforeIt = was?.type === 'tree' ? was.oid : undefined;
      await collectFiles(walk, entry.oid, beforeIt, [...directories, name]);
    } else {
      if (!isFile(entry)) throw unsafe(path, entry.type === 'commit' ? 'is a submodule' : 'is a symlink');
      if (was?.oid !== entry.oid || was.mode !== entry.mode) walk.files.push([path, entry]);
    }
  }
}

/** The base model of a commit: that of its parents. Throws BASE_MISMATCH, REPOSITORY_CORRUPT. */
async function baseOf(view: Repository, id: CommitId, parents: readonly CommitId[]): Promise<WeightsId | undefined> {
  const descriptor = await findEntry(view, id, DESCRIPTOR_PATH);
  for (const parent of parents) {
    const before = await findEntry(view, parent, DESCRIPTOR_PATH);
    if (before === undefined || before.oid === descriptor?.oid) continue;
    const fact = `it changes ${DESCRIPTOR_PATH}, but a repository has one base model for good`;
    throw new CompatibilityError('BASE_MISMATCH', fact, { data: { parent } });
  }
  return descriptor === undefined ? undefined : (await readDescriptor(view, id)).base.weightsId;
}

/** The same error, which says where it was found and what that means. */
function refused(error: BankaiError, commit: CommitId): BankaiError {
  const kind = error.constructor as new (...rest: ConstructorParameters<typeof RepositoryError>) => BankaiError;
  return new kind(error.code as 'REPOSITORY_CORRUPT', `Refused commit ${commit.slice(0, 10)}: ${error.message}`, {
    hint: 'Nothing was changed: no branch was moved and nothing of it was kept. Tell whoever looks after the remote.',
    data: { ...error.data, commit },
    cause: error,
  });
}

function unsafe(path: string, fact: string): RepositoryError {
  return new RepositoryError('TREE_UNSAFE', `its tree has "${path}", which ${fact}`, { data: { path } });
}

function foreign(path: string, theirs: string, ours: string): CompatibilityError {
  const fact = `"${path}" is for base model ${theirs.slice(0, 12)}, the repository for ${ours.slice(0, 12)}`;
  return new CompatibilityError('BASE_MISMATCH', fact, { data: { theirs, ours } });
}
