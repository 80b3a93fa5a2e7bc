/** Owns `bankai verify`: a checklist over a stack, a patch or a file, which says of every claim whether it holds. */
import { readFile } from 'node:fs/promises';
import { findFaults, findUnexpected, type TensorFault } from '../checkout/verify.js';
import { BankaiError } from '../errors.js';
import type { Gguf } from '../gguf/read.js';
import { openFile } from '../gguf/source.js';
import { BLOCK_WEIGHTS } from '../gguf/q1-0.js';
import { composeMask, type Mask, masksEqual } from '../patch/mask.js';
import { isPatchId, type PatchId } from '../patch/ids.js';
import { decodePatch, encodePatch, type Patch, PATCH_BYTE_LIMIT, patchId } from '../patch/patch.js';
import type { ShapeOf } from '../patch/validate.js';
import type { CommitId } from '../repo/ids.js';
import { readDescriptor, type RepositoryDescriptor } from '../repo/descriptor.js';
import { readHead } from '../repo/branch.js';
import { resolveStack } from '../repo/resolve.js';
import { readPatches, readState } from '../repo/state.js';
import { readTrust } from '../trust/trust.js';
import { attempt, type Check, type CheckResult, failed, isSound } from './checklist.js';
import { findPatch } from './chosen-patches.js';
import { policiesOf } from './gate.js';
import { sourcesOf } from './patch-sources.js';
import { loadStack } from './stack.js';
import { checkBase, type Ground, type PatchVerdict, verifyPatch } from './verify-patch.js';
import { appliedMask, type OpenModel, openWorkspace, readOneBit, withModel, type Workspace } from './workspace.js';

export interface VerifyOutcome {
  readonly subject: string;
  readonly ok: boolean;
  readonly patches: readonly PatchVerdict[];
  /** What is about the stack or the file as a whole. */
  readonly checks: readonly Check[];
}

type Progress = (done: number, total: number) => void;

const short = (id: string): string => id.slice(0, 10);

/**
 * Verifies a stack, or the patch of HEAD's state whose id begins so: its bytes, what is said about it and by whom, and what
 * policies have against it; of HEAD's stack also that the working model is exactly the base under its mask. The keys in
 * `keyDirectory` are those of the person. Throws UNKNOWN_REVISION, AMBIGUOUS_REVISION, STACK_SYNTAX, NOT_A_REPOSITORY.
 */
export async function verifyStack(
  directory: string,
  expression: string,
  { keyDirectory, onProgress }: { readonly keyDirectory?: string; readonly onProgress?: Progress } = {},
): Promise<VerifyOutcome> {
  const workspace = await openWorkspace(directory);
  const checks: Check[] = [];
  const patches: PatchVerdict[] = [];
  let subject = expression;
  try {
    const { name, commitOf, isWhole } = await meant(workspace, expression);
    subject = name;
    const ground = await groundOf(workspace, keyDirectory, commitOf.keys());
    for (const [id, commit] of commitOf) patches.push(await verifyPatch(ground, id, commit));
    if (commitOf.size === 0) checks.push({ check: 'stack', result: 'none', detail: 'has no patches: it is the base' });
    if (isWhole) {
      await attempt(checks, 'model', () =>
        withModel(workspace.model, (model) => verifyModel(workspace, [...commitOf.keys()], model, onProgress)),
      );
    }
  } catch (error) {
    if (error instanceof BankaiError && isMistyped(error)) throw error;
    checks.push(failed('stack', error));
  }
  return outcome(subject, checks, patches);
}

const isMistyped = ({ code }: BankaiError): boolean =>
  code === 'UNKNOWN_REVISION' || code === 'AMBIGUOUS_REVISION' || code === 'STACK_SYNTAX' || code === 'NAME_INVALID';

async function groundOf(
  { repository, state }: Workspace,
  keyDirectory: string | undefined,
  patches: Iterable<PatchId> = [],
): Promise<Ground> {
  const { base } = await readDescriptor(repository, state.root);
  const trust = await readTrust(keyDirectory);
  return {
    repository,
    base: state.weightsId,
    shapeOf: shapesOfBase(base.tensors),
    trust,
    sources: await sourcesOf(repository, keyDirectory, trust, patches),
    policies: await policiesOf(repository, keyDirectory).catch((error: unknown) => failed('policy', error)),
  };
}

/** The shapes by which patches are judged, by what the repository says of its base: the model need not be there. */
function shapesOfBase(tensors: RepositoryDescriptor['base']['tensors']): ShapeOf {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  return (name) => {
    const tensor = byName.get(name);
    if (!tensor) return undefined;
    const { type, shape } = tensor;
    if (type !== 'Q1_0') return { type, rows: 0, groups: 0 };
    return { type, rows: shape.slice(1).reduce((a, b) => a * b, 1), groups: shape[0] / BLOCK_WEIGHTS };
  };
}

/** The patches that are meant, and a commit that has each; without reading them, for they may be damaged. */
async function meant({ repository }: Workspace, text: string) {
  const byId = await findPatch(repository, text);
  if (byId !== undefined) {
    const { commit } = await readHead(repository);
    return { name: short(byId), commitOf: new Map([[byId, commit]]), isWhole: false };
  }
  const { expression, parts, patches } = await resolveStack(repository, text);
  const commitOf = new Map<PatchId, CommitId>();
  for (const { commit } of parts) {
    const here = new Set(await readState(repository, commit));
    for (const id of patches) if (here.has(id) && !commitOf.has(id)) commitOf.set(id, commit);
  }
  return { name: expression, commitOf, isWhole: true };
}

