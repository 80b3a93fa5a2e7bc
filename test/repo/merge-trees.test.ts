/** Merges of trees held against the real git: its merge bases, and the trees that it makes. */
import { expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commitChange } from '../../src/repo/commit-patch.js';
import type { CommitId } from '../../src/repo/ids.js';
import { mergeBases } from '../../src/repo/merge-base.js';
import { mergeCommits, mergeTrees } from '../../src/repo/merge-trees.js';
import { readCommit } from '../../src/repo/object.js';
import type { Repository } from '../../src/repo/repository.js';
import { resolveRevision, rootCommit } from '../../src/repo/resolve.js';
import { readState } from '../../src/repo/state.js';
import { writeCommit } from '../../src/repo/write-object.js';
import { seededRandom } from '../../src/search/random.js';
import { evidence, idOf, newRepository, patchOf, runGit } from './sandbox.js';

const author = { name: 'Ada', email: 'ada@example.org', timezoneOffset: 0 };

/** Makes a history of commits that add, remove and merge at random; at its end two lines cross. */
async function tangle(repository: Repository, seed: number, length: number): Promise<CommitId[]> {
  const draw = seededRandom(seed);
  const commits = [await rootCommit(repository)];
  const signature = () => ({ ...author, timestamp: 1_700_000_000 + commits.length });
  /** Adds a patch, or removes it where it is. */
  const change = async (parent: CommitId) => {
    const row = draw.nextInt(6);
    const removing = (await readState(repository, parent)).includes(idOf(row));
    const added = removing ? [] : [{ patch: patchOf(row), evidence: evidence(`row ${row}`) }];
    const removed = removing ? [idOf(row)] : [];
    const message = `change ${commits.length}\n`;
    commits.push(await commitChange(repository, { parent, added, removed, message, author: signature() }));
    return commits[commits.length - 1];
  };
  const join = async (one: CommitId, two: CommitId) => {
    const tree = await mergeCommits(repository, one, two);
    const by = { author: signature(), committer: signature() };
    commits.push(await writeCommit(repository, { tree, parents: [one, two], ...by, message: `merge ${length}\n` }));
    return commits[commits.length - 1];
  };
  const pick = () => commits[Math.max(0, commits.length - 1 - draw.nextInt(5))];
  while (commits.length < length) {
    const [one, two] = [pick(), pick()];
    if (one !== two && draw.nextInt(2) === 0) await join(one, two);
    else await change(one);
  }
  const [one, two] = [await change(pick()), await change(pick())];
  await change(await join(one, two));
  await change(await join(two, one));
  return commits;
}

test.each([2, 3])('merge bases and merged trees are those of git, in tangle %i', async (seed) => {
  const repository = await newRepository();
  const commits = await tangle(repository, seed, 20);
  const git = (...args: string[]) => runGit(repository.directory, ...args);
  const pairs = commits.slice(-6).flatMap((one, i, last) => last.slice(i + 1).map((two) => [one, two]));
  let crossed = 0;
  for (const [one, two] of pairs) {
    const bases = await mergeBases(repository, [one], [two]);
    expect([...bases].sort()).toEqual(git('merge-base', '--all', one, two).split('\n').sort());
    const ours = await mergeCommits(repository, one, two);
    if (bases.length < 2 && crossed > 0) continue;
    crossed += bases.length > 1 ? 1 : 0;
    git('checkout', '--quiet', '--detach', one);
    git('merge', '--quiet', '--no-edit', two);
    expect(ours).toBe(git('rev-parse', 'HEAD^{tree}'));
  }
  expect(crossed).toBeGreaterThan(0);
  expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
});

test('files that both sides changed, each in its own way, are refused by name', async () => {
  const repository = await newRepository();
  const { directory } = repository;
  const commit = (branch: string, path: string, text: string) => {
    runGit(directory, 'checkout', '--quiet', '-B', branch, 'main');
    writeFileSync(join(directory, path), text);
    runGit(directory, 'add', '-f', path);
    runGit(directory, 'commit', '--quiet', '-m', branch);
  };
  commit('one', 'README', 'one');
  commit('two', 'README', 'two');
  commit('three', 'NOTES', 'three');
  runGit(directory, 'checkout', '--quiet', '-B', 'four', 'main');
  runGit(directory, 'rm', '--quiet', '.gitattributes');
  runGit(directory, 'commit', '--quiet', '-m', 'four');
  const at = (name: string) => resolveRevision(repository, name);
  await expect(mergeCommits(repository, await at('one'), await at('two'))).toFailWithCode('MERGE_CONFLICT');
  const tree = await mergeCommits(repository, await at('one'), await at('three'));
  expect(runGit(directory, 'ls-tree', '--name-only', tree).split('\n')).toEqual(
    expect.arrayContaining(['NOTES', 'README', 'bankai.json']),
  );
  const treeOf = async (name: string) => (await readCommit(repository, await at(name))).tree;
  // A file that is in the way of a folder.
  runGit(directory, 'checkout', '--quiet', '-B', 'five', 'main');
  writeFileSync(join(directory, 'plain'), 'file');
  runGit(directory, 'add', 'plain');
  const file = runGit(directory, 'write-tree');
  runGit(directory, 'reset', '--quiet', '--hard', 'main');
  runGit(
    directory,
    'update-index',
    '--add',
    '--cacheinfo',
    `100644,${runGit(directory, 'hash-object', '-w', 'bankai.json')},plain/file`,
  );
  const folder = runGit(directory, 'write-tree');
  await expect(mergeTrees(repository, await treeOf('main'), file, folder)).toFailWithCode('MERGE_CONFLICT');
  await expect(mergeTrees(repository, await treeOf('main'), folder, file)).toFailWithCode('MERGE_CONFLICT');
});
