import { beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBranch, listBranches, readHead } from '../../src/repo/branch.js';
import { composeCommit } from '../../src/repo/compose.js';
import type { CommitId } from '../../src/repo/ids.js';
import { readLog } from '../../src/repo/log.js';
import { assertMovable, moveHead } from '../../src/repo/move-head.js';
import { openRepository, type Repository } from '../../src/repo/repository.js';
import { resolveRevision, resolveStack, rootCommit } from '../../src/repo/resolve.js';
import { patchPath, readEvidence, readPatches, readState } from '../../src/repo/state.js';
import { temporaryDirectory } from '../paths.js';
import { commitRow, evidence, idOf, newRepository, patchOf, runGit } from './sandbox.js';

/** Made once and copied for every test: durable writes take their time. */
let template: Repository;

beforeAll(async () => {
  template = await newRepository();
  await commitRow(template, 1, 'calc');
  await commitRow(template, 2);
  await commitRow(template, 2, 'math');
  await commitRow(template, 3);
});

/** Two branches from the base: calc flips rows 1 and 2, math flips rows 2 and 3. HEAD is on math. */
async function twoBranches(): Promise<Repository> {
  const directory = join(temporaryDirectory(), 'repository');
  cpSync(template.directory, directory, { recursive: true });
  return openRepository(directory);
}

