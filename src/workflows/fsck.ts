/** Owns `bankai fsck`: the whole repository examined, git's side of it and ours, and what is wrong with it. */
import { findFaults, findUnexpected } from '../checkout/verify.js';
import { assertNotLinked } from '../checkout/model-file.js';
import { BankaiError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { assertPatchFits, type ShapeOf } from '../patch/validate.js';
import { checkObjects } from '../repo/check-objects.js';
import { DESCRIPTOR_PATH, readDescriptor } from '../repo/descriptor.js';
import type { CommitId } from '../repo/ids.js';
import { reporting } from '../repo/git-error.js';
import { type LocalState, modelPath, readLocalState } from '../repo/local-state.js';
import { readModelCommit } from '../repo/model-ref.js';
import { findEntry, readCommit } from '../repo/object.js';
import { openRepository, type Repository } from '../repo/repository.js';
import { patchAtPath, readPatches, readState } from '../repo/state.js';
import { readTree, type TreeEntry } from '../repo/tree.js';
import { checkEvidence, filesNamedBy } from './evidence.js';
import { appliedMask, openWorkspace, shapesOf, withModel, type Workspace } from './workspace.js';

/** Something that is not as it must be. */
export interface FsckFinding {
  readonly area: 'object' | 'pack' | 'ref' | 'index' | 'patch' | 'evidence' | 'base' | 'state' | 'model';
  /** An id, a ref, a path. */
  readonly subject: string;
  readonly problem: string;
}

export interface FsckOutcome {
  readonly ok: boolean;
  readonly objects: number;
  /** Objects that nothing leads to: harmless. */
  readonly unreachable: number;
  readonly commits: number;
  /** Different patches in the whole history. */
  readonly patches: number;
  readonly findings: readonly FsckFinding[];
  readonly recovered?: string;
}

type Report = (area: FsckFinding['area'], subject: string, problem: string) => void;

/**
 * Examines a repository: what `git fsck --strict --full` examines (without git), and every patch, statement and descriptor
 * of the history, the local state, and every byte of the working model. Throws NOT_A_REPOSITORY, REPOSITORY_UNSUPPORTED,
 * IO; all else is a finding.
 */
export async function fsck(
  directory: string,
  onProgress?: (what: 'objects' | 'model', done: number, total: number) => void,
): Promise<FsckOutcome> {
  const repository = await openRepository(directory);
  const findings: FsckFinding[] = [];
  const report: Report = (area, subject, problem) => findings.push({ area, subject, problem });
  const workspace = await attempt(report, 'state', '.git/bankai', () => openWorkspace(directory));
  const state = workspace?.state ?? (await readLocalState(repository).catch(() => undefined));
  const census = checkObjects(repository, (done, total) => onProgress?.('objects', done, total));
  findings.push(...census.problems);
  const shapes = state && (await attempt(report, 'model', state.model, () => modelShapes(repository, state)));
  const patches = await checkHistory(repository, census.commits, state, shapes, report);
  if (workspace) {
    await attempt(report, 'model', workspace.state.model, () =>
      checkModel(workspace, report, (done, total) => onProgress?.('model', done, total)),
    );
  }
  return {
    ok: findings.length === 0,
    objects: census.objects,
    unreachable: census.unreachable,
    commits: census.commits.length,
    patches,
    findings,
    ...(workspace?.recovered !== undefined && { recovered: workspace.recovered }),
  };
}

const modelShapes = (repository: Repository, state: LocalState): Promise<ShapeOf> =>
  withModel(modelPath(repository, state), ({ gguf }) => shapesOf(gguf));

/** Runs a check; an error of ours, or of the repository's content, is a finding. */
async function attempt<T>(
  report: Report,
  area: FsckFinding['area'],
  subject: string,
  action: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await reporting(`examine ${subject}`, action);
  } catch (error) {
    const isOurs = error instanceof BankaiError && error.code !== 'REPOSITORY_LOCKED';
    if (!isOurs) throw error;
    report(area, subject, error.message);
    return undefined;
  }
}

