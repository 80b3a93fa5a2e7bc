/** Owns the commit that a composed stack is: a merge that is a function of the expression's meaning alone. */
import { nobody } from './descriptor.js';
import { reporting } from './git-error.js';
import { descendsFrom } from './history.js';
import type { CommitId } from './ids.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { rootCommit, type ResolvedStack, type StackPart } from './resolve.js';
import { WITHOUT } from './stack-expression.js';
import { readState, removal } from './state.js';
import { changeTree, uniteTrees } from './tree.js';
import { writeCommit } from './write-object.js';

/**
 * Finds or writes the commit of a stack. A part that descends from all others and already has the whole union stands for
 * it. Otherwise a merge commit of the parts is written, whose tree is the union of their files and whose identity, time
 * and message follow from the parts: the same stack is the same commit, in any order and whoever composes it. What is left
 * out is taken away by one more commit on top, where there is anything to take away.
 */
export async function composeCommit(repository: Repository, stack: ResolvedStack): Promise<CommitId> {
  const parts = await distinctParts(repository, stack.parts);
  return reporting(`compose ${stack.expression}`, async () => {
    const whole =
      parts.length === 1
        ? parts[0].commit
        : ((await findWhole(repository, parts)) ?? (await writeMerge(repository, parts)));
    return stack.without.length === 0 ? whole : takeAway(repository, stack, whole, parts);
  });
}

/** Drops `base` beside other parts, and all but the first name of each commit; in the order of commit ids. */
async function distinctParts(repository: Repository, parts: readonly StackPart[]): Promise<StackPart[]> {
  const root = await rootCommit(repository);
  const byCommit = new Map<CommitId, StackPart>();
  for (const part of [...parts].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!byCommit.has(part.commit)) byCommit.set(part.commit, part);
  }
  if (byCommit.size > 1) byCommit.delete(root);
  return [...byCommit.values()].sort((a, b) => (a.commit < b.commit ? -1 : 1));
}

async function findWhole(repository: Repository, parts: readonly StackPart[]): Promise<CommitId | undefined> {
  const states = await Promise.all(parts.map(({ commit }) => readState(repository, commit)));
  const size = new Set(states.flat()).size;
  for (const [i, { commit }] of parts.entries()) {
    // Its state is part of the union, so the same size is the same set.
    if (states[i].length !== size) continue;
    const others = parts.filter((part) => part.commit !== commit);
    const descends = await Promise.all(others.map((part) => descendsFrom(repository, commit, part.commit)));
    if (descends.every(Boolean)) return commit;
  }
  return undefined;
}

async function writeMerge(repository: Repository, parts: readonly StackPart[]): Promise<CommitId> {
  const commits = await Promise.all(parts.map((part) => readCommit(repository, part.commit)));
  const timestamp = Math.max(...commits.map((commit) => commit.committer.timestamp));
  const author = { ...nobody, timestamp, timezoneOffset: 0 };
  return writeCommit(repository, {
    tree: await uniteTrees(
      repository,
      commits.map((commit) => commit.tree),
    ),
    parents: commits.map((commit) => commit.id),
    author,
    committer: author,
    message: `Stack ${namesOf(parts)}\n`,
  });
}

const namesOf = (parts: readonly StackPart[]): string =>
  parts
    .map(({ name }) => name)
    .sort()
    .join('+');

/** The commit on top of the whole stack whose tree lacks what is left out. */
async function takeAway(
  repository: Repository,
  { patches, without }: ResolvedStack,
  whole: CommitId,
  parts: readonly StackPart[],
): Promise<CommitId> {
  const kept = new Set(patches);
  const gone = (await readState(repository, whole)).filter((id) => !kept.has(id));
  if (gone.length === 0) return whole;
  const { tree, committer } = await readCommit(repository, whole);
  const author = { ...nobody, timestamp: committer.timestamp, timezoneOffset: 0 };
  return writeCommit(repository, {
    tree: await changeTree(repository, tree, removal(gone)),
    parents: [whole],
    author,
    committer: author,
    message: `Stack ${namesOf(parts)}${WITHOUT}${namesOf(await distinctParts(repository, without))}\n`,
  });
}
