/** Revisions mean what they mean to git: a table of them, each held against `git rev-parse`. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { openGitRepository, openRepository, type Repository } from '../../src/repo/repository.js';
import { resolveRevision, resolveStack, rootCommit } from '../../src/repo/resolve.js';
import { temporaryDirectory } from '../paths.js';
import { commitRow, completeInit, newRepository, runGit } from './sandbox.js';

/**
 * A clone, so that it has remote-tracking refs:
 *
 *     base ── 1 ── 2 ── 3 ─────┐ calc (v1 is 2, annotated; light is 3)
 *        └─── 4 ── 5 ── merge ─┘ math, where HEAD is after some checkouts and a reset
 */
async function history(): Promise<Repository> {
  const origin = await newRepository();
  for (const row of [1, 2, 3]) await commitRow(origin, row, row === 1 ? 'calc' : undefined);
  for (const row of [4, 5]) await commitRow(origin, row, row === 4 ? 'math' : undefined);
  const directory = join(temporaryDirectory(), 'clone');
  runGit('/', 'clone', '-q', origin.directory, directory);
  const git = (...args: string[]) => runGit(directory, ...args);
  git('branch', '-q', 'calc', 'origin/calc');
  git('tag', '-a', '-m', 'first', 'v1', 'calc~1');
  git('tag', '-a', '-m', 'of a tag', 'v1.1', 'v1');
  git('tag', 'light', 'calc');
  git('merge', '-q', '--no-edit', 'calc');
  git('checkout', '-q', 'calc');
  git('reset', '-q', '--hard', 'HEAD~1');
  git('reset', '-q', '--hard', 'v1~1');
  git('checkout', '-q', '--detach', 'light');
  git('checkout', '-q', 'math');
  const repository = await openGitRepository(directory);
  const root = await rootCommit(repository);
  await completeInit({ repository, root, head: { branch: 'math', commit: root }, adopted: true });
  return openRepository(directory);
}

const revisions = [
  ...[
    'HEAD',
    '@',
    'math',
    'calc',
    'heads/calc',
    'refs/heads/calc',
    'v1',
    'v1.1',
    'tags/v1',
    'light',
    'v1^{}',
    'v1.1^0',
  ],
  ...['origin/calc', 'origin/math', 'origin', 'remotes/origin/calc', 'refs/remotes/origin/calc', 'ORIG_HEAD'],
  ...[
    'HEAD~',
    '@~2',
    '@^',
    '@^2',
    '@^2~1',
    '@^^1~0',
    'HEAD^1^1',
    'v1~1',
    'light^{commit}~2',
    'origin/calc~3',
    'math~03',
  ],
  ...[
    '@{0}',
    '@{1}',
    'HEAD@{0}',
    'HEAD@{1}',
    'HEAD@{2}',
    'HEAD@{5}',
    '@@{1}',
    'calc@{1}',
    'calc@{2}',
    'calc@{1}~1',
    'light~1^0',
  ],
  ...['@{-1}', '@{-2}', '@{-3}', '@{-1}~1', '@{-2}@{1}', 'calc@{u}', 'math@{upstream}', '@{u}~1'],
];

const wrong = [
  ...[
    'HEAD~9',
    '@^3',
    'calc^2',
    'calc@{9}',
    'HEAD@{99}',
    '@{-9}',
    'light@{1}',
    'nothing',
    'nothing~1',
    'v9^0',
    'light@{u}',
    'light@{0}',
    'calc@{u}@{0}',
  ],
  ...['HEAD^{tree}', 'v1:patches', '~1', '^', 'math~1@{1}', 'calc@{-1}', 'calc@{', '0000000'],
];

describe('a revision', () => {
  let repository: Repository;
  const git = (...args: string[]) => runGit(repository.directory, ...args);

  beforeAll(async () => {
    repository = await history();
  });

  test.each(revisions)('%s is the commit that git finds', async (text) => {
    expect(await resolveRevision(repository, text)).toBe(git('rev-parse', '--verify', '--quiet', `${text}^{commit}`));
  });

  test('that is an id, or what describes one, too', async () => {
    const id = git('rev-parse', 'calc');
    for (const text of [id, id.slice(0, 8), `${id.slice(0, 6)}~1`, git('describe', '--long', 'light')]) {
      expect(await resolveRevision(repository, text)).toBe(git('rev-parse', '--verify', `${text}^{commit}`));
    }
  });

  test.each(wrong)('%s is refused', async (text) => {
    await expect(resolveRevision(repository, text)).rejects.toMatchObject({
      code: expect.stringMatching(/^(STACK_SYNTAX|UNKNOWN_REVISION)$/),
      hint: expect.any(String),
    });
  });

  test('has a lasting name as a part of a stack', async () => {
    const names = async (text: string) => (await resolveStack(repository, text)).parts.map(({ name }) => name);
    const short = (text: string) => git('rev-parse', `${text}^{commit}`).slice(0, 12);
    expect(await names('calc+origin/math+v1')).toEqual(['calc', 'origin/math', 'v1']);
    expect(await names('HEAD+@+@{-2}+calc@{u}')).toEqual(['math', 'math', 'calc', 'origin/calc']);
    expect(await names(`calc^0+calc~0+@{-1}+calc@{1}+${git('rev-parse', 'v1^{}')}`)).toEqual([
      'calc',
      ...['calc', 'light', 'calc@{1}', 'v1'].map(short),
    ]);
  });

  test('that does not exist says how far there is something', async () => {
    await expect(resolveRevision(repository, 'calc~9')).rejects.toThrow(
      'There is no "calc~9": the history of "calc" ends after 1',
    );
    await expect(resolveRevision(repository, '@^3')).rejects.toThrow(
      /There is no "@\^3": commit [0-9a-f]{12} has 2 parents/,
    );
    await expect(resolveRevision(repository, 'calc@{9}')).rejects.toThrow(
      'There is no "calc@{9}": the log of "calc" has 3 entries',
    );
  });
});
