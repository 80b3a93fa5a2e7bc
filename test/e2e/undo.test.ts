/** `undo`: whatever an operation did to a repository is as it was, byte for byte, and then done again. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RefChange } from '../../src/repo/change-refs.js';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { newRemote } from '../../src/workflows/remote.js';
import { undo } from '../../src/workflows/undo.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { createCli } from './cli.js';
import {
  fingerprint,
  foreignPatch,
  makeSampleRepository,
  outputOf,
  recorderAt,
  someProbes,
  stateOf,
} from './repository.js';

const cli = createCli();
let directory = '';

beforeAll(async () => {
  await makeSampleRepository(cli);
  const third = Buffer.from(foreignPatch('third', [[4, 'up_proj', 9]]));
  const request = { name: 'third.json', bytes: third, message: 'third', branch: 'third' };
  await importFile(cli.directory, request, recorderAt(cli));
  await checkout(cli.directory, 'calc');
  const git = join(cli.directory, '.git');
  writeFileSync(join(git, 'fourth.json'), foreignPatch('fourth', [[5, 'up_proj', 3]]));
  writeFileSync(join(git, 'few.json'), someProbes('arithmetic', 4));
  // Somebody else's copy of it, with one branch more.
  cpSync(cli.directory, join(cli.directory, '..', 'far'), { recursive: true });
  runGit(join(cli.directory, '..', 'far'), 'branch', 'theirs', 'third');
});

beforeEach(() => {
  directory = join(temporaryDirectory(), 'ours');
  cpSync(cli.directory, directory, { recursive: true });
});

const run = (...args: string[]) => cli.run([...args, '-C', directory]);
const bankai = async (...args: string[]) => outputOf(await run(...args));
const git = (...args: string[]) => runGit(directory, ...args);
const state = () => stateOf(directory);
const sorted = (refs: readonly RefChange[]) => refs.toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** Changes that nobody committed: staged, staged and changed again, changed only, removed, and a file of a merge. */
function makeDirty(): void {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write('staged.txt', 'staged\n');
  write('bankai.json', 'staged\n');
  git('add', 'staged.txt', 'bankai.json');
  write('bankai.json', 'not even staged\n');
  write('.gitattributes', 'changed\n');
}

/** A remote with branches of it that one of ours follows. */
async function withRemote(): Promise<void> {
  await newRemote(directory, 'lab', join(cli.directory, '..', 'far'));
  git('fetch', '--quiet', 'lab');
  git('branch', '--quiet', '--set-upstream-to=lab/math', 'math');
  git('remote', 'set-head', 'lab', 'calc');
}

const operations: readonly (readonly [name: string, args: readonly string[], prepare?: () => unknown])[] = [
  ['checkout', ['checkout', 'math']],
  ['checkout of a stack', ['checkout', 'calc+math']],
  ['switch -c', ['switch', '-c', 'more', 'calc+math']],
  ['switch to what a remote has', ['switch', 'theirs'], withRemote],
  ['merge', ['merge', 'math']],
  ['merge, fast-forward', ['merge', 'calc'], () => checkout(directory, 'main')],
  ['revert', ['revert', 'HEAD']],
  ['cherry-pick', ['cherry-pick', 'math']],
  ['rm', ['rm', 'calc']],
  ['squash', ['squash', '-b', 'one'], () => checkout(directory, 'calc+math')],
  ['split', ['split', 'HEAD']],
  ['minimize', ['minimize', 'HEAD', '--probes', '.git/few.json']],
  ['minimize -b', ['minimize', 'HEAD', '--probes', '.git/few.json', '-b', 'slim']],
  ['import', ['import', '.git/fourth.json', '-b', 'fourth']],
  ['attest', ['attest', 'HEAD', '--read', '--verdict', 'approve']],
  ['branch', ['branch', 'more', 'calc+math']],
  ['branch -f', ['branch', '-f', 'math', 'calc+third']],
  ['checkout -b', ['checkout', '-b', 'more', 'math']],
  ['branch -m', ['branch', '-m', 'calc', 'calculus'], withRemote],
  ['branch -M', ['branch', '-M', 'third', 'math'], withRemote],
  ['branch -D', ['branch', '-D', 'math'], withRemote],
  ['tag', ['tag', 'v1', '-m', 'the first']],
  ['tag -d', ['tag', '-d', 'v1'], () => git('tag', '-m', 'one', 'v1')],
  ['reset', ['reset', 'math']],
  ['reset --soft', ['reset', '--soft', 'math'], makeDirty],
  ['reset --mixed', ['reset', '--mixed', 'math'], makeDirty],
  ['reset --mixed in place', ['reset', '--mixed'], makeDirty],
  ['reset --hard', ['reset', '--hard', 'math'], makeDirty],
  ['reset --hard in place', ['reset', '--hard'], makeDirty],
  ['reset --hard out of a merge', ['reset', '--hard'], () => git('merge', '--quiet', '--no-commit', 'math')],
  ['restore', ['restore'], makeDirty],
  ['restore of one file', ['restore', 'bankai.json'], makeDirty],
  ['restore --source', ['restore', '--source', 'math']],
  ['config', ['config', 'person.hat', 'bowler']],
  ['config of what was set', ['config', 'user.name', 'Bob'], () => git('config', 'user.name', 'Ada')],
  ['config --unset', ['config', '--unset', 'person.hat'], () => git('config', 'person.hat', 'bowler')],
  ['remote add', ['remote', 'add', 'lab', 'https://ada:secret@example.org/a.git']],
  ['remote set-url', ['remote', 'set-url', 'lab', 'https://example.org/b.git'], withRemote],
  ['remote rename', ['remote', 'rename', 'lab', 'far'], withRemote],
  ['remote remove', ['remote', 'remove', 'lab'], withRemote],
  ['fetch', ['fetch', 'lab'], () => newRemote(directory, 'lab', join(cli.directory, '..', 'far'))],
  ['pull', ['pull', 'lab', 'theirs'], () => newRemote(directory, 'lab', join(cli.directory, '..', 'far'))],
];

