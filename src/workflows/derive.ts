/** Owns what squash, split, minimize and rm have in common: patches of a state give way to others made out of them. */
import { SearchError, UsageError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { composeMask, type Mask } from '../patch/mask.js';
import { type Patch, countPatchFlips, patchId } from '../patch/patch.js';
import { assertNewBranch, type Head, readHead } from '../repo/branch.js';
import { assertNothingInProgress } from '../repo/in-progress.js';
import { readPatches, readState } from '../repo/state.js';
import type { DerivationPredicate } from '../trust/predicates/derivation.js';
import { createStatement } from '../trust/statement.js';
import { choosePatches } from './chosen-patches.js';
import { type Addition, recordChange, type Recorder } from './record.js';
import type { Workspace } from './workspace.js';

export interface DeriveRequest {
  /** The patches to work on: a stack, or the beginning of a patch id of HEAD's state. */
  readonly patches: string;
  /** Starts this branch at the base with the new patches; without it they take the place of the old ones at HEAD. */
  readonly branch?: string;
  /** By default it says what was done. */
  readonly message?: string;
}

/** The patches that give way, and where. */
export interface Ground {
  readonly name: string;
  readonly parents: ReadonlyMap<PatchId, Patch>;
  /** Mask of the patches that stay. */
  readonly rest: Mask;
  readonly restIds: ReadonlySet<PatchId>;
  /** What leaves the state: none on a new branch. */
  readonly removed: readonly PatchId[];
  readonly onto: Head;
}

/** Finds the patches and where to build. Throws UNKNOWN_REVISION, STACK_SYNTAX, BRANCH_EXISTS, and USAGE for patches that HEAD lacks. */
export async function groundOf({ repository, state }: Workspace, request: DeriveRequest): Promise<Ground> {
  assertNothingInProgress(repository);
  const { name, loaded: parents } = await choosePatches(repository, request.patches);
  if (request.branch !== undefined) {
    await assertNewBranch(repository, request.branch);
    const onto = { branch: request.branch, commit: state.root };
    return { name, parents, rest: composeMask([]), restIds: new Set(), removed: [], onto };
  }
  const onto = await readHead(repository);
  const present = await readState(repository, onto.commit);
  const absent = [...parents.keys()].find((id) => !present.includes(id));
  if (absent !== undefined) {
    throw new UsageError('USAGE', `Patch ${absent.slice(0, 10)} of ${name} is not in the state of HEAD`, {
      hint: 'Check a stack out that has it, or start a new branch with -b.',
      data: { patch: absent },
    });
  }
  const restIds = present.filter((id) => !parents.has(id));
  const rest = composeMask((await readPatches(repository, onto.commit, restIds)).values());
  return { name, parents, rest, restIds: new Set(restIds), removed: [...parents.keys()].sort(), onto };
}

/** A patch made out of others. */
export interface Derived {
  readonly patch: Patch;
  /** Which part it is, of a split. */
  readonly part?: string;
  readonly derivation: Pick<DerivationPredicate, 'operation' | 'settings' | 'probes' | 'beside' | 'result'>;
  readonly files: Addition['files'];
}

/** Records new patches in the place of their parents, each with the statement of its lineage. Throws NOTHING_TO_COMMIT, and as `record`. */
export async function recordDerived(
  workspace: Workspace,
  ground: Ground,
  derived: readonly Derived[],
  message: string,
  recorder: Recorder,
) {
  const { state } = workspace;
  const parents = [...ground.parents.keys()];
  for (const { patch } of derived) {
    const id = patchId(patch);
    if (ground.restIds.has(id)) throw nothing(`patch ${id.slice(0, 10)} would be in the state twice`);
  }
  const added = derived.map(({ patch, derivation, files }): Addition => {
    const predicate: DerivationPredicate = {
      ...derivation,
      base: state.weightsId,
      parents: parents.filter((id) => id !== patchId(patch)),
      engine: { name: 'bankai', version: recorder.version },
      createdAt: recorder.time.toISOString(),
    };
    return { patch, statements: [createStatement('derivation', patchId(patch), predicate)], files };
  });
  const { onto } = ground;
  // A parent that comes out unchanged stays, with its evidence.
  const staying = new Set(derived.map(({ patch }) => patchId(patch)));
  const removed = ground.removed.filter((id) => !staying.has(id));
  const { commit } = await recordChange(workspace, { added, removed, message, onto }, recorder);
  return {
    commit,
    ...(onto.branch !== undefined && { branch: onto.branch }),
    message,
    removed,
    added: derived.map(({ patch, part }) => ({
      id: patchId(patch),
      flips: countPatchFlips(patch),
      ...(part !== undefined && { part }),
    })),
  };
}

/** The error for a change that would change nothing. */
export function nothing(fact: string): SearchError {
  return new SearchError('NOTHING_TO_COMMIT', `Nothing to commit: ${fact}`, {
    hint: 'Use "bankai status" to see the patches of HEAD.',
  });
}
