/** What we read and write of git's own files, held against the real git. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { listBranches, readHead } from '../../src/repo/branch.js';
import { applyDelta } from '../../src/repo/delta.js';
import { parseSettings, readSettings } from '../../src/repo/git-config.js';
import { descendsFrom } from '../../src/repo/history.js';
import { asCommitId } from '../../src/repo/ids.js';
import { readIndex } from '../../src/repo/index-file.js';
import { treeOfIndex } from '../../src/repo/index-tree.js';
import { readLog } from '../../src/repo/log.js';
import { parseCommit } from '../../src/repo/parse-commit.js';
import { readObject } from '../../src/repo/read-object.js';
import { deleteRef, listRefs, resolveRef, writeRef } from '../../src/repo/refs.js';
import { describeRepository, openRepository, type Repository } from '../../src/repo/repository.js';
import { resolveRevision } from '../../src/repo/resolve.js';
import { isWorktreeClean } from '../../src/repo/worktree.js';
import { temporaryDirectory } from '../paths.js';
import { commitRow, newRepository, runGit } from './sandbox.js';

let original: Repository;

beforeAll(async () => {
  original = await newRepository();
  for (let row = 0; row < 12; row++) await commitRow(original, row);
});

/** A copy of a history whose trees resemble each other, so that git packs them as deltas. */
async function longHistory(): Promise<Repository> {
  const directory = join(temporaryDirectory(), 'copy');
  cpSync(original.directory, directory, { recursive: true });
  return openRepository(directory);
}

const packFile = ({ gitDirectory }: Repository): string => {
  const folder = join(gitDirectory, 'objects', 'pack');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.pack')) ?? '');
};

describe('a packed repository', () => {
  test.each(['true', 'false'])('reads as git reads it (deltas by offset: %s)', async (byOffset) => {
    const repository = await longHistory();
    const before = {
      log: await readLog(repository, (await readHead(repository)).commit),
      all: await listBranches(repository),
    };
    runGit(repository.directory, 'config', 'repack.useDeltaBaseOffset', byOffset);
    runGit(repository.directory, 'repack', '-adfq', '--depth=50', '--window=50');
    runGit(repository.directory, 'pack-refs', '--all');
    runGit(repository.directory, 'prune-packed');
    expect(runGit(repository.directory, 'verify-pack', '-v', packFile(repository))).toContain('chain length = 2');

    const packed = await openRepository(repository.directory);
    const head = await readHead(packed);
    expect({ log: await readLog(packed, head.commit), all: await listBranches(packed) }).toEqual(before);
    expect(await resolveRevision(packed, head.commit.slice(0, 10))).toBe(head.commit);
    const listed = runGit(repository.directory, 'cat-file', '--batch-all-objects', '--batch-check').split('\n');
    for (const line of listed) {
      const [oid, type, size] = line.split(' ');
      expect(readObject(packed, oid)).toMatchObject({ type, content: { length: Number(size) } });
    }
  });

  test('made while we look is found', async () => {
    const repository = await longHistory();
    const { commit } = await readHead(repository);
    const opened = describeRepository(repository.directory);
    expect(readObject(opened, commit).type).toBe('commit');
    runGit(repository.directory, 'gc', '-q', '--prune=now');
    for (const oid of runGit(repository.directory, 'rev-list', '--objects', '--no-object-names', 'HEAD').split('\n')) {
      expect(readObject(opened, oid).content.length).toBeGreaterThan(0);
    }
  });

  test('with a changed byte gives no wrong object', async () => {
    const repository = await longHistory();
    runGit(repository.directory, 'gc', '-q', '--prune=now');
    const path = packFile(repository);
    const bytes = readFileSync(path);
    const { commit } = await readHead(repository);
    chmodSync(path, 0o644);
    for (let at = 12; at < bytes.length - 20; at += Math.ceil(bytes.length / 40)) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 0x10;
      writeFileSync(path, damaged);
      await readLog(describeRepository(repository.directory), commit).catch((error: unknown) =>
        expect(error).toBeErrorWithCode('REPOSITORY_CORRUPT'),
      );
    }
    writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
    await expect(readLog(describeRepository(repository.directory), commit)).toFailWithCode('REPOSITORY_CORRUPT');
  });

  test('is added to', async () => {
    const repository = await longHistory();
    runGit(repository.directory, 'gc', '-q', '--prune=now');
    const opened = await openRepository(repository.directory);
    await commitRow(opened, 100);
    expect(runGit(repository.directory, 'fsck', '--strict', '--full')).toBe('');
    expect(runGit(repository.directory, 'status', '--porcelain')).toBe('');
  });
});