function expectClean({ directory }: Repository): void {
  expect(runGit(directory, 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
  expect(runGit(directory, 'status', '--porcelain')).toBe('');
}

const state = async (repository: Repository, name: string) =>
  readState(repository, await resolveRevision(repository, name));
const ids = (...rows: number[]) => rows.map(idOf).sort();

describe('commits', () => {
  test('add patches, which are read back with what they rest on', async () => {
    const repository = await twoBranches();
    expectClean(repository);
    expect(await state(repository, 'calc')).toEqual(ids(1, 2));
    expect(await state(repository, 'base')).toEqual([]);
    const calc = await resolveRevision(repository, 'calc');
    expect(await readPatches(repository, calc, [idOf(2)])).toEqual(new Map([[idOf(2), patchOf(2)]]));
    const read = await readEvidence(repository, calc, idOf(1));
    expect(read.map(({ kind, digest, bytes }) => ({ kind, digest, bytes: Buffer.from(bytes) }))).toEqual(
      evidence('row 1').sort((a, b) => (a.kind < b.kind ? -1 : 1)),
    );
    expect(await readEvidence(repository, calc, idOf(3))).toEqual([]);
    await expect(readPatches(repository, calc, [idOf(3)])).toFailWithCode('UNKNOWN_REVISION');
  });

  test('are what git shows', async () => {
    const { directory } = await twoBranches();
    expect(runGit(directory, 'log', '--format=%an <%ae> %ad %s', '--date=raw', '-1')).toBe(
      'Ada <ada@example.org> 1700000003 +0100 row 3',
    );
    const file = runGit(directory, 'show', `HEAD:${patchPath(idOf(3))}`);
    expect(JSON.parse(file)).toEqual(patchOf(3));
  });

  test('are logged with the patches that came and went', async () => {
    const repository = await twoBranches();
    runGit(repository.directory, 'revert', '--no-edit', 'HEAD~1');
    const { commit } = await readHead(repository);
    const log = await readLog(repository, commit);
    expect(log.map(({ patchesAdded, patchesRemoved }) => [patchesAdded, patchesRemoved])).toEqual([
      [[], ids(2)],
      [ids(3), []],
      [ids(2), []],
      [[], []],
    ]);
    expect(log[1]).toMatchObject({ message: 'row 3\n', author: { name: 'Ada', timezoneOffset: -60 } });
    expect(await readLog(repository, commit, { limit: 2 })).toEqual(log.slice(0, 2));
  });
});

describe('plain git', () => {
  test('merges two branches into the union', async () => {
    const repository = await twoBranches();
    runGit(repository.directory, 'merge', '-q', '--no-edit', 'calc');
    expect(await state(repository, 'HEAD')).toEqual(ids(1, 2, 3));
    expectClean(repository);
  });

  test('reverts one patch and leaves the others with their evidence', async () => {
    const repository = await twoBranches();
    runGit(repository.directory, 'revert', '--no-edit', 'HEAD');
    const { commit } = await readHead(repository);
    expect(await readState(repository, commit)).toEqual(ids(2));
    expect(await readEvidence(repository, commit, idOf(2))).toHaveLength(2);
    expect(await readEvidence(repository, commit, idOf(3))).toEqual([]);
  });

  test('packs everything with gc, and clones it', async () => {
    const repository = await twoBranches();
    runGit(repository.directory, 'gc', '-q');
    expect(await state(repository, 'calc')).toEqual(ids(1, 2));
    const onCalc = await resolveRevision(repository, 'calc');
    expect(await resolveRevision(repository, onCalc.slice(0, 8))).toBe(onCalc);
    const clone = join(repository.directory, '..', 'clone');
    runGit('/', 'clone', '-q', repository.directory, clone);
    expect(runGit(clone, 'fsck', '--strict', '--full')).toBe('');
    expect(runGit(clone, 'rev-parse', 'HEAD')).toBe((await readHead(repository)).commit);
  });
});

describe('a hostile tree', () => {
  const commitOf = (directory: string, tree: Uint8Array): CommitId => {
    const file = join(directory, '..', 'tree');
    writeFileSync(file, tree);
    const oid = runGit(directory, 'hash-object', '-t', 'tree', '-w', '--literally', file);
    return runGit(directory, 'commit-tree', oid, '-m', 'hostile') as CommitId;
  };

  test.each([
    ['that has no end', Buffer.from('100644 an entry without an end')],
    ['with a slash in a name', Buffer.from(`100644 a/b\0${'x'.repeat(20)}`)],
    ['with a short id', Buffer.from('100644 a\0short')],
    ['with a name twice', Buffer.from(`100644 a\0${'x'.repeat(20)}100644 a\0${'y'.repeat(20)}`)],
  ])('%s is damage', async (_, tree) => {
    const repository = await twoBranches();
    const commit = commitOf(repository.directory, tree);
    await expect(readState(repository, commit)).toFailWithCode('REPOSITORY_CORRUPT');
  });

  test('with something else among the patches is refused', async () => {
    const repository = await twoBranches();
    const { directory } = repository;
    for (const path of ['patches/notes.json', 'patches/ab/notes.json', 'patches/ab/c/d.json']) {
      mkdirSync(join(directory, path, '..'), { recursive: true });
      writeFileSync(join(directory, path), '{}');
      runGit(directory, 'add', path);
      runGit(directory, 'commit', '-q', '-m', 'something else');
      await expect(state(repository, 'HEAD')).toFailWithCode('REPOSITORY_CORRUPT');
      runGit(directory, 'revert', '--no-edit', 'HEAD');
    }
  });
});

describe('names', () => {
  test('are branches, tags of both kinds, HEAD, base, full refs and commit ids', async () => {
    const repository = await twoBranches();
    const calc = await resolveRevision(repository, 'calc');
    runGit(repository.directory, 'tag', 'light', 'calc');
    runGit(repository.directory, 'tag', '-a', '-m', 'heavy', 'heavy', 'calc');
    for (const name of ['light', 'heavy', 'refs/heads/calc', 'refs/tags/heavy', calc, calc.slice(0, 7)]) {
      expect(await resolveRevision(repository, name)).toBe(calc);
    }
    expect(await resolveRevision(repository, 'HEAD')).toBe(await resolveRevision(repository, 'math'));
    expect(await resolveRevision(repository, 'base')).toBe(await rootCommit(repository));
  });

  test('that are unknown get a hint at the nearest, and those of two things are refused', async () => {
    const repository = await twoBranches();
    await expect(resolveRevision(repository, 'clac')).rejects.toMatchObject({
      code: 'UNKNOWN_REVISION',
      hint: 'Did you mean "calc"?',
    });
    await expect(resolveRevision(repository, '0123abcd')).toFailWithCode('UNKNOWN_REVISION');
    await expect(resolveRevision(repository, 'abc')).toFailWithCode('UNKNOWN_REVISION');
    runGit(repository.directory, 'tag', 'calc', 'math');
    await expect(resolveRevision(repository, 'calc')).toFailWithCode('AMBIGUOUS_REVISION');
    expect(await resolveRevision(repository, 'refs/tags/calc')).toBe(await resolveRevision(repository, 'math'));
  });

  test('of objects that are no commits are unknown', async () => {
    const repository = await twoBranches();
    const tree = runGit(repository.directory, 'rev-parse', 'HEAD^{tree}');
    await expect(resolveRevision(repository, tree)).toFailWithCode('UNKNOWN_REVISION');
  });

  test('of branches are new, valid and not in the way of each other', async () => {
    const repository = await twoBranches();
    const calc = await resolveRevision(repository, 'calc');
    await createBranch(repository, 'team/primes', calc);
    expect((await listBranches(repository)).map(({ name }) => name)).toEqual(['calc', 'main', 'math', 'team/primes']);
    await expect(createBranch(repository, 'calc', calc)).toFailWithCode('BRANCH_EXISTS');
    await expect(createBranch(repository, 'calc/more', calc)).toFailWithCode('BRANCH_EXISTS');
    await expect(createBranch(repository, 'team', calc)).toFailWithCode('BRANCH_EXISTS');
    await expect(createBranch(repository, 'a+b', calc)).toFailWithCode('NAME_INVALID');
  });
});

describe('a composed stack', () => {
  const compose = async (repository: Repository, expression: string) =>
    composeCommit(repository, await resolveStack(repository, expression));

  test('is the union of its parts, and one commit whatever their order', async () => {
    const repository = await twoBranches();
    const stack = await resolveStack(repository, 'calc + math');
    expect(stack).toMatchObject({ expression: 'calc+math', patches: ids(1, 2, 3) });
    const commit = await composeCommit(repository, stack);
    expect(await readState(repository, commit)).toEqual(ids(1, 2, 3));
    for (const expression of ['calc+math', 'math+calc', 'math+base+calc+math', 'HEAD+calc']) {
      expect(await compose(repository, expression)).toBe(commit);
    }
    expect(await readEvidence(repository, commit, idOf(2))).toHaveLength(2);
    const head = await readHead(repository);
    await moveHead(repository, { from: head.commit, to: commit });
    expectClean(repository);
    expect(await readHead(repository)).toEqual({ branch: undefined, commit });
    expect(runGit(repository.directory, 'log', '-1', '--format=%s|%an|%at|%P')).toBe(
      `Stack calc+math|bankai|1700000003|${[...stack.parts.map((part) => part.commit)].sort().join(' ')}`,
    );
  });

  test('is one commit for any number of digits of a commit id', async () => {
    const repository = await twoBranches();
    const calc = await resolveRevision(repository, 'calc');
    const commit = await compose(repository, `${calc}+math`);
    for (const digits of [6, 20]) expect(await compose(repository, `math+${calc.slice(0, digits)}`)).toBe(commit);
  });

  test('of one part, of a part and its ancestor, or with the base is that part', async () => {
    const repository = await twoBranches();
    const calc = await resolveRevision(repository, 'calc');
    const first = runGit(repository.directory, 'rev-parse', 'calc~1');
    for (const expression of ['calc', 'calc+base', 'calc+calc', `${first}+calc`]) {
      expect(await compose(repository, expression)).toBe(calc);
    }
    expect(await compose(repository, 'base')).toBe(await rootCommit(repository));
    expect(await compose(repository, 'base+base')).toBe(await rootCommit(repository));
  });

  test('brings back what a descendant reverted, because a stack is a union', async () => {
    const repository = await twoBranches();
    runGit(repository.directory, 'branch', 'before');
    runGit(repository.directory, 'revert', '--no-edit', 'HEAD');
    const commit = await compose(repository, 'before+math');
    expect(await readState(repository, commit)).toEqual(ids(2, 3));
  });

  test('refuses a part for another base model', async () => {
    const repository = await twoBranches();
    const { directory } = repository;
    const other = readFileSync(join(directory, 'bankai.json'), 'utf8').replace('abab', 'cdcd');
    writeFileSync(join(directory, 'bankai.json'), other);
    runGit(directory, 'commit', '-q', '-a', '-m', 'another model');
    await expect(resolveStack(repository, 'calc+math')).toFailWithCode('BASE_MISMATCH');
  });
});

describe('moving HEAD', () => {
  const moveTo = async (repository: Repository, name: string) => ({
    from: (await readHead(repository)).commit,
    to: await resolveRevision(repository, name),
    branch: name,
  });

  test('leaves the worktree and the index as git would', async () => {
    const repository = await twoBranches();
    for (const name of ['calc', 'main', 'math', 'calc']) {
      await moveHead(repository, await moveTo(repository, name));
      expectClean(repository);
      expect(runGit(repository.directory, 'branch', '--show-current')).toBe(name);
    }
    expect(existsSync(join(repository.directory, patchPath(idOf(3))))).toBe(false);
  });

  test('can be repeated, and finished after it was cut short', async () => {
    const repository = await twoBranches();
    const move = await moveTo(repository, 'calc');
    rmSync(join(repository.directory, patchPath(idOf(3))));
    await moveHead(repository, move);
    await moveHead(repository, move);
    expectClean(repository);
  });

  test('keeps what is not ours', async () => {
    const repository = await twoBranches();
    writeFileSync(join(repository.directory, 'notes.txt'), 'mine');
    await moveHead(repository, await moveTo(repository, 'calc'));
    expect(runGit(repository.directory, 'status', '--porcelain')).toBe('?? notes.txt');
  });

  test('refuses to overwrite changes, names them all, and touches nothing', async () => {
    const repository = await twoBranches();
    const path = patchPath(idOf(3));
    writeFileSync(join(repository.directory, path), 'changed by hand');
    const move = await moveTo(repository, 'calc');
    await expect(assertMovable(repository, move)).rejects.toMatchObject({
      code: 'WORKTREE_DIRTY',
      data: { paths: [path] },
    });
    await expect(moveHead(repository, move)).toFailWithCode('WORKTREE_DIRTY');
    expect(runGit(repository.directory, 'status', '--porcelain')).toBe(`M ${path}`);
    expect((await readHead(repository)).branch).toBe('math');
  });

  test('does not follow a symlink out of the worktree', async () => {
    const repository = await twoBranches();
    const { directory } = repository;
    await moveHead(repository, await moveTo(repository, 'main'));
    mkdirSync(join(directory, '..', 'outside'));
    symlinkSync(join(directory, '..', 'outside'), join(directory, 'patches'));
    await expect(moveHead(repository, await moveTo(repository, 'calc'))).toFailWithCode('WORKTREE_DIRTY');
  });

  test('refuses symlinks that a commit brings, and paths that git would not write', async () => {
    const repository = await twoBranches();
    const { directory } = repository;
    const blob = runGit(directory, 'rev-parse', 'HEAD:bankai.json');
    const commitWith = (mode: string, path: string) => {
      const index = { mode, path };
      runGit(directory, 'update-index', '--add', '--cacheinfo', `${index.mode},${blob},${index.path}`);
      const tree = runGit(directory, 'write-tree');
      runGit(directory, 'update-index', '--force-remove', path);
      return runGit(directory, 'commit-tree', tree, '-p', 'HEAD', '-m', 'hostile') as CommitId;
    };
    const { commit: from } = await readHead(repository);
    for (const [mode, path] of [
      ['120000', 'link'],
      ['100644', 'a\\b'],
    ]) {
      const move = { from, to: commitWith(mode, path) };
      await expect(moveHead(repository, move)).rejects.toMatchObject({
        code: expect.stringMatching(/REPOSITORY_(UNSUPPORTED|CORRUPT)/),
      });
    }
  });
});
