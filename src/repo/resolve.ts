/** Owns the meaning of names and stack expressions: which commits, and which set of patches. */
import { CompatibilityError, RepositoryError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { readHead } from './branch.js';
import { DESCRIPTOR_PATH, readDescriptor, writeRootCommit } from './descriptor.js';
import { reporting } from './git-error.js';
import { asCommitId, type CommitId } from './ids.js';
import { readLocalState } from './local-state.js';
import { nearestNames } from './nearest-names.js';
import { findEntry } from './object.js';
import { parseTagTarget } from './parse-commit.js';
import { objectsWithPrefix, readObject } from './read-object.js';
import { listRefs, resolveRef } from './refs.js';
import { isInitialised, type Repository } from './repository.js';
import { parseStack, type Term } from './stack-expression.js';
import { readState } from './state.js';

/** One part of a stack. */
export interface StackPart {
  readonly name: string;
  readonly commit: CommitId;
}

/** A stack expression with its meaning in a repository. */
export interface ResolvedStack {
  /** As typed, without spaces. */
  readonly expression: string;
  readonly parts: readonly StackPart[];
  /** The union of the parts' states, in the order of ids. */
  readonly patches: readonly PatchId[];
}

/**
 * Resolves a stack expression. Throws STACK_SYNTAX, UNKNOWN_REVISION, AMBIGUOUS_REVISION, and BASE_MISMATCH for a part
 * whose patches are for another base model.
 */
export async function resolveStack(repository: Repository, expression: string): Promise<ResolvedStack> {
  const { text, terms } = parseStack(expression);
  const root = await rootCommit(repository);
  const parts: StackPart[] = [];
  const patches = new Set<PatchId>();
  for (const term of terms) {
    const part = await resolveTerm(repository, term);
    await assertSameBase(repository, root, part);
    for (const id of await readState(repository, part.commit)) patches.add(id);
    parts.push(part);
  }
  return { expression: text, parts, patches: [...patches].sort() };
}

/** Finds the commit that `base` names: the empty set of patches. */
export async function rootCommit(repository: Repository): Promise<CommitId> {
  if (await isInitialised(repository)) return (await readLocalState(repository)).root;
  const descriptor = await readDescriptor(repository, (await readHead(repository)).commit);
  return reporting('write the root commit', () => writeRootCommit(repository, descriptor));
}

/** Resolves a term and gives the part its lasting name: not `HEAD`, which moves, nor as many digits as were typed. */
async function resolveTerm(repository: Repository, { name }: Term): Promise<StackPart> {
  const commit = await resolveRevision(repository, name);
  const branch = name === 'HEAD' ? (await readHead(repository)).branch : undefined;
  if (branch !== undefined) return { name: branch, commit };
  return { name: name === 'HEAD' || commit.startsWith(name) ? commit.slice(0, 12) : name, commit };
}

/**
 * Resolves one name: `base`, `HEAD`, a branch, a tag (lightweight or annotated), a remote branch, a full ref, a commit id
 * or a unique prefix of at least four digits. Throws UNKNOWN_REVISION, AMBIGUOUS_REVISION.
 */
export async function resolveRevision(repository: Repository, name: string): Promise<CommitId> {
  if (name === 'base') return rootCommit(repository);
  if (name === 'HEAD') return (await readHead(repository)).commit;
  return reporting(`resolve "${name}"`, async () => {
    const named = await resolveNamed(repository, name);
    if (named.size === 1) return [...named][0];
    if (named.size > 1) throw ambiguous(name, 'a branch and a tag', `Write refs/heads/${name} or refs/tags/${name}.`);
    if (/^[0-9a-f]{4,40}$/.test(name)) return resolvePrefix(repository, name);
    throw await unknown(repository, name);
  });
}

async function resolveNamed(repository: Repository, name: string): Promise<Set<CommitId>> {
  const prefixes = name.startsWith('refs/') ? [''] : ['refs/heads/', 'refs/tags/', 'refs/remotes/'];
  const commits = new Set<CommitId>();
  for (const prefix of prefixes) {
    const oid = resolveRef(repository, prefix + name);
    if (oid === undefined) continue;
    const commit = await peel(repository, oid);
    if (commit !== undefined) commits.add(commit);
  }
  return commits;
}

/** Follows annotated tags to the commit they name; undefined when they name something else. */
async function peel(repository: Repository, oid: string): Promise<CommitId | undefined> {
  for (let at = oid; ;) {
    const { type, content } = readObject(repository, at);
    if (type !== 'tag') return type === 'commit' ? asCommitId(at) : undefined;
    at = parseTagTarget(content);
  }
}

async function resolvePrefix(repository: Repository, prefix: string): Promise<CommitId> {
  const commits = new Set<CommitId>();
  for (const oid of objectsWithPrefix(repository, prefix)) {
    const commit = await peel(repository, oid);
    if (commit !== undefined) commits.add(commit);
  }
  if (commits.size === 1) return [...commits][0];
  if (commits.size === 0) throw await unknown(repository, prefix);
  throw ambiguous(prefix, `${commits.size} commits`, `Write more digits: ${[...commits].join(', ')}.`);
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

async function unknown(repository: Repository, name: string): Promise<RepositoryError> {
  const known = [
    'base',
    ...['refs/heads/', 'refs/tags/'].flatMap((folder) =>
      [...listRefs(repository, folder).keys()].map((ref) => ref.slice(folder.length)),
    ),
  ];
  const near = nearestNames(name, known);
  return new RepositoryError('UNKNOWN_REVISION', `There is no branch, tag or commit "${name}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.map((other) => `"${other}"`).join(' or ')}?`
        : 'Use "bankai branch" to list the branches.',
    data: { name, near },
  });
}

function ambiguous(name: string, what: string, hint: string): RepositoryError {
  return new RepositoryError('AMBIGUOUS_REVISION', `"${name}" names ${what}`, { hint, data: { name } });
}