async function verifyModel(
  workspace: Workspace,
  patches: readonly PatchId[],
  { source, gguf }: OpenModel,
  onProgress?: Progress,
): Promise<{ result?: CheckResult; detail: string }> {
  const { repository, state } = workspace;
  const { commit } = await readHead(repository);
  const head = await readState(repository, commit);
  if (head.join() !== [...patches].sort().join()) {
    return { result: 'none', detail: 'holds another stack: check this one out to verify its bytes' };
  }
  const applied = await appliedMask(workspace);
  const wanted = composeMask((await readPatches(repository, commit, head)).values());
  if (!masksEqual(applied, wanted)) {
    return { result: 'bad', detail: 'holds other patches than HEAD: run "bankai checkout HEAD"' };
  }
  const { base } = await readDescriptor(repository, state.root);
  const bytes = gguf.tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const faults = allFaults(source, gguf, applied, base.tensors, (done) => onProgress?.(done, bytes));
  return judged(faults, `is the base XOR the mask, bit for bit, in ${gguf.tensors.length} tensors`);
}

/** Verifies a patch file, or an exported model, against the repository. Throws NOT_A_REPOSITORY, FILE_NOT_FOUND, IO. */
export async function verifyFile(
  directory: string,
  file: { path: string; name: string },
  { onProgress }: { readonly onProgress?: Progress } = {},
): Promise<VerifyOutcome> {
  const workspace = await openWorkspace(directory);
  const checks: Check[] = [];
  const source = openFile(file.path);
  try {
    const magic = new Uint8Array(Math.min(4, source.size));
    source.readInto(magic, 0);
    if (Buffer.from(magic).toString('latin1') !== 'GGUF') await verifyPatchFile(workspace, file, source.size, checks);
    else await verifyExport(workspace, { source, gguf: readOneBit(source) }, checks, onProgress);
  } catch (error) {
    checks.push(failed('file', error));
  } finally {
    source.close();
  }
  return outcome(file.name, checks, []);
}

async function verifyPatchFile(
  workspace: Workspace,
  { path }: { path: string },
  size: number,
  checks: Check[],
): Promise<void> {
  const patch = await attempt(checks, 'bytes', async () => {
    if (size > PATCH_BYTE_LIMIT) {
      return { result: 'bad', detail: `it is ${size} bytes long, more than ${PATCH_BYTE_LIMIT}` };
    }
    const value = decodePatch(await readFile(path));
    return { value, detail: `canonical JSON, ${encodePatch(value).length} bytes` };
  });
  if (!patch) return;
  checks.push({ check: 'id', result: 'good', detail: patchId(patch) });
  checks.push(await checkBase(await groundOf(workspace, undefined), patch));
}

async function verifyExport(
  { repository, state }: Workspace,
  { source, gguf }: OpenModel,
  checks: Check[],
  onProgress?: Progress,
): Promise<void> {
  const { metadata } = gguf;
  const ids = metadata.has('bankai.patches') ? metadata.texts('bankai.patches') : [];
  const base = metadata.has('bankai.base') ? metadata.text('bankai.base') : undefined;
  checks.push({
    check: 'base',
    result: base === undefined || base === state.weightsId ? 'good' : 'bad',
    detail: base === undefined ? 'not named: judged as an unpatched base' : `${short(base)} by its own word`,
  });
  const mask = await attempt(checks, 'patches', async () => {
    const stack = metadata.has('bankai.stack') ? metadata.text('bankai.stack') : 'base';
    const loaded = await loadStack(repository, ids.length > 0 ? stack : 'base');
    const named = ids.filter(isPatchId);
    const known = named.length === ids.length && named.every((id) => loaded.loaded.has(id));
    if (!known) return { result: 'bad', detail: `the stack ${stack} here has not all patches that the file names` };
    const patches = named.map((id) => loaded.loaded.get(id) as Patch);
    return { value: composeMask(patches), detail: `${ids.length}, all known here (${stack})` };
  });
  if (!mask) return;
  await attempt(checks, 'weights', async () => {
    const { base: expected } = await readDescriptor(repository, state.root);
    const bytes = gguf.tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const faults = allFaults(source, gguf, mask, expected.tensors, (done) => onProgress?.(done, bytes));
    return judged(faults, 'are the base XOR the mask, bit for bit');
  });
}

function allFaults(
  source: OpenModel['source'],
  gguf: Gguf,
  mask: Mask,
  expected: RepositoryDescriptor['base']['tensors'],
  onProgress: (done: number) => void,
): TensorFault[] {
  return [...findFaults(source, gguf, mask, expected, onProgress), ...findUnexpected(gguf, expected)];
}

function judged(faults: readonly TensorFault[], good: string): { result: CheckResult; detail: string } {
  if (faults.length === 0) return { result: 'good', detail: good };
  const [first] = faults;
  const more = faults.length > 1 ? ` and ${faults.length - 1} more` : '';
  return { result: 'bad', detail: `is not what it should be: ${first.tensor} (${first.fault})${more}` };
}

const outcome = (subject: string, checks: readonly Check[], patches: readonly PatchVerdict[]): VerifyOutcome => ({
  subject,
  ok: isSound(checks) && patches.every(({ ok }) => ok) && checks.length + patches.length > 0,
  patches,
  checks,
});
