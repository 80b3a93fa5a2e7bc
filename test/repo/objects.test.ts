import { describe, expect, test } from '@jest/globals';
import { readHead } from '../../src/repo/branch.js';
import { createMemory } from '../../src/repo/memory.js';
import { readCommit } from '../../src/repo/object.js';
import { changeTree, fileEntry } from '../../src/repo/tree.js';
import { writeCommit, writeObject } from '../../src/repo/write-object.js';
import { newRepository, runGit } from './sandbox.js';

describe('new objects', () => {
  test('a tree has the order that git wants', async () => {
    const repository = await newRepository();
    const blob = fileEntry(await writeObject(repository, 'blob', Buffer.from('text\n')));
    // A directory sorts as "a/": after "a-" and "a.", before "a0". Astral characters sort after U+FFFF, by their bytes.
    const names = ['a0', 'a/x', 'a.b', 'a-b', 'ab', '\u{10000}', '\uffee'];
    const tree = await changeTree(repository, undefined, new Map(names.map((name) => [name, blob])));
    expect(
      runGit(repository.directory, '-c', 'core.quotePath=false', 'ls-tree', '--name-only', tree).split('\n'),
    ).toEqual(['a-b', 'a.b', 'a', 'a0', 'ab', '\uffee', '\u{10000}']);
    expect(runGit(repository.directory, 'fsck', '--strict', '--no-dangling', tree)).toBe('');
  });

  test('a commit is read back as it was written, its message cleaned', async () => {
    const repository = await newRepository();
    const { commit: parent } = await readHead(repository);
    const { tree } = await readCommit(repository, parent);
    const author = { name: 'Ada', email: 'ada@example.org', timestamp: 1_700_000_000, timezoneOffset: -330 };
    const committer = { ...author, timezoneOffset: 90 };
    const id = await writeCommit(repository, {
      tree,
      parents: [parent],
      author,
      committer,
      message: '\n\nfirst\r\n\0\nlast\n\n',
    });
    expect(await readCommit(repository, id)).toEqual({
      id,
      tree,
      parents: [parent],
      author,
      committer,
      message: 'first\n\nlast\n',
    });
    expect(runGit(repository.directory, 'log', '-1', '--format=%ad %cd', '--date=raw', id)).toBe(
      '1700000000 +0530 1700000000 -0130',
    );
    expect(runGit(repository.directory, 'fsck', '--strict', id)).toBe('');
  });
});

describe('the memory of objects', () => {
  const reader = (memory: ReturnType<typeof createMemory<string>>) => {
    const reads: string[] = [];
    const recall = (oid: string) => memory.recall(oid, () => `${reads.push(oid)}`);
    return { reads, recall };
  };

  test('reads once, and again after a failure', () => {
    const memory = createMemory<string>(() => 1);
    const fail = (): string => {
      throw new Error('gone');
    };
    expect(() => memory.recall('a', fail)).toThrow('gone');
    const { reads, recall } = reader(memory);
    expect([recall('a'), recall('a'), recall('b')]).toEqual(['1', '1', '2']);
    expect(reads).toEqual(['a', 'b']);
  });

  test('forgets when there is too much to keep', () => {
    const { reads, recall } = reader(createMemory<string>(() => 40 * 2 ** 20));
    for (const oid of ['a', 'a', 'b', 'a']) recall(oid);
    expect(reads).toEqual(['a', 'b', 'a']);
  });
});
