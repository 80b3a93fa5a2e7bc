/** Owns `bankai show`: a patch with everything said about it, each statement judged. */
import { UsageError } from '../errors.js';
import { compactSize } from '../patch/compact.js';
import type { PatchId } from '../patch/ids.js';
import { encodePatch, type Patch, patchFlips } from '../patch/patch.js';
import { parseTensorName } from '../patch/projection.js';
import type { CommitId } from '../repo/ids.js';
import { readLogEntry, readLog } from '../repo/log.js';
import type { Repository } from '../repo/repository.js';
import { type Holder, holderOf, isTrusted, noTrust, readTrust, type Trust } from '../trust/trust.js';
import type { SearchPredicate } from '../trust/predicates/search.js';
import { predicateTypes } from '../trust/predicates.js';
import { checkEvidence, type StatementCheck } from './evidence.js';
import { reportOf } from './measurement.js';
import { findPatch } from './chosen-patches.js';
import { loadStack, type LoadedStack } from './stack.js';
import { linesOf } from './statement-lines.js';
import { baseName } from './status.js';
import { openWorkspace } from './workspace.js';

/** Commits that are looked through for the message of a patch. */
const HISTORY_LIMIT = 500;

/**
 * Reports the patches of a stack; for a single commit that added patches, those; for a patch id (or at least six of its
 * digits) of HEAD's state, that patch. Throws UNKNOWN_REVISION, STACK_SYNTAX.
 */
export async function show(directory: string, expression: string, keyDirectory?: string) {
  const workspace = await openWorkspace(directory);
  const { repository } = workspace;
  const byId = await findPatch(repository, expression);
  const stack = await loadStack(repository, byId === undefined ? expression : 'HEAD');
  const ids = byId === undefined ? await subjects(repository, stack) : [byId];
  const name = await baseName(workspace);
  const trust = await readTrust(keyDirectory);
  return Promise.all(
    ids.map(async (id) => {
      const patch = stack.loaded.get(id) as Patch;
      const commit = stack.commitOf.get(id) as CommitId;
      const message = await messageOf(repository, commit, id);
      const { statements } = await checkEvidence(repository, commit, id, workspace.state.weightsId);
      return {
        id,
        base: { weightsId: patch.base, ...(name !== undefined && { name }) },
        ...(message !== undefined && { message }),
        ...describePatch(patch, statements, trust),
      };
    }),
  );
}

/** The canonical bytes of the one patch that is meant. Throws as `show`, and USAGE when it is not one. */
export async function rawPatch(directory: string, expression: string): Promise<Uint8Array> {
  const { repository } = await openWorkspace(directory);
  const byId = await findPatch(repository, expression);
  const stack = await loadStack(repository, byId === undefined ? expression : 'HEAD');
  const ids = byId === undefined ? await subjects(repository, stack) : [byId];
  if (ids.length === 1) return encodePatch(stack.loaded.get(ids[0]) as Patch);
  throw new UsageError('USAGE', `Cannot write the bytes of ${ids.length} patches`, {
    hint: 'Name one patch, by its branch or its id.',
  });
}

async function subjects(repository: Repository, { parts, without, patches }: LoadedStack): Promise<readonly PatchId[]> {
  if (parts.length > 1 || without.length > 0) return patches;
  const { patchesAdded } = await readLogEntry(repository, parts[0].commit);
  return patchesAdded.length > 0 ? patchesAdded : patches;
}

/** The message of the commit that added a patch, if it is not long ago. */
export async function messageOf(repository: Repository, from: CommitId, id: PatchId): Promise<string | undefined> {
  const entries = await readLog(repository, from, { limit: HISTORY_LIMIT });
  return entries.findLast((entry) => entry.patchesAdded.includes(id))?.message.trim();
}

/** Describes what a patch changes, and what its statements say, wherever they were read. */
export const describePatch = (patch: Patch, checks: readonly StatementCheck[], trust: Trust = noTrust) => ({
  ...shapeOf(patch),
  statements: inOrder(checks).map((check) => summarize(check, trust)),
});

function shapeOf(patch: Patch) {
  const flips = patchFlips(patch);
  const count = (kind: string): number => flips.filter((flip) => flip.kind === kind).length;
  return {
    flips: flips.length,
    kinds: { row: count('row'), group: count('group'), scaleBit: count('scale-bit') },
    tensors: Object.keys(patch.flips).map((tensor) => {
      const { layer, projection } = parseTensorName(tensor);
      return {
        tensor,
        ...(layer !== undefined && { layer }),
        projection,
        flips: flips.filter((flip) => flip.tensor === tensor).length,
      };
    }),
    compactBytes: compactSize(patchFlips(patch)),
  };
}

/** How the patch came to be first, then what was measured of it. */
function inOrder(checks: readonly StatementCheck[]): StatementCheck[] {
  const kinds = Object.keys(predicateTypes);
  return [...checks].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
}

function summarize(check: StatementCheck, trust: Trust) {
  if ('error' in check) {
    return { kind: check.kind, signer: '', verified: 'bad' as const, summary: [check.error.message] };
  }
  return {
    kind: check.kind,
    digest: check.digest,
    signer: check.signers.map((id) => nameOf(holderOf(trust, id))).join(', '),
    verified: check.signers.some((id) => isTrusted(trust, id)) ? ('good' as const) : ('unknown' as const),
    summary: linesOf(check.statement),
    ...(check.statement.kind === 'search' && courseIn(check.statement.predicate)),
    ...(check.statement.kind === 'evaluation' && { evaluation: reportOf(check.statement.predicate) }),
  };
}

const nameOf = ({ id, name }: Holder): string => (name === undefined ? id : `${name} ${id}`);

function courseIn({ result: { course } }: SearchPredicate) {
  return course && { course: course.map((point) => ({ ...point, objective: Number(point.objective) })) };
}
