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

/**
 * Makes the files at and below some places (`''` for all) in worktree and index those of a commit; tracked ones that it does
 * not have go. → the paths that were changed. May be repeated. Throws USAGE for a place where there is no file, IO.
 */
export async function restoreFiles(
  repository: Repository,
  commit: CommitId,
  places: readonly string[],
): Promise<string[]> {
  const { tree } = await readCommit(repository, commit);
  return reporting('restore files', () =>
    withIndexLock(repository, async () => {
      const files = await diffTrees(repository, undefined, tree);
      const index = readIndex(repository);
      const meant = (path: string) =>
        places.some((place) => place === '' || path === place || path.startsWith(`${place}/`));
      for (const place of places) {
        const isThere = ({ path }: { path: string }) => place === '' || path === place || path.startsWith(`${place}/`);
        if (!files.some(isThere) && !index.some(isThere)) throw unknown(place);
      }
      const differences = (await differencesFrom(repository, tree, tree)).filter(({ path }) => meant(path));
      const blocked = differences.find(({ path }) => hashFile(repository, path) === 'other');
      if (blocked) throw unknown(blocked.path);
      await writeDifferences(repository, differences);
      const wanted = files.filter(({ path }) => meant(path));
      const staged = new Map(index.map((entry) => [entry.path, entry]));
      const entries = wanted.flatMap(({ path, after }) => (after ? entryOf(repository, path, after) : []));
      const restaged = entries.filter(
        ({ path, oid }) => staged.get(path)?.oid !== oid || staged.get(path)?.stage !== 0,
      );
      const dropped = index.filter(({ path }) => meant(path) && !wanted.some((file) => file.path === path));
      await writeIndex(repository, [...index.filter(({ path }) => !meant(path)), ...entries]);
      return [...new Set([...differences, ...restaged, ...dropped].map(({ path }) => path))].sort();
    }),
  );
}

function unknown(place: string): UsageError {
  return new UsageError('USAGE', `"${place}" is no file that HEAD or the index has`, {
    hint: 'Use "git status" to see what changed.',
    data: { path: place },
  });
}
