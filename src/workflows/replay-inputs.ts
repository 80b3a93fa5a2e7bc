/** Owns what a replay works on: the files and the patches that statements name, found by their digests. */
import { basename } from 'node:path';
import { RepositoryError } from '../errors.js';
import { type PatchId, sha256Hex } from '../patch/ids.js';
import type { Patch } from '../patch/patch.js';
import { listBranches } from '../repo/branch.js';
import type { CommitId } from '../repo/ids.js';
import { readLog } from '../repo/log.js';
import type { Repository } from '../repo/repository.js';
import { readPatches, readState } from '../repo/state.js';
import type { Statement } from '../trust/statement.js';

/** A file as a statement names it. */
export interface NamedFile {
  readonly name: string;
  readonly sha256: string;
}

/** The patches that a statement's states are made of, but for the base. */
export function patchesNamedBy({ kind, predicate }: Statement): readonly PatchId[] {
  if (kind === 'search') return predicate.parents;
  if (kind === 'derivation') return [...predicate.parents, ...(predicate.beside ?? [])];
  return kind === 'evaluation' ? [...predicate.patches, ...predicate.against] : [];
}

/** Finds the bytes of files by their digests. Throws FILE_NOT_FOUND for the first that is nowhere. */
export async function gather(
  named: readonly NamedFile[],
  pool: Map<string, Uint8Array>,
  find?: (name: string) => Promise<readonly Uint8Array[]>,
): Promise<(file: NamedFile) => Uint8Array> {
  for (const file of named) {
    if (pool.has(file.sha256)) continue;
    // The name is somebody else's: it must not lead out of where is looked.
    const others = (await find?.(basename(file.name.replaceAll('\\', '/')))) ?? [];
    for (const bytes of others) pool.set(sha256Hex(bytes), bytes);
    if (!pool.has(file.sha256)) throw notHere(file, others.map(sha256Hex));
  }
  return ({ sha256 }) => pool.get(sha256) as Uint8Array;
}

function notHere({ name, sha256 }: NamedFile, others: readonly string[]): RepositoryError {
  const changed = others.length === 0 ? '' : `; what is called so here has ${others.join(', ')}`;
  return new RepositoryError(
    'FILE_NOT_FOUND',
    `The file ${name} that a statement names is not here: sha256 ${sha256}${changed}`,
    {
      hint: 'Give it with --probes, --controls, --heldout or --text; it is told by its digest, whatever it is called.',
      data: { name, sha256 },
    },
  );
}

/** Finds patches in the state of a commit, or in the history of it or of a branch. Throws UNKNOWN_REVISION. */
export async function findPatches(
  repository: Repository,
  commit: CommitId,
  wanted: Set<PatchId>,
): Promise<Map<PatchId, Patch>> {
  const found = new Map<PatchId, Patch>();
  const take = async (at: CommitId, ids: readonly PatchId[]): Promise<void> => {
    const here = ids.filter((id) => wanted.has(id) && !found.has(id));
    for (const [id, patch] of await readPatches(repository, at, here)) found.set(id, patch);
  };
  await take(commit, await readState(repository, commit));
  const tips = [commit, ...(await listBranches(repository)).map((branch) => branch.commit)];
  for (const tip of tips) {
    if (found.size === wanted.size) return found;
    for (const entry of await readLog(repository, tip)) await take(entry.id, entry.patchesAdded);
  }
  const missing = [...wanted].find((id) => !found.has(id));
  if (missing === undefined) return found;
  throw new RepositoryError(
    'UNKNOWN_REVISION',
    `The patch ${missing.slice(0, 10)} that a statement names is not here`,
    {
      hint: 'Fetch the history in which it was made.',
      data: { patch: missing },
    },
  );
}