/** Examines every patch, every piece of evidence and every descriptor that any commit has, each once. → patches */
async function checkHistory(
  repository: Repository,
  commits: readonly CommitId[],
  state: LocalState | undefined,
  shapes: ShapeOf | undefined,
  report: Report,
): Promise<number> {
  const seen = new Set<string>();
  const patches = new Set<PatchId>();
  /** Tells whether something under a name has not been looked at yet. */
  const isNew = (path: string, { oid }: TreeEntry): boolean =>
    !seen.has(path + oid) && seen.add(path + oid) !== undefined;
  for (const id of commits) {
    await attempt(report, 'object', id, async () => {
      const descriptor = await findEntry(repository, id, DESCRIPTOR_PATH);
      if (descriptor === undefined) return;
      if (isNew(DESCRIPTOR_PATH, descriptor)) await checkBase(repository, id, state, report);
      for (const [path, entry] of await newFiles(repository, id, 'patches', isNew)) {
        const patch = patchAtPath(path);
        if (patch === undefined) report('patch', path, `in commit ${id} is no patch`);
        else {
          patches.add(patch);
          if (entry.type === 'blob') await checkPatch(repository, id, patch, state, shapes, report);
        }
      }
      const evidence = new Set<string>();
      for (const [path] of await newFiles(repository, id, 'evidence', isNew)) {
        const owner = /^evidence\/([0-9a-f]{2})\/([0-9a-f]{62})\/[^/]+$/.exec(path);
        if (owner) evidence.add(owner[1] + owner[2]);
        else report('evidence', path, `in commit ${id} is no evidence`);
      }
      for (const patch of evidence) await checkStatements(repository, id, patch as PatchId, state, report);
    });
  }
  return patches.size;
}

/** Lists the files below a folder of a commit that are new to us there: subtrees seen before are not read again. */
async function newFiles(
  repository: Repository,
  commit: CommitId,
  folder: string,
  isNew: (path: string, entry: TreeEntry) => boolean,
): Promise<[string, TreeEntry][]> {
  const files: [string, TreeEntry][] = [];
  const visit = async (path: string, entry: TreeEntry): Promise<void> => {
    if (!isNew(path, entry)) return;
    if (entry.type !== 'tree') files.push([path, entry]);
    else for (const [name, below] of await readTree(repository, entry.oid)) await visit(`${path}/${name}`, below);
  };
  const top = (await readTree(repository, (await readCommit(repository, commit)).tree)).get(folder);
  if (top) await visit(folder, top);
  return files;
}

async function checkBase(
  repository: Repository,
  commit: CommitId,
  state: LocalState | undefined,
  report: Report,
): Promise<void> {
  await attempt(report, 'base', `${DESCRIPTOR_PATH} in commit ${commit}`, async () => {
    const { weightsId } = (await readDescriptor(repository, commit)).base;
    if (state === undefined || weightsId === state.weightsId) return;
    report('base', commit, `is for the base model ${weightsId}, this repository for ${state.weightsId}`);
  });
}

async function checkPatch(
  repository: Repository,
  commit: CommitId,
  id: PatchId,
  state: LocalState | undefined,
  shapes: ShapeOf | undefined,
  report: Report,
): Promise<void> {
  await attempt(report, 'patch', id, async () => {
    const patch = (await readPatches(repository, commit, [id])).get(id);
    if (patch && state && shapes) assertPatchFits(patch, state.weightsId, shapes);
  });
}

async function checkStatements(
  repository: Repository,
  commit: CommitId,
  id: PatchId,
  state: LocalState | undefined,
  report: Report,
): Promise<void> {
  await attempt(report, 'evidence', id, async () => {
    const { statements, files } = await checkEvidence(repository, commit, id, state?.weightsId);
    for (const check of statements) {
      if ('error' in check) report('evidence', id, `its ${check.kind} statement is wrong: ${check.error.message}`);
      else {
        for (const { name, sha256 } of filesNamedBy(check.statement)) {
          if (!files.has(sha256)) report('evidence', id, `the file ${name} that a statement names is missing`);
        }
      }
    }
  });
}

/** Examines the local state and every byte of the working model. */
async function checkModel(
  workspace: Workspace,
  report: Report,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const { repository, state, model } = workspace;
  assertNotLinked(model);
  const applied = await readState(repository, await readModelCommit(repository));
  if (applied.join() !== state.patches.join()) {
    report('state', '.git/bankai/state.json', 'names other patches than refs/bankai/model');
  }
  const mask = await appliedMask(workspace);
  const { base } = await readDescriptor(repository, state.root);
  await withModel(model, ({ source, gguf }) => {
    const total = gguf.tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const faults = findFaults(source, gguf, mask, base.tensors, (done) => onProgress(done, total));
    for (const { tensor, fault } of [...faults, ...findUnexpected(gguf, base.tensors)]) {
      report('model', tensor, fault === 'bytes' ? 'is not the base under the applied patches' : `its fault: ${fault}`);
    }
  });
}
