import { describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listBranches, readHead } from '../../src/repo/branch.js';
import { createRepository } from '../../src/repo/create-repository.js';
import { createDescriptor, readDescriptor } from '../../src/repo/descriptor.js';
import { anonymous, readIdentity } from '../../src/repo/identity.js';
import { readLocalState, writeLocalState } from '../../src/repo/local-state.js';
import { openRepository } from '../../src/repo/repository.js';
import { rootCommit } from '../../src/repo/resolve.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { temporaryDirectory } from '../paths.js';
import { commitRow, completeInit, descriptor, newRepository, runGit } from './sandbox.js';

describe('a new repository', () => {
  test('is an ordinary git repository that git finds nothing wrong with', async () => {
    const { directory } = await newRepository();
    writeFileSync(join(directory, 'working.gguf'), 'the working model');
    expect(runGit(directory, 'fsck', '--strict', '--full')).toBe('');
    expect(runGit(directory, 'status', '--porcelain')).toBe('');
    expect(runGit(directory, 'symbolic-ref', 'HEAD')).toBe('refs/heads/main');
    expect(runGit(directory, 'ls-tree', '-r', '--name-only', 'HEAD').split('\n')).toEqual([
      '.gitattributes',
      'bankai.json',
    ]);
    expect(runGit(directory, 'config', 'merge.renames')).toBe('false');
  });

  test('begins with the same commit whoever makes it from the same model', async () => {
    const [a, b] = [await newRepository(), await newRepository()];
    expect(await rootCommit(a)).toBe(await rootCommit(b));
    expect(await rootCommit(a)).toBe('2cfa64a0f6326cd438b521532c576caa0d11df83');
    expect(await readDescriptor(a, await rootCommit(a))).toEqual(descriptor);
  });

  test('is found from below, and opened', async () => {
    const { directory } = await newRepository();
    mkdirSync(join(directory, 'patches', 'deep'), { recursive: true });
    const opened = await openRepository(join(directory, 'patches', 'deep'));
    expect(opened.directory).toBe(directory);
    expect(await readHead(opened)).toEqual({ branch: 'main', commit: await rootCommit(opened) });
  });

  test('is not made twice', async () => {
    const { directory } = await newRepository();
    const again = createRepository({ directory, descriptor, model: 'working.gguf' });
    await expect(again).toFailWithCode('REPOSITORY_EXISTS');
  });

  test('is made where plain git made an empty one', async () => {
    const directory = temporaryDirectory();
    runGit(directory, 'init', '-q', '-b', 'main');
    await newRepository(directory);
    expect(runGit(directory, 'status', '--porcelain')).toBe('');
    expect(runGit(directory, 'fsck', '--strict', '--full')).toBe('');
  });
});

describe('a clone', () => {
  test('is ready after init with the same model, and says so before', async () => {
    const origin = await newRepository();
    await commitRow(origin, 1);
    const directory = join(temporaryDirectory(), 'clone');
    runGit('/', 'clone', '-q', origin.directory, directory);
    await expect(openRepository(directory)).toFailWithCode('NOT_A_REPOSITORY');
    const created = await createRepository({ directory, descriptor, model: 'working.gguf' });
    await completeInit(created);
    expect(created.adopted).toBe(true);
    expect(created.root).toBe(await rootCommit(origin));
    expect(created.head).toEqual(await readHead(origin));
    expect(runGit(directory, 'status', '--porcelain')).toBe('');
    expect(await listBranches(await openRepository(directory))).toEqual(await listBranches(origin));
  });

  test('is refused with another model', async () => {
    const { directory, gitDirectory } = await newRepository();
    rmSync(join(gitDirectory, 'bankai'), { recursive: true });
    const other = createDescriptor('ef'.repeat(32) as WeightsId, descriptor.base.tensors);
    const adopted = createRepository({ directory, descriptor: other, model: 'working.gguf' });
    await expect(adopted).toFailWithCode('BASE_MISMATCH');
  });
});

describe('a git repository that cannot be ours', () => {
  const adopt = (directory: string) => createRepository({ directory, descriptor, model: 'working.gguf' });

  test('has other content', async () => {
    const directory = temporaryDirectory();
    runGit(directory, 'init', '-q');
    runGit(directory, 'commit', '-q', '--allow-empty', '-m', 'something else');
    await expect(adopt(directory)).toFailWithCode('REPOSITORY_UNSUPPORTED');
  });

  test('uses SHA-256', async () => {
    const directory = temporaryDirectory();
    runGit(directory, 'init', '-q', '--object-format=sha256');
    const head = readFileSync(join(directory, '.git', 'HEAD'));
    await expect(adopt(directory)).toFailWithCode('REPOSITORY_UNSUPPORTED');
    await expect(openRepository(directory)).toFailWithCode('REPOSITORY_UNSUPPORTED');
    expect(readFileSync(join(directory, '.git', 'HEAD'))).toEqual(head);
  });

  test('is a linked worktree or a submodule', async () => {
    const { directory } = await newRepository();
    const linked = join(temporaryDirectory(), 'linked');
    runGit(directory, 'worktree', 'add', '-q', linked, '-b', 'other');
    await expect(adopt(linked)).toFailWithCode('REPOSITORY_UNSUPPORTED');
    await expect(openRepository(linked)).toFailWithCode('REPOSITORY_UNSUPPORTED');
  });

  test('is bare', async () => {
    const directory = temporaryDirectory();
    runGit(directory, 'init', '-q', '--bare', '.git');
    await expect(adopt(directory)).toFailWithCode('REPOSITORY_UNSUPPORTED');
  });

  test('or is not there at all', async () => {
    await expect(openRepository(temporaryDirectory())).toFailWithCode('NOT_A_REPOSITORY');
  });
});

describe('local state', () => {
  test('is read as it was written', async () => {
    const repository = await newRepository();
    const state = await readLocalState(repository);
    await writeLocalState(repository, { ...state, model: '/models/other.gguf' });
    expect(await readLocalState(repository)).toEqual({ ...state, model: '/models/other.gguf' });
  });

  test('is refused when it is damaged', async () => {
    const repository = await newRepository();
    const path = join(repository.gitDirectory, 'bankai', 'state.json');
    expect(existsSync(path)).toBe(true);
    for (const text of ['', '{', '{"format":"bankai.state/v2"}', readFileSync(path, 'utf8') + ' ']) {
      writeFileSync(path, text);
      await expect(readLocalState(repository)).toFailWithCode('REPOSITORY_CORRUPT');
    }
  });
});

test('who commits are by is the configuration of the repository, else whoever is given', async () => {
  const repository = await newRepository();
  expect(await readIdentity(repository)).toEqual(anonymous);
  runGit(repository.directory, 'config', 'user.name', 'Ada <Lovelace>');
  const last = { name: 'Bob', email: 'bob@example.org' };
  expect(await readIdentity(repository, 'author', { last })).toEqual({
    name: 'Ada Lovelace',
    email: 'bob@example.org',
  });
  const first = { name: 'Eve' };
  expect(await readIdentity(repository, 'author', { first, last })).toMatchObject({
    name: 'Eve',
    email: 'bob@example.org',
  });
  runGit(repository.directory, 'config', 'author.email', 'author@example.org');
  expect(await readIdentity(repository, 'author', { last })).toMatchObject({ email: 'author@example.org' });
  expect(await readIdentity(repository, 'committer', { last })).toMatchObject({ email: 'bob@example.org' });
});
