/** Owns `bankai verify`: a checklist over a stack or a file, which says of every claim whether it holds. */
import { readFile } from 'node:fs/promises';
import { findFaults, findUnexpected, type TensorFault } from '../checkout/verify.js';
import { BankaiError } from '../errors.js';
import type { Gguf } from '../gguf/read.js';
import { openFile } from '../gguf/source.js';
import { composeMask, type Mask, masksEqual } from '../patch/mask.js';
import { isPatchId, type PatchId } from '../patch/ids.js';
import { decodePatch, type Patch, PATCH_BYTE_LIMIT, patchFlips, patchId } from '../patch/patch.js';
import { assertPatchFits } from '../patch/validate.js';
import type { CommitId } from '../repo/ids.js';
import { readDescriptor, type RepositoryDescriptor } from '../repo/descriptor.js';
import { readHead } from '../repo/branch.js';
import { readState } from '../repo/state.js';
import { checkEvidence, filesNamedBy } from './evidence.js';
import { loadStack, type LoadedStack } from './stack.js';
import {
  appliedMask,
  type OpenModel,
  openWorkspace,
  readOneBit,
  shapesOf,
  withModel,
  type Workspace,
} from './workspace.js';

/** One claim and whether it holds. */
export interface VerifyCheck {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface VerifyOutcome {
  readonly subject: string;
  readonly ok: boolean;
  readonly checks: readonly VerifyCheck[];
}

type Progress = (done: number, total: number) => void;

const short = (id: string): string => id.slice(0, 10);

/**
 * Verifies a stack: patches, statements, base, and that the working model is exactly the base under its mask. A stack
 * other than HEAD's is verified without the model. Throws UNKNOWN_REVISION, STACK_SYNTAX, NOT_A_REPOSITORY.
 */
export async function verifyStack(
  directory: string,
  expression: string,
  onProgress?: Progress,
): Promise<VerifyOutcome> {
  const workspace = await openWorkspace(directory);
  const { repository, state } = workspace;
  const checks: VerifyCheck[] = [];
  const stack = await attempt(checks, `stack ${expression}`, async () => {
    const loaded = await loadStack(repository, expression);
    return {
      value: loaded,
      detail: `${loaded.patches.length} patches: every id is the SHA-256 of its canonical bytes`,
    };
  });
  if (!stack) return outcome(expression, checks);
  const descriptor = await readDescriptor(repository, state.root);
  await attempt(checks, 'working model', () =>
    withModel(workspace.model, async (model) => {
      for (const id of stack.patches) await verifyPatch(workspace, stack, id, model.gguf, checks);
      return verifyModel(workspace, stack, descriptor, model, onProgress);
    }),
  );
  return outcome(stack.expression, checks);
}

async function verifyPatch(
  workspace: Workspace,
  { loaded, commitOf }: LoadedStack,
  id: PatchId,
  gguf: Gguf,
  checks: VerifyCheck[],
): Promise<void> {
  const { repository, state } = workspace;
  const patch = loaded.get(id) as Patch;
  await attempt(checks, `patch ${short(id)} fits the base`, () => {
    assertPatchFits(patch, state.weightsId, shapesOf(gguf));
    return { detail: `${patchFlips(patch).length} flips in ${Object.keys(patch.flips).length} tensors` };
  });
  await attempt(checks, `patch ${short(id)} statements`, async () => {
    const evidence = await checkEvidence(repository, commitOf.get(id) as CommitId, id, state.weightsId);
    if (evidence.statements.length === 0) return { ok: false, detail: 'nobody signed a statement about it' };
    const wrong = evidence.statements.flatMap((check) => ('error' in check ? [check.error] : []));
    if (wrong.length > 0) throw wrong[0];
    const missing = evidence.statements
      .flatMap((check) => ('statement' in check ? filesNamedBy(check.statement) : []))
      .filter(({ sha256 }) => !evidence.files.has(sha256));
    if (missing.length > 0) return { ok: false, detail: `the file ${missing[0].name} is not in the repository` };
    const signers = evidence.statements.flatMap((check) => ('signers' in check ? check.signers : []));
    return { detail: `signed by ${[...new Set(signers)].map(short).join(', ')}; ${evidence.files.size} files` };
  });
}

async function verifyModel(
  workspace: Workspace,
  stack: LoadedStack,
  { base }: RepositoryDescriptor,
  { source, gguf }: OpenModel,
  onProgress?: Progress,
): Promise<{ ok?: boolean; detail: string }> {
  const head = await readState(workspace.repository, (await readHead(workspace.repository)).commit);
  if (head.join() !== stack.patches.join()) {
    return { detail: 'holds another stack: check this one out to verify its bytes' };
  }
  const applied = await appliedMask(workspace);
  if (!masksEqual(applied, stack.mask)) {
    return { ok: false, detail: 'holds other patches than HEAD: run "bankai checkout HEAD"' };
  }
  const bytes = gguf.tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const faults = allFaults(source, gguf, applied, base.tensors, (done) => onProgress?.(done, bytes));
  return judged(faults, `is the base XOR the mask, bit for bit, in ${gguf.tensors.length} tensors`);
}

/** Verifies a patch file, or an exported model, against the repository. Throws NOT_A_REPOSITORY, FILE_NOT_FOUND, IO. */
export async function verifyFile(
  directory: string,
  file: { path: string; name: string },
  onProgress?: Progress,
): Promise<VerifyOutcome> {
  const workspace = await openWorkspace(directory);
  const checks: VerifyCheck[] = [];
  const source = openFile(file.path);
  try {
    const magic = new Uint8Array(Math.min(4, source.size));
    source.readInto(magic, 0);
    if (Buffer.from(magic).toString('latin1') !== 'GGUF') await verifyPatchFile(workspace, file, source.size, checks);
    else await verifyExport(workspace, { source, gguf: readOneBit(source) }, checks, onProgress);
  } catch (error) {
    if (!(error instanceof BankaiError)) throw error;
    checks.push({ check: 'file', ok: false, detail: error.message });
  } finally {
    source.close();
  }
  return outcome(file.name, checks);
}

async function verifyPatchFile(
  { model, state }: Workspace,
  { path }: { path: string },
  size: number,
  checks: VerifyCheck[],
): Promise<void> {
  const patch = await attempt(checks, 'patch file', async () => {
    if (size > PATCH_BYTE_LIMIT) return { ok: false, detail: `is ${size} bytes long, more than ${PATCH_BYTE_LIMIT}` };
    const decoded = decodePatch(await readFile(path));
    return { value: decoded, detail: `canonical, id ${patchId(decoded)}` };
  });
  if (!patch) return;
  await attempt(checks, 'fits the base', () =>
    withModel(model, ({ gguf }) => {
      assertPatchFits(patch, state.weightsId, shapesOf(gguf));
      return { detail: `${patchFlips(patch).length} flips` };
    }),
  );
}

async function verifyExport(
  { repository, state }: Workspace,
  { source, gguf }: OpenModel,
  checks: VerifyCheck[],
  onProgress?: Progress,
): Promise<void> {
  const { metadata } = gguf;
  const ids = metadata.has('bankai.patches') ? metadata.texts('bankai.patches') : [];
  const base = metadata.has('bankai.base') ? metadata.text('bankai.base') : undefined;
  checks.push({
    check: 'base',
    ok: base === undefined || base === state.weightsId,
    detail: base === undefined ? 'not named: judged as an unpatched base' : `${short(base)} by its own word`,
  });
  const mask = await attempt(checks, 'patches', async () => {
    const stack = metadata.has('bankai.stack') ? metadata.text('bankai.stack') : 'base';
    const loaded = await loadStack(repository, ids.length > 0 ? stack : 'base');
    const named = ids.filter(isPatchId);
    const known = named.length === ids.length && named.every((id) => loaded.loaded.has(id));
    if (!known) return { ok: false, detail: `the stack ${stack} here has not all patches that the file names` };
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

function judged(faults: readonly TensorFault[], good: string): { ok: boolean; detail: string } {
  if (faults.length === 0) return { ok: true, detail: good };
  const [first] = faults;
  const more = faults.length > 1 ? ` and ${faults.length - 1} more` : '';
  return { ok: false, detail: `not what they should be: ${first.tensor} (${first.fault})${more}` };
}

interface Finding<T> {
  readonly ok?: boolean;
  readonly detail: string;
  readonly value?: T;
}

/** Adds the outcome of one check to the list; an error of ours is a check that failed. */
async function attempt<T>(
  checks: VerifyCheck[],
  check: string,
  action: () => Finding<T> | Promise<Finding<T>>,
): Promise<T | undefined> {
  try {
    const { ok = true, detail, value } = await action();
    checks.push({ check, ok, detail });
    return ok ? value : undefined;
  } catch (error) {
    if (!(error instanceof BankaiError)) throw error;
    checks.push({ check, ok: false, detail: error.message });
    return undefined;
  }
}

function outcome(subject: string, checks: readonly VerifyCheck[]): VerifyOutcome {
  return { subject, ok: checks.every(({ ok }) => ok), checks };
}