test.each([
  ['of another base', [9, 1, 1, 65]],
  ['that ends early', [1, 4, 0x91]],
  ['that copies from beyond the base', [1, 4, 0x91, 3, 4]],
  ['that makes too much', [1, 1, 2, 65, 65]],
  ['that makes too little', [1, 2, 1, 65]],
  ['of a later version', [1, 1, 0]],
])('a delta %s is refused', (_, bytes) => {
  expect(() => applyDelta(Buffer.from('b'), Buffer.from(bytes), 2 ** 20)).toThrow(RangeError);
});

test('a commit has the parents that stand where git looks for them', () => {
  const [tree, parent, other] = ['a', 'b', 'c'].map((digit) => digit.repeat(40));
  const text = `tree ${tree}\nparent ${parent}\nauthor A B <a@b> 12 -0130\ncommitter C <> 13 +0000\ngpgsig x\n y\nparent ${other}\n\nHi\n`;
  expect(parseCommit(asCommitId(tree), Buffer.from(text))).toEqual({
    id: tree,
    tree,
    parents: [parent],
    author: { name: 'A B', email: 'a@b', timestamp: 12, timezoneOffset: 90 },
    committer: { name: 'C', email: '', timestamp: 13, timezoneOffset: 0 },
    message: 'Hi\n',
  });
  expect(() => parseCommit(asCommitId(tree), Buffer.from('author x\n\n'))).toThrow('names no tree');
});

test('history is walked as git walks it, and ends where a shallow clone was cut', async () => {
  const repository = await newRepository();
  const first = await commitRow(repository, 1, 'calc');
  const second = await commitRow(repository, 2);
  await commitRow(repository, 3, 'math');
  runGit(repository.directory, 'merge', '-q', '-m', 'both', 'calc');
  const { commit } = await readHead(repository);
  const ids = async (opened: Repository) => (await readLog(opened, commit)).map(({ id }) => id as string);
  expect(await ids(repository)).toEqual(runGit(repository.directory, 'log', '--format=%H').split('\n'));
  expect(await descendsFrom(repository, commit, first)).toBe(true);
  expect(await descendsFrom(repository, first, second)).toBe(false);
  expect(await readLog(repository, commit, { limit: 2 })).toHaveLength(2);
  writeFileSync(join(repository.gitDirectory, 'shallow'), `${second}\n`);
  expect(await ids(describeRepository(repository.directory))).not.toContain(first);
});

