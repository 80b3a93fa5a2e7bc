/** Owns bringing single files of worktree and index back to what a commit says. */
import { UsageError } from '../errors.js';
import { reporting } from './git-error.js';
import { withIndexLock } from './git-lock.js';
import type { CommitId } from './ids.js';
import { readIndex, writeIndex } from './index-file.js';
import { hashFile, writeDifferences } from './move-head.js';
import { readCommit } from './object.js';
import type { Repository } from './repository.js';
import { differencesFrom, entryOf } from './reset-files.js';
import { diffTrees } from './tree.js';

/** Files that become what a commit says. It is JSON: a journal can carry it. */
export interface Restoration {
  readonly commit: CommitId;
  readonly paths: readonly string[];
}

/**
 * Lists the files at and below some places (`''` for all) that are not as a commit says, in worktree or index; tracked ones that it
 * does not have are among them. Throws USAGE for a place where there is no file, IO.
 */
export async function planRestoration(
  repository: Repository,
  commit: CommitId,
  places: readonly string[],
): Promise<Restoration> {
  const { tree } = await readCommit(repository, commit);
  return reporting('compare files', async () => {
    const wanted = new Map((await diffTrees(repository, undefined, tree)).map(({ path, after }) => [path, after]));
    const index = readIndex(repository);
    const isAt = (path: string, place: string) => place === '' || path === place || path.startsWith(`${place}/`);
    const known = [...wanted.keys(), ...index.map(({ path }) => path)];
    const missing = places.find((place) => place !== '' && !known.some((path) => isAt(path, place)));
    if (missing !== undefined) throw unknown(missing);
    const staged = new Map(index.map((entry) => [entry.path, entry]));
    const isStaged = (path: string) =>
      staged.get(path)?.oid === wanted.get(path)?.oid && (staged.get(path)?.stage ?? 0) === 0;
    const differing = new Set([
      ...(await differencesFrom(repository, tree, tree)).map(({ path }) => path),
      ...known.filter((path) => !isStaged(path)),
    ]);
    const paths = [...differing].filter((path) => places.some((place) => isAt(path, place))).sort();
    const blocked = paths.find((path) => hashFile(repository, path) === 'other');
    if (blocked !== undefined) throw unknown(blocked);
    return { commit, paths };
  });
}

/** Makes files what a commit says, in worktree and index; those that it does not have go. May be repeated. Throws IO. */
export async function restoreFiles(repository: Repository, { commit, paths }: Restoration): Promise<void> {
  const { tree } = await readCommit(repository, commit);
  const meant = new Set(paths);
  await reporting('restore files', () =>
    withIndexLock(repository, async () => {
      const differences = (await differencesFrom(repository, tree, tree)).filter(({ path }) => meant.has(path));
      await writeDifferences(repository, differences);
      const entries = (await diffTrees(repository, undefined, tree)).flatMap(({ path, after }) =>
        after && meant.has(path) ? entryOf(repository, path, after) : [],
      );
      await writeIndex(repository, [...readIndex(repository).filter(({ path }) => !meant.has(path)), ...entries]);
    }),
  );
}

function unknown(place: string): UsageError {
  return new UsageError('USAGE', `"${place}" is no file that HEAD or the index has`, {
    hint: 'Use "git status" to see what changed.',
    data: { path: place },
  });
}
