/** Owns the meaning of names and stack expressions: which commits, and which set of patches. */
import { CompatibilityError, UsageError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { readHead } from './branch.js';
import { DESCRIPTOR_PATH, readDescriptor, writeRootCommit } from './descriptor.js';
import { reporting } from './git-error.js';
import type { CommitId } from './ids.js';
import { readLocalState } from './local-state.js';
import { findEntry } from './object.js';
import { isInitialised, type Repository } from './repository.js';
import { findRef, type NamedCommit, resolveTerm } from './revision.js';
import { parseStack, type Term } from './stack-expression.js';
import { stateAt } from './state.js';

/** One part of a stack. */
export type StackPart = NamedCommit;

/** A stack expression with its meaning in a repository. */
export interface ResolvedStack {
  /** As typed, without spaces but for those around `--without`. */
  readonly expression: string;
  readonly parts: readonly StackPart[];
  /** Whose patches are left out. */
  readonly without: readonly StackPart[];
  /** The union of the parts' states less what is left out, in the order of ids. */
  readonly patches: readonly PatchId[];
}

/**
 * Resolves a stack expression. Throws STACK_SYNTAX, UNKNOWN_REVISION, AMBIGUOUS_REVISION, and BASE_MISMATCH for a part
 * whose patches are for another base model.
 */
export const resolveStack = async (repository: Repository, expression: string): Promise<ResolvedStack> =>
  // Copying reads the patches.
  ({ ...(await locateStack(repository, expression)) });

/** Resolves a stack expression as `resolveStack` does, but reads the states only when its patches are asked for. */
export async function locateStack(repository: Repository, expression: string): Promise<ResolvedStack> {
  const { text, terms, without } = parseStack(expression);
  const root = await rootCommit(repository);
  const parts = await resolveTerms(repository, root, terms).catch((error: unknown) => {
    const whole = refOfAll(repository, terms);
    if (whole === undefined) throw error;
    return resolveTerms(repository, root, [whole]).then(([{ commit }]) => [{ commit, name: commit.slice(0, 12) }]);
  });
  const left = await resolveTerms(repository, root, without);
  const union = (of: readonly StackPart[]) => new Set(of.flatMap(({ commit }) => stateAt(repository, commit)));
  let patches: readonly PatchId[] | undefined;
  return {
    expression: text,
    parts,
    without: left,
    get patches() {
      if (patches !== undefined) return patches;
      const gone = union(left);
      return (patches = [...union(parts)].filter((id) => !gone.has(id)).sort());
    },
  };
}

/** Reads terms, some of which name nothing, as one: the name of a ref that plain git made with a "+" in it, `origin/a+b~1`. */
function refOfAll(repository: Repository, terms: readonly Term[]): Term | undefined {
  if (terms.length === 1) return undefined;
  const text = terms.map((term) => term.text).join('+');
  const last = terms[terms.length - 1];
  const name = text.slice(0, text.length - last.text.length + last.name.length);
  return findRef(repository, name) === undefined ? undefined : { text, name, steps: last.steps, at: terms[0].at };
}

async function resolveTerms(repository: Repository, root: CommitId, terms: readonly Term[]): Promise<StackPart[]> {
  const parts: StackPart[] = [];
  for (const term of terms) {
    const part = await resolveTerm(repository, term, root);
    await assertSameBase(repository, root, part);
    parts.push(part);
  }
  return parts;
}

/** Resolves a revision: one term, for whatever base. Throws STACK_SYNTAX, UNKNOWN_REVISION, AMBIGUOUS_REVISION. */
export async function resolveRevision(repository: Repository, text: string): Promise<CommitId> {
  const { terms, without } = parseStack(text);
  const term = without.length > 0 ? undefined : terms.length === 1 ? terms[0] : refOfAll(repository, terms);
  if (term) return (await resolveTerm(repository, term, await rootCommit(repository))).commit;
  throw new UsageError('STACK_SYNTAX', `"${text}" is a stack where one commit is asked for`, {
    hint: 'Name a branch, a tag or a commit.',
    data: { text, at: [...terms, ...without][1].at - 1 },
  });
}

/** Finds the commit that `base` names: the empty set of patches. */
export async function rootCommit(repository: Repository): Promise<CommitId> {
  if (await isInitialised(repository)) return (await readLocalState(repository)).root;
  const descriptor = await readDescriptor(repository, (await readHead(repository)).commit);
  return reporting('write the root commit', () => writeRootCommit(repository, descriptor));
}

/** Asserts that a commit's patches are for the repository's base model. */
async function assertSameBase(repository: Repository, root: CommitId, part: StackPart): Promise<void> {
  const entry = await findEntry(repository, part.commit, DESCRIPTOR_PATH);
  if (entry !== undefined && entry.oid === (await findEntry(repository, root, DESCRIPTOR_PATH))?.oid) return;
  const theirs = (await readDescriptor(repository, part.commit)).base.weightsId;
  const ours = (await readDescriptor(repository, root)).base.weightsId;
  if (theirs === ours) return;
  throw new CompatibilityError(
    'BASE_MISMATCH',
    `"${part.name}" is for base model ${theirs.slice(0, 12)}, this repository for ${ours.slice(0, 12)}`,
    { hint: 'Use it in a repository initialised with its own base model.', data: { theirs, ours } },
  );
}
