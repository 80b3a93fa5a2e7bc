import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { readHead } from '../../src/repo/branch.js';
import { createDurableFs } from '../../src/repo/durable-fs.js';
import { withLock } from '../../src/repo/lock.js';
import { describeRepository } from '../../src/repo/repository.js';
import { patchPath, readPatches, readState } from '../../src/repo/state.js';
import { temporaryDirectory } from '../paths.js';
import { commitRow, idOf, newRepository, runGit } from './sandbox.js';

describe('the file system under git', () => {
  test('replaces files as a whole, and leaves no temporary ones', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'objects'));
    const { promises: fs } = createDurableFs(directory);
    await fs.writeFile(join(directory, 'HEAD'), 'first');
    await fs.writeFile(join(directory, 'HEAD'), 'second');
    expect(readFileSync(join(directory, 'HEAD'), 'utf8')).toBe('second');
    expect(readdirSync(join(directory, 'objects'))).toEqual([]);
    await expect(fs.writeFile(join(directory, 'missing', 'file'), '')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each([0, 20])('an object that a crash cut to %i bytes is written again', async (length) => {
    const repository = await newRepository();
    await commitRow(repository, 1, 'calc');
    const oid = runGit(repository.directory, 'rev-parse', `HEAD:${patchPath(idOf(1))}`);
    const object = join(repository.gitDirectory, 'objects', oid.slice(0, 2), oid.slice(2));
    chmodSync(object, 0o644);
    truncateSync(object, length);
    const { commit } = await readHead(repository);
    await expect(readPatches(repository, commit, [idOf(1)])).toFailWithCode('REPOSITORY_CORRUPT');
    await commitRow(repository, 1, 'again');
    expect(await readPatches(repository, commit, [idOf(1)])).toHaveProperty('size', 1);
    expect(runGit(repository.directory, 'fsck', '--strict', '--full')).toBe('');
  });

  test('what a crash left behind does not disturb git', async () => {
    const repository = await newRepository();
    writeFileSync(join(repository.gitDirectory, 'objects', 'tmp_obj_0123456789ab'), 'half');
    expect(runGit(repository.directory, 'fsck', '--strict', '--full')).toBe('');
  });

  test('a missing tree is reported as damage', async () => {
    const repository = await newRepository();
    const commit = await commitRow(repository, 1, 'calc');
    const oid = runGit(repository.directory, 'rev-parse', 'HEAD:patches');
    const object = join(repository.gitDirectory, 'objects', oid.slice(0, 2), oid.slice(2));
    chmodSync(object, 0o644);
    truncateSync(object, 0);
    const opened = describeRepository(repository.directory);
    await expect(readState(opened, commit)).toFailWithCode('REPOSITORY_CORRUPT');
  });
});

describe('the lock of a repository', () => {
  const files = (directory: string) => readdirSync(join(directory, '.git', 'bankai', 'lock'));

  test('lets one in at a time and goes on after a failure', async () => {
    const repository = await newRepository();
    await withLock(repository, async () => {
      await expect(withLock(repository, async () => 'two')).rejects.toMatchObject({
        code: 'REPOSITORY_LOCKED',
        data: { pid: process.pid },
      });
    });
    await expect(withLock(repository, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    expect(await withLock(repository, async () => 'three')).toBe('three');
    expect(files(repository.directory)).toEqual(['3.json']);
  });

  test('of a dead process is taken over, by one of many that try', async () => {
    const repository = await newRepository();
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    mkdirSync(join(repository.gitDirectory, 'bankai', 'lock'));
    const holder = { host: hostname(), pid: child.pid, token: 'of the dead' };
    writeFileSync(join(repository.gitDirectory, 'bankai', 'lock', '4.json'), JSON.stringify(holder));
    let inside = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        withLock(repository, async () => {
          expect(++inside).toBe(1);
          await readHead(repository);
          inside--;
        }),
      ),
    );
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeErrorWithCode('REPOSITORY_LOCKED');
    }
    expect(files(repository.directory)).toHaveLength(1);
  });

  test('of a dead process that had our own id is taken over', async () => {
    const repository = await newRepository();
    mkdirSync(join(repository.gitDirectory, 'bankai', 'lock'));
    const holder = { host: hostname(), pid: process.pid, token: 'of an earlier process' };
    writeFileSync(join(repository.gitDirectory, 'bankai', 'lock', '1.json'), JSON.stringify(holder));
    expect(await withLock(repository, async () => 'mine')).toBe('mine');
  });

  test('of another machine, or cut short by a crash: the first holds, the second does not', async () => {
    const repository = await newRepository();
    const path = join(repository.gitDirectory, 'bankai', 'lock', '1.json');
    mkdirSync(join(repository.gitDirectory, 'bankai', 'lock'));
    writeFileSync(path, JSON.stringify({ host: 'elsewhere', pid: 1, token: 'theirs' }));
    await expect(withLock(repository, async () => 'mine')).toFailWithCode('REPOSITORY_LOCKED');
    writeFileSync(path, '');
    expect(await withLock(repository, async () => 'mine')).toBe('mine');
  });
});
