import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { dropDeadLocks, withGitLock, withIndexLock } from '../../src/repo/git-lock.js';
import { checkout } from '../../src/workflows/checkout.js';
import { makeTemplate } from '../faults/scenarios.js';
import { temporaryDirectory } from '../paths.js';
import { newRepository, runGit } from './sandbox.js';

test('git is kept out while we write, and we are while git does', async () => {
  const repository = await newRepository();
  const lock = join(repository.gitDirectory, 'index.lock');
  await withIndexLock(repository, async () => {
    expect(() => runGit(repository.directory, 'reset', '--quiet')).toThrow();
    await withIndexLock(repository, async () => expect(existsSync(lock)).toBe(true));
    expect(existsSync(lock)).toBe(true);
  });
  expect(existsSync(lock)).toBe(false);
  runGit(repository.directory, 'reset', '--quiet');
  writeFileSync(lock, '');
  await expect(withIndexLock(repository, async () => undefined)).toFailWithCode('REPOSITORY_LOCKED');
  expect(readFileSync(lock, 'utf8')).toBe('');
});

test('a lock is let go when the action fails, and one of a dead process is taken over', async () => {
  const repository = await newRepository();
  const path = join(repository.gitDirectory, 'index');
  await expect(withGitLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(`${path}.lock`)).toBe(false);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const leave = (by: number, host = hostname()) => writeFileSync(`${path}.lock`, `bankai ${by} ${host}\n`);
  for (const alive of [() => leave(process.ppid), () => leave(pid, 'another-machine')]) {
    alive();
    dropDeadLocks(repository);
    expect(existsSync(`${path}.lock`)).toBe(true);
  }
  leave(pid);
  await expect(withGitLock(path, async () => 'done')).resolves.toBe('done');
  leave(pid);
  dropDeadLocks(repository);
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a checkout while git has the index changes nothing', async () => {
  const place = temporaryDirectory();
  await makeTemplate(place);
  const directory = join(place, 'work');
  const model = readFileSync(join(directory, 'working.gguf'));
  const lock = join(directory, '.git', 'index.lock');
  writeFileSync(lock, '');
  await expect(checkout(directory, 'calc+math')).toFailWithCode('REPOSITORY_LOCKED');
  expect(readFileSync(join(directory, 'working.gguf')).equals(model)).toBe(true);
  expect(runGit(directory, 'symbolic-ref', '--short', 'HEAD')).toBe('calc');
  expect(existsSync(join(directory, '.git', 'bankai', 'journal.bin'))).toBe(false);
});
