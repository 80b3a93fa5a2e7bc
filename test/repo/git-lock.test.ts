import { expect, test } from '@jest/globals';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { dropDeadLocks, withGitLock, withIndexLock } from '../../src/repo/git-lock.js';
import { deleteRef, listRefs, resolveRef, writeRef } from '../../src/repo/refs.js';
import { checkout } from '../../src/workflows/checkout.js';
import { switchTo } from '../../src/workflows/switch.js';
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

test.each(['HEAD', 'refs/heads/math', 'refs/bankai/model', 'refs/bankai/undo'])(
  "a switch while git writes %s changes nothing; the lock that a crash of ours left there is in nobody's way",
  async (ref) => {
    const place = temporaryDirectory();
    await makeTemplate(place);
    const directory = join(place, 'work');
    const git = join(directory, '.git');
    const model = readFileSync(join(directory, 'working.gguf'));
    const lock = join(git, `${ref}.lock`);
    writeFileSync(lock, '');
    await expect(switchTo(directory, { name: 'math' })).toFailWithCode('REPOSITORY_LOCKED');
    expect(readFileSync(join(directory, 'working.gguf')).equals(model)).toBe(true);
    expect(runGit(directory, 'symbolic-ref', '--short', 'HEAD')).toBe('calc');
    expect(existsSync(join(git, 'bankai', 'journal.bin'))).toBe(false);
    linkSync(lock, join(git, 'objects', 'tmp_obj_0123456789ab'));
    await switchTo(directory, { name: 'math' });
    expect(runGit(directory, 'symbolic-ref', '--short', 'HEAD')).toBe('math');
    expect(existsSync(lock)).toBe(false);
    expect(runGit(directory, 'status', '--porcelain')).toBe('');
  },
);

test('a branch that is deleted while git packs refs waits for it, and takes no other with it', async () => {
  const repository = await newRepository();
  const [head] = runGit(repository.directory, 'rev-parse', 'HEAD').split('\n');
  for (const name of ['a', 'b']) runGit(repository.directory, 'branch', name);
  runGit(repository.directory, 'pack-refs', '--all');
  const packed = join(repository.gitDirectory, 'packed-refs');
  writeFileSync(`${packed}.lock`, '');
  await expect(deleteRef(repository, 'refs/heads/a')).toFailWithCode('REPOSITORY_LOCKED');
  expect(resolveRef(repository, 'refs/heads/a')).toBe(head);
  rmSync(`${packed}.lock`);
  await deleteRef(repository, 'refs/heads/a');
  expect([...listRefs(repository, 'refs/heads/').keys()]).toEqual(['refs/heads/b', 'refs/heads/main']);
  expect(existsSync(`${packed}.lock`)).toBe(false);
});

test('git packs refs all the while, and none of what we write is lost', async () => {
  const repository = await newRepository();
  const { directory } = repository;
  const ids = [runGit(directory, 'rev-parse', 'HEAD')];
  for (let i = 0; i < 3; i++) {
    runGit(directory, 'commit', '--quiet', '--allow-empty', '--message', String(i));
    ids.push(runGit(directory, 'rev-parse', 'HEAD'));
  }
  const ref = 'refs/heads/moving';
  let going = true;
  const packing = (async () => {
    while (going) await promisify(execFile)('git', ['-C', directory, 'pack-refs', '--all', '--prune']);
  })();
  try {
    for (let i = 0; i < 200; i++) {
      const oid = ids[i % ids.length];
      await writeRef(repository, ref, { oid });
      expect(resolveRef(repository, ref)).toBe(oid);
      await setImmediate();
      expect(resolveRef(repository, ref)).toBe(oid);
    }
  } finally {
    going = false;
    await packing;
  }
  expect(runGit(directory, 'rev-parse', ref)).toBe(ids[199 % ids.length]);
});
