/** Reflogs: git reads ours, we read git's, and an interrupted move is told once. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBranch, pointBranch, readHead } from '../../src/repo/branch.js';
import { moveHead } from '../../src/repo/move-head.js';
import { hasReflog, readReflog, type RefNote, renameReflog } from '../../src/repo/reflog.js';
import { rootCommit } from '../../src/repo/resolve.js';
import { commitRow, newRepository, runGit } from './sandbox.js';

const note = (message: string, second = 0): RefNote => ({
  by: { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000 + second, timezoneOffset: -60 },
  message,
});

async function someMoves() {
  const repository = await newRepository();
  const root = await rootCommit(repository);
  const calc = await commitRow(repository, 1, 'calc');
  await moveHead(repository, { from: calc, to: root, branch: 'main' });
  return { repository, root, calc };
}

describe('a reflog', () => {
  test('that we wrote is what git reads', async () => {
    const { repository, root, calc } = await someMoves();
    await createBranch(repository, 'math', root, note('branch: Created from base'));
    const leaving = { place: 'main', for: root };
    await moveHead(repository, { from: root, to: calc, branch: 'math', note: { ...note('commit: ä\n b'), leaving } });
    expect(runGit(repository.directory, 'reflog', '--format=%gd %H %gn %gs').split('\n')).toEqual([
      `HEAD@{0} ${calc} Ada commit: ä b`,
      `HEAD@{1} ${root} Ada checkout: moving from main to math`,
    ]);
    expect(runGit(repository.directory, 'reflog', 'math', '--format=%gd %H %gs').split('\n')).toEqual([
      `math@{0} ${calc} commit: ä b`,
      `math@{1} ${root} branch: Created from base`,
    ]);
    expect(runGit(repository.directory, 'rev-parse', '--abbrev-ref', '@{-1}')).toBe('main');
    expect(runGit(repository.directory, 'fsck', '--strict', '--full')).toBe('');
  });

  test('that git wrote is what we read', async () => {
    const { repository, root, calc } = await someMoves();
    runGit(repository.directory, 'checkout', '-q', 'calc');
    runGit(repository.directory, 'reset', '-q', '--hard', root);
    const [before, reset] = readReflog(repository, 'HEAD').slice(-2);
    expect(before).toMatchObject({ from: root, to: calc, message: 'checkout: moving from main to calc' });
    expect(reset).toMatchObject({ from: calc, to: root, by: { name: 'Ada', email: 'ada@example.org' } });
    expect(readReflog(repository, 'refs/heads/calc').at(-1)?.message).toBe(`reset: moving to ${root}`);
    expect(readReflog(repository, 'refs/heads/none')).toEqual([]);
  });

  test('says a move once, however often it is repeated from any of its steps', async () => {
    const { repository, root, calc } = await someMoves();
    const leaving = { place: 'main', for: root };
    const move = { from: root, to: calc, branch: 'new', note: { ...note('commit: x'), leaving } };
    const before = readFileSync(join(repository.gitDirectory, 'HEAD'));
    await moveHead(repository, move);
    const lines = (ref: string) => readFileSync(join(repository.gitDirectory, 'logs', ref), 'utf8');
    const whole = { HEAD: lines('HEAD'), branch: lines('refs/heads/new') };
    // The first line of HEAD's log alone; half of the second; all of it but HEAD itself; everything.
    const first = whole.HEAD.indexOf('\n') + 1;
    for (const cut of [first, first + 50, whole.HEAD.length]) {
      writeFileSync(join(repository.gitDirectory, 'logs', 'HEAD'), whole.HEAD.slice(0, cut));
      writeFileSync(join(repository.gitDirectory, 'HEAD'), before);
      await moveHead(repository, move);
      await moveHead(repository, move);
      expect({ HEAD: lines('HEAD'), branch: lines('refs/heads/new') }).toEqual(whole);
    }
    expect(await readHead(repository)).toEqual({ branch: 'new', commit: calc });
  });

  test('says the same move twice when it was made twice', async () => {
    const { repository, root, calc } = await someMoves();
    const there = { from: root, to: calc, branch: 'calc', note: note('checkout: moving from main to calc') };
    const back = { from: calc, to: root, branch: 'main', note: note('checkout: moving from calc to main') };
    for (const move of [there, back, there, back]) await moveHead(repository, move);
    expect(readReflog(repository, 'HEAD')).toHaveLength(4);
    expect(readReflog(repository, 'refs/heads/calc')).toEqual([]);
  });

  test('is kept for the refs that core.logAllRefUpdates names, and for those that have one', async () => {
    const { repository, root, calc } = await someMoves();
    await createBranch(repository, 'before', root, note('branch: Created from base'));
    runGit(repository.directory, 'config', 'core.logAllRefUpdates', 'false');
    await createBranch(repository, 'after', root, note('branch: Created from base'));
    await pointBranch(repository, 'before', calc, note('reset: moving to calc'));
    expect(readReflog(repository, 'refs/heads/before')).toHaveLength(2);
    expect(hasReflog(repository, 'refs/heads/after')).toBe(false);
  });

  test('goes with its ref to another name, also into a folder that is a file', async () => {
    const { repository, root } = await someMoves();
    await createBranch(repository, 'a', root, note('branch: Created from base'));
    await renameReflog(repository, 'refs/heads/a', 'refs/heads/a/b');
    expect(readReflog(repository, 'refs/heads/a/b')).toHaveLength(1);
    await renameReflog(repository, 'refs/heads/a/b', 'refs/heads/a');
    expect(readReflog(repository, 'refs/heads/a')).toHaveLength(1);
  });
});
