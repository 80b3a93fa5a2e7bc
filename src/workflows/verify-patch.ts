/** Owns the checklist of one patch: its bytes, its base, who says what about it, and what policies have against it. */
import { BankaiError } from '../errors.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import { encodePatch, type Patch, countPatchFlips } from '../patch/patch.js';
import { assertPatchFits, type ShapeOf } from '../patch/validate.js';
import type { CommitId } from '../repo/ids.js';
import type { Repository } from '../repo/repository.js';
import type { Sources } from '../repo/sources.js';
import { readPatches } from '../repo/state.js';
import type { Trust } from '../trust/trust.js';
import { attempt, type Check, failed, isSound } from './checklist.js';
import { checkEvidence, filesNamedBy, type HoldingStatement } from './evidence.js';
import { bitsOf, type PolicyInForce } from './gate.js';
import { judge } from './judgement.js';
import { messageOf } from './show.js';
import { signerOf } from './statement-lines.js';

/** What patches are held against. */
export interface Ground {
  readonly repository: Repository;
  readonly base: WeightsId;
  /** Of the base model. */
  readonly shapeOf: ShapeOf;
  readonly trust: Trust;
  readonly sources: Sources;
  /** The policies in force, or why they cannot be read. */
  readonly policies: readonly PolicyInForce[] | Check;
}

/** A patch and its checklist. */
export interface PatchVerdict {
  readonly id: PatchId;
  readonly message?: string;
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** Verifies one patch of a commit's state, and all that is said about it there. */
export async function verifyPatch(ground: Ground, id: PatchId, commit: CommitId): Promise<PatchVerdict> {
  const { repository } = ground;
  const checks: Check[] = [];
  const patch = await checkBytes(ground, id, commit, checks);
  if (patch) {
    checks.push(await checkBase(ground, patch));
    const holding = await checkStatements(ground, id, commit, checks);
    const { shapeOf, trust, policies, sources } = ground;
    const candidate = {
      tensors: Object.keys(patch.flips),
      bits: bitsOf(patch, shapeOf),
      origin: sources.get(id) ?? [],
    };
    checks.push(...judge(candidate, holding, trust, policies));
  }
  // The history may be what is damaged; the checks say so.
  const message = await messageOf(repository, commit, id).catch(() => undefined);
  return { id, ...(message !== undefined && { message }), ok: isSound(checks), checks };
}

async function checkBytes(
  { repository }: Ground,
  id: PatchId,
  commit: CommitId,
  checks: Check[],
): Promise<Patch | undefined> {
  const wellFormed = (size: string): Check => ({ check: 'bytes', result: 'good', detail: `canonical JSON${size}` });
  try {
    const patch = (await readPatches(repository, commit, [id])).get(id) as Patch;
    checks.push(wellFormed(`, ${encodePatch(patch).length} bytes`));
    checks.push({ check: 'id', result: 'good', detail: 'is the SHA-256 of these bytes' });
    return patch;
  } catch (error) {
    const isOther = error instanceof BankaiError && error.code === 'PATCH_ID_MISMATCH';
    checks.push(...(isOther ? [wellFormed(''), failed('id', error)] : [failed('bytes', error)]));
    return undefined;
  }
}

/** Whether a patch is for this model. */
export async function checkBase({ base, shapeOf }: Ground, patch: Patch): Promise<Check> {
  const checks: Check[] = [];
  await attempt(checks, 'base', () => {
    assertPatchFits(patch, base, shapeOf);
    const tensors = Object.keys(patch.flips).length;
    return {
      detail: `${base.slice(0, 10)} is this model's; ${count(countPatchFlips(patch), 'flip')} in ${count(tensors, 'tensor')} fit`,
    };
  });
  return checks[0];
}

/** Adds a check of each signature, and of the files that statements rest on. → the statements that hold */
async function checkStatements(
  { repository, base, trust, sources }: Ground,
  id: PatchId,
  commit: CommitId,
  checks: Check[],
): Promise<HoldingStatement[]> {
  let evidence;
  try {
    evidence = await checkEvidence(repository, commit, id, base);
  } catch (error) {
    checks.push(failed('signature', error));
    return [];
  }
  const { statements, files } = evidence;
  if (statements.length === 0) {
    checks.push({
      check: 'signature',
      result: 'bad',
      detail: 'nobody signed a statement about it',
      code: 'SIGNATURE_MISSING',
    });
  }
  const holding: HoldingStatement[] = [];
  for (const check of statements) {
    if ('error' in check) {
      checks.push({ ...failed('signature', check.error), detail: `${check.kind}: ${check.error.message}` });
      continue;
    }
    holding.push(check);
    const signers = check.signers.map((signer) => signerOf(trust, signer, sources.get(id)));
    const result = signers.some(({ believed }) => believed) ? 'good' : 'warning';
    const by = signers.map(({ words }) => words).join(', ');
    checks.push({ check: 'signature', result, detail: `${check.kind} is validly signed by ${by}` });
  }
  const named = new Map(
    holding.flatMap(({ statement }) => filesNamedBy(statement)).map(({ sha256, name }) => [sha256, name]),
  );
  const missing = [...named].find(([sha256]) => !files.has(sha256));
  if (missing) {
    const detail = `${missing[1]} (${missing[0].slice(0, 10)}) is named and is not in the repository`;
    checks.push({ check: 'files', result: 'bad', detail });
  } else if (named.size > 0) {
    checks.push({ check: 'files', result: 'good', detail: `${count(named.size, 'file')} named by digest, all here` });
  }
  return holding;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