describe('undo takes back, and does again,', () => {
  test.each(operations.map(([name, args, prepare]) => ({ name, args, prepare })))('$name', async (operation) => {
    const { args, prepare } = operation;
    await prepare?.();
    const before = state();
    await bankai(...args);
    const after = state();
    expect(after).not.toEqual(before);
    // Nothing that is needed may be lost, whatever git thinks is garbage.
    git('reflog', 'expire', '--expire=now', '--all');
    git('gc', '--quiet', '--prune=now');
    const { refs } = await undo(directory);
    expect(state()).toEqual(before);
    // Every ref is told once, there and back.
    const turned = refs.map(({ name, before, after }) => ({ name, before: after, after: before }));
    expect(new Set(refs.map(({ name }) => name)).size).toBe(refs.length);
    expect(sorted((await undo(directory)).refs)).toEqual(sorted(turned));
    expect(state()).toEqual(after);
    expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
    expect(sorted((await undo(directory)).refs)).toEqual(sorted(refs));
    expect(state()).toEqual(before);
  });
});

describe('undo', () => {
  test('gives a deleted branch its log and its settings again', async () => {
    await withRemote();
    const log = git('reflog', 'show', '--format=%H %gs', 'math');
    await bankai('branch', '-D', 'math');
    await bankai('undo');
    expect(git('reflog', 'show', '--format=%H %gs', 'math')).toBe(log);
    expect(git('rev-parse', '--abbrev-ref', 'math@{upstream}')).toBe('lab/math');
  });

  test('writes down no secret among the objects of git, and keeps what it needs for the last operation only', async () => {
    await bankai('remote', 'add', 'lab', 'https://ada:geheim@example.org/a.git');
    await bankai('config', 'person.hat', 'bowler');
    const objects = git('cat-file', '--batch-all-objects', '--batch', '--unordered');
    expect(objects).not.toContain('geheim');
    const saved = Object.keys(fingerprint(join(directory, '.git', 'bankai', 'undo')));
    expect(saved.filter((path) => path.endsWith('files.json'))).toHaveLength(1);
  });

  test.each<[string, readonly string[], () => unknown, string]>([
    ['a setting', ['config', 'person.hat', 'bowler'], () => git('config', 'person.shoes', 'none'), '.git/config'],
    ['the index', ['reset', '--hard'], () => git('rm', '--quiet', '--cached', '.gitattributes'), '.git/index'],
    [
      'a file',
      ['reset', '--hard'],
      () => writeFileSync(join(directory, 'bankai.json'), `${readFileSync(join(directory, 'bankai.json'), 'utf8')} `),
      'bankai.json',
    ],
  ])('refuses where %s was changed since, and then changes nothing', async (_, args, change, path) => {
    makeDirty();
    await bankai(...args);
    change();
    const before = state();
    const { code, stderr } = await run('undo');
    expect([code, stderr.split('\n')[0]]).toEqual([
      128,
      expect.stringMatching(`^error: Cannot undo .*since: ${path}$`),
    ]);
    expect(state()).toEqual(before);
  });

  test('leaves alone what belongs to a person: keys, whom they trust, their own settings', async () => {
    const before = state();
    await bankai('config', 'person.hat', 'bowler');
    const after = state();
    await bankai('key', 'new', 'second');
    await bankai('key', 'default', 'second');
    await bankai('config', '--global', 'person.shoes', 'boots');
    const home = cli.env.HOME;
    const persons = fingerprint(home);
    // None of these changed the repository, so the last operation is the first one here.
    expect(state()).toEqual(after);
    expect(await bankai('undo')).toContain('config: person.hat');
    expect(state()).toEqual(before);
    expect(fingerprint(home)).toEqual(persons);
    outputOf(await cli.run(['key', 'default', 'personal']));
  });

  test('does not take back a push, and says so', async () => {
    const bare = join(temporaryDirectory(), 'bare.git');
    runGit(directory, 'init', '--quiet', '--bare', bare);
    await newRemote(directory, 'lab', bare);
    await bankai('push', '-u', 'lab', 'calc');
    const before = state();
    const { code, stderr } = await run('undo');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: Cannot undo "push: lab": .*\nhint: /)]);
    expect(state()).toEqual(before);
    // What does nothing is no operation.
    await bankai('config', 'person.hat', 'bowler');
    await bankai('config', 'person.hat', 'bowler');
    await bankai('undo');
    expect(state()).toEqual(before);
  });
});
