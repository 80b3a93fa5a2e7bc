/** How far two commits are apart, as git counts it; and what status and branch make of it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { divergence } from '../../src/repo/divergence.js';
import type { CommitId } from '../../src/repo/ids.js';
import { openGitRepository, type Repository } from '../../src/repo/repository.js';
import { readTracking } from '../../src/repo/upstream.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from './sandbox.js';

const directory = join(temporaryDirectory(), 'repository');
const COMMITS = 60;
let repository: Repository;
let ids: CommitId[];

/** A history that parts and meets again and again: every commit is on one or two of the eight before it. */
beforeAll(async () => {
  runGit(temporaryDirectory(), 'init', '--quiet', '--template=', directory);
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  const lines: string[] = [];
  for (let i = 1; i <= COMMITS; i++) {
    lines.push('commit refs/heads/main', `mark :${i}`, `committer A <a@b> ${1_700_000_000 + i} +0000`, 'data 1', 'x');
    const parents = new Set(Array.from({ length: 1 + random(2) }, () => i - 1 - random(Math.min(8, i - 1) || 1)));
    [...parents]
      .filter((parent) => parent > 0)
      .forEach((parent, at) => lines.push(`${at ? 'merge' : 'from'} :${parent}`));
    lines.push('');
  }
  const marks = join(directory, '.git', 'marks');
  execFileSync('git', ['fast-import', '--quiet', '--force', `--export-marks=${marks}`], {
    cwd: directory,
    input: lines.join('\n'),
  });
  ids = execFileSync('sort', ['-V', marks], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] as CommitId);
  repository = await openGitRepository(directory);
});

test('of all pairs of commits is what git counts', async () => {
  const pairs = Array.from({ length: 40 }, (_, i) => [(i * 37) % COMMITS, (i * 23 + 11) % COMMITS]);
  const spoken = await Promise.all(
    pairs.map(async ([a, b]) => {
      const { ahead, behind } = await divergence(repository, ids[a], ids[b]);
      return `${ahead}\t${behind}`;
    }),
  );
  const counted = pairs.map(([a, b]) =>
    runGit(directory, 'rev-list', '--left-right', '--count', `${ids[a]}...${ids[b]}`),
  );
  expect(spoken).toEqual(counted);
  expect(new Set(counted).size).toBeGreaterThan(5);
});

describe('a branch', () => {
  test('is compared with what it follows', async () => {
    const [main, old] = [ids[COMMITS - 1], ids[COMMITS - 9]];
    runGit(directory, 'update-ref', 'refs/remotes/origin/main', old);
    expect(await readTracking(repository, 'main', main)).toBeUndefined();
    runGit(directory, 'config', 'remote.origin.url', '/nowhere');
    runGit(directory, 'config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*');
    runGit(directory, 'config', 'branch.main.remote', 'origin');
    runGit(directory, 'config', 'branch.main.merge', 'refs/heads/main');
    runGit(directory, 'update-ref', 'refs/heads/main', main);
    const [ahead, behind] = runGit(directory, 'rev-list', '--left-right', '--count', 'main...origin/main').split('\t');
    expect(await readTracking(await openGitRepository(directory), 'main', main)).toEqual({
      name: 'origin/main',
      ahead: Number(ahead),
      behind: Number(behind),
    });
    runGit(directory, 'config', 'branch.main.merge', 'refs/heads/none');
    expect(await readTracking(await openGitRepository(directory), 'main', main)).toEqual({
      name: 'origin/none',
      gone: true,
    });
  });
});