test('refs are found loose and packed, written, and removed from both places', async () => {
  const repository = await newRepository();
  const commit = await commitRow(repository, 1, 'calc');
  runGit(repository.directory, 'tag', '-a', 'v1', '-m', 'first');
  runGit(repository.directory, 'pack-refs', '--all');
  await writeRef(repository, 'refs/heads/math/primes', { oid: commit });
  expect([...listRefs(repository, 'refs/heads/').keys()]).toEqual(
    ['calc', 'main', 'math/primes'].map((n) => `refs/heads/${n}`),
  );
  expect(await resolveRevision(repository, 'v1')).toBe(commit);
  await writeRef(repository, 'refs/heads/calc', { oid: commit });
  await deleteRef(repository, 'refs/heads/math/primes');
  await deleteRef(repository, 'refs/tags/v1');
  expect(resolveRef(repository, 'refs/tags/v1')).toBeUndefined();
  expect(runGit(repository.directory, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/calc\nrefs/heads/main');
  // The folder that a deleted branch leaves behind is not in the way of a branch of its name.
  await writeRef(repository, 'refs/heads/math', { oid: commit });
  expect(runGit(repository.directory, 'rev-parse', 'math')).toBe(commit);
});

test('settings are what git says they are', async () => {
  const { directory, gitDirectory } = await newRepository();
  const text =
    '[user]\n\tname = Ada "of  L" ; poet\n email = a\\\\b # x\n[Remote "O\\"r"] URL=" x " \n[core]\n\tSwitch\n\tlong = a \\\n b\n';
  writeFileSync(join(gitDirectory, 'config'), `${readFileSync(join(gitDirectory, 'config'), 'utf8')}${text}`);
  const lines = runGit(directory, 'config', '--local', '--list', '-z').split('\0').filter(Boolean);
  const expected = new Map(
    lines.map((line) => [line.split('\n')[0], line.includes('\n') ? line.slice(line.indexOf('\n') + 1) : 'true']),
  );
  expect(readSettings({ gitDirectory })).toEqual(expected);
  expect(() => parseSettings('nonsense =')).toThrow('bad line');
});

describe('the index', () => {
  test('that git wrote is kept, whatever its entries carry, and refused when it is of another kind', async () => {
    const repository = await newRepository();
    writeFileSync(join(repository.directory, 'planned'), '');
    runGit(repository.directory, 'add', '-N', 'planned');
    const staged = runGit(repository.directory, 'ls-files', '--stage', 'planned');
    await commitRow(repository, 1);
    expect(runGit(repository.directory, 'ls-files', '--stage', 'planned')).toBe(staged);
    expect(runGit(repository.directory, 'status', '--porcelain')).toBe('A planned'.trim());
    runGit(repository.directory, 'update-index', '--index-version', '4');
    expect(() => readIndex(repository)).toThrow('version 4');
    writeFileSync(join(repository.gitDirectory, 'index'), 'DIRC nonsense, nonsense, nonsense');
    expect(() => readIndex(repository)).toThrow('checksum');
  });

  test('says which tree it is, as git says it, wherever its files lie', async () => {
    const { directory, gitDirectory } = await newRepository();
    for (const path of ['a/x/1', 'a-b', 'a.b', 'a0', 'a/x.y', 'a/x/2/3', 'b/c/d/e', 'run']) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), path);
    }
    chmodSync(join(directory, 'run'), 0o755);
    symlinkSync('run', join(directory, 'link'));
    runGit(directory, 'add', '.');
    expect(treeOfIndex(readIndex(describeRepository(directory)))).toBe(runGit(directory, 'write-tree'));
    rmSync(join(gitDirectory, 'index'));
    expect(treeOfIndex(readIndex(describeRepository(directory)))).toBe(runGit(directory, 'write-tree'));
  });

  test('tells what was changed since', async () => {
    const repository = await newRepository();
    const commit = await commitRow(repository, 1);
    const file = join(repository.directory, 'bankai.json');
    const isClean = () => isWorktreeClean(describeRepository(repository.directory), commit);
    expect(await isClean()).toBe(true);
    const bytes = readFileSync(file);
    const { atime, mtime } = statSync(file);
    // The same length, and the old time put back.
    writeFileSync(file, Buffer.from(bytes).reverse());
    utimesSync(file, atime, mtime);
    expect(await isClean()).toBe(false);
    writeFileSync(file, bytes);
    expect(await isClean()).toBe(true);
    writeFileSync(join(repository.directory, 'untracked'), 'x');
    expect(await isClean()).toBe(true);
    runGit(repository.directory, 'add', 'untracked');
    expect(await isClean()).toBe(false);
    runGit(repository.directory, 'rm', '-q', '--cached', 'untracked');
    rmSync(file);
    expect(await isClean()).toBe(false);
  });
});
