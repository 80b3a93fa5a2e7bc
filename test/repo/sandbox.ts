/** A repository to try things in, and the real git, hermetic, beside it. */
import { join } from 'node:path';
import type { Flip } from '../../src/patch/flip.js';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import { sha256Hex } from '../../src/patch/ids.js';
import { createPatch, patchId } from '../../src/patch/patch.js';
import { readHead } from '../../src/repo/branch.js';
import { commitPatch } from '../../src/repo/commit-patch.js';
import { type CreatedRepository, createRepository } from '../../src/repo/create-repository.js';
import { createDescriptor } from '../../src/repo/descriptor.js';
import type { CommitId } from '../../src/repo/ids.js';
import { writeLocalState } from '../../src/repo/local-state.js';
import { moveHead } from '../../src/repo/move-head.js';
import type { Repository } from '../../src/repo/repository.js';
import { rootCommit } from '../../src/repo/resolve.js';
import type { EvidenceFile } from '../../src/repo/state.js';
import { temporaryDirectory } from '../paths.js';

export { runGit } from './run-git.js';

export const weights = 'ab'.repeat(32) as WeightsId;

export const descriptor = createDescriptor(weights, [
  { name: 'blk.0.ffn_up.weight', type: 'Q1_0', shape: [128, 4096], sha256: '12'.repeat(32) },
  { name: 'blk.0.attn_norm.weight', type: 'F32', shape: [128], sha256: '34'.repeat(32) },
]);

/** Makes the local state that `init` ends with; the model itself is of no interest here. */
export async function completeInit({ repository, root }: CreatedRepository): Promise<void> {
  await writeLocalState(repository, {
    format: 'bankai.state/v1',
    model: 'working.gguf',
    weightsId: weights,
    root,
    patches: [],
    file: { device: '1', inode: '2', byteLength: 3, modifiedNs: '4' },
  });
}

/** Makes an initialised repository on `main` at its root. */
export async function newRepository(directory = join(temporaryDirectory(), 'repository')): Promise<Repository> {
  const created = await createRepository({ directory, descriptor, model: 'working.gguf' });
  await completeInit(created);
  return created.repository;
}

/** A patch that flips one row, so that every number is another patch. */
export const patchOf = (row: number) =>
  createPatch(weights, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row } satisfies Flip]);

export const idOf = (row: number): PatchId => patchId(patchOf(row));

/** Some evidence, different for every text. */
export function evidence(text: string): EvidenceFile[] {
  const bytes = Buffer.from(JSON.stringify({ text }));
  return [
    { kind: 'search', digest: sha256Hex(bytes), bytes },
    { kind: 'key', digest: 'cd'.repeat(32), bytes: Buffer.from('{"key":1}') },
  ];
}

/** Commits the patch that flips a row onto a branch: a new one starts at the base, without one HEAD's goes on. */
export async function commitRow(repository: Repository, row: number, newBranch?: string): Promise<CommitId> {
  const head = await readHead(repository);
  const parent = newBranch === undefined ? head.commit : await rootCommit(repository);
  const to = await commitPatch(repository, {
    parent,
    patch: patchOf(row),
    evidence: evidence(`row ${row}`),
    message: `row ${row}\n`,
    author: { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000 + row, timezoneOffset: -60 },
  });
  await moveHead(repository, { from: head.commit, to, branch: newBranch ?? head.branch });
  return to;
}
