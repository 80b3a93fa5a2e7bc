/** The verbs that move HEAD, beside plain git doing the same in a copy: same tree, same parents, same words. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { createCli } from './cli.js';
import {
  answerOf,
  digestOf,
  fingerprint,
  foreignPatch,
  makeSampleRepository,
  outputOf,
  recorderAt,
} from './repository.js';

interface Change {
  readonly commit: string;
  readonly branch?: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly cancelled: readonly { tensor: string; row: number; patches: readonly string[] }[];
  readonly bytesChanged: number;
}

const cli = createCli();
let directory = '';
let twin = '';
const models: Record<string, string> = {};

beforeAll(async () => {
  await makeSampleRepository(cli);
  const third = Buffer.from(foreignPatch('third', [[4, 'up_proj', 9]]));
  await importFile(
    cli.directory,
    { name: 'third.json', bytes: third, message: 'third', branch: 'third' },
    recorderAt(cli),
  );
  for (const stack of ['calc', 'math', 'third', 'calc+math', 'calc+third', 'base']) {
    await checkout(cli.directory, stack);
    models[stack] = digestOf(join(cli.directory, 'working.gguf'));
  }
});

beforeEach(() => {
  directory = join(temporaryDirectory(), 'ours');
  cpSync(cli.directory, directory, { recursive: true });
});

/** Runs a command that must succeed. → what it prints with --json, held against its schema */
const bankai = <T = Change>(...args: string[]) => answerOf<T>(cli, [...args, '-C', directory]);
const fails = async (...args: string[]) => {
  const { code, stderr } = await cli.run([...args, '-C', directory]);
  return [code, stderr.split('\n')[0]];
};
const git = (...args: string[]) => runGit(directory, ...args);
const model = () => digestOf(join(directory, 'working.gguf'));

/** What a commit is but for who made it and when. */
const commitOf = (place: string) => runGit(place, 'log', '-1', '--format=%T%n%P%n%B', 'HEAD').trim();

/** Does the same with plain git in a copy of the repository as it is now. */
function withGit(...args: string[]): string {
  twin = join(temporaryDirectory(), 'theirs');
  cpSync(directory, twin, { recursive: true });
  runGit(twin, ...args);
  return commitOf(twin);
}

/** What must hold after every command. */
async function expectSound(expectedModel: string) {
  expect(model()).toBe(expectedModel);
  expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  expect(git('status', '--porcelain')).toBe('');
  expect(await bankai('status')).toMatchObject({ model: { state: 'clean' }, worktree: 'clean' });
  expect(await bankai('verify')).toMatchObject({ ok: true });
}

describe('merge', () => {
  test('makes the commit that git makes, the model follows, and rows that cancel are named', async () => {
    await checkout(directory, 'calc');
    const expected = withGit('merge', '--no-edit', 'math');
    const report = await bankai<Change & { result: string }>('merge', 'math');
    expect(report).toMatchObject({ branch: 'calc', result: 'merged', message: "Merge branch 'math' into calc" });
    expect(commitOf(directory)).toBe(expected);
    expect([report.added.length, report.removed]).toEqual([1, []]);
    expect(report.cancelled).toMatchObject([{ tensor: 'blk.0.ffn_gate.weight', row: 2 }]);
    expect(report.cancelled[0].patches).toHaveLength(2);
    await expectSound(models['calc+math']);
    // git takes what we made for merged, and so do we.
    expect(git('merge', 'math')).toContain('Already up to date');
    const before = fingerprint(directory);
    expect(await bankai('merge', 'math')).toMatchObject({ result: 'up-to-date', bytesChanged: 0 });
    expect(fingerprint(directory)).toEqual(before);
  });

  test('fast-forwards where it can, and makes a commit with --no-ff', async () => {
    await checkout(directory, 'main');
    const expected = withGit('merge', '--no-edit', '--no-ff', 'calc');
    expect(await bankai('merge', 'calc', '--ff-only')).toMatchObject({ result: 'fast-forward', branch: 'main' });
    expect(git('rev-parse', 'main')).toBe(git('rev-parse', 'calc'));
    await expectSound(models.calc);
    git('update-ref', 'refs/heads/main', 'main~1');
    git('reset', '--hard', '--quiet');
    await checkout(directory, 'main');
    expect(await bankai('merge', 'calc', '--no-ff')).toMatchObject({ result: 'merged' });
    expect(commitOf(directory)).toBe(expected);
    await expectSound(models.calc);
  });

  test('drops what the other side dropped, and goes on from a detached HEAD', async () => {
    await checkout(directory, 'calc+math');
    git('checkout', '--quiet', '-b', 'fewer');
    git('revert', '--no-edit', 'math');
    await checkout(directory, 'third');
    git('merge', '--quiet', '--no-edit', 'calc', 'math');
    git('checkout', '--quiet', '--detach');
    await checkout(directory, 'HEAD');
    const expected = withGit('merge', '--no-edit', 'fewer');
    expect(await bankai('merge', 'fewer')).toMatchObject({ result: 'merged', removed: [expect.any(String)] });
    expect(commitOf(directory)).toBe(expected);
    await expectSound(models['calc+third']);
  });

  test('takes a stack of several, as one commit', async () => {
    await checkout(directory, 'third');
    const report = await bankai<Change & { message: string }>('merge', 'calc+math', '-m', 'all of it');
    expect([report.message, report.added.length]).toEqual(['all of it', 2]);
    expect(git('log', '-1', '--format=%P').split(' ')).toHaveLength(2);
    expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('says what it cannot do, and then changes nothing', async () => {
    await checkout(directory, 'calc');
    const before = fingerprint(directory);
    expect(await fails('merge', 'math', '--ff-only')).toEqual([128, 'error: Cannot fast-forward calc to math']);
    expect(await fails('merge', 'nowhere')).toEqual([128, 'error: There is no branch, tag or commit "nowhere"']);
    expect(fingerprint(directory)).toEqual(before);
    writeFileSync(join(directory, '.git', 'MERGE_HEAD'), git('rev-parse', 'math'));
    expect(await fails('merge', 'math')).toEqual([128, 'error: A merge by git has not been concluded']);
  });

  test('shows it to people', async () => {
    await checkout(directory, 'calc');
    expect(outputOf(await cli.run(['merge', 'math', '-C', directory]))).toMatch(
      /^\[calc [0-9a-f]{10}\] Merge branch 'math' into calc\n \+ patch [0-9a-f]{10}\n1 row changed by several patches cancel now:\n {3}blk\.0\.ffn_gate\.weight row 2 in .*\nModel is 2 patches: .* changed in /,
    );
  });
});

describe('revert and cherry-pick', () => {
  const author = () => git('log', '-1', '--format=%an <%ae> %ad');

  test('do what git does, with its words', async () => {
    await checkout(directory, 'calc');
    git('merge', '--quiet', '--no-edit', 'math');
    await checkout(directory, 'HEAD');
    const undone = withGit('revert', '--no-edit', 'math');
    expect(await bankai('revert', 'math')).toMatchObject({ branch: 'calc', added: [], removed: [expect.any(String)] });
    expect(commitOf(directory)).toBe(undone);
    await expectSound(models.calc);
    const picked = withGit('cherry-pick', 'third');
    const by = runGit(twin, 'log', '-1', '--format=%an <%ae> %ad');
    expect(await bankai('cherry-pick', 'third')).toMatchObject({ added: [expect.any(String)], message: 'third' });
    expect([commitOf(directory), author()]).toEqual([picked, by]);
    await expectSound(models['calc+third']);
  });

  test('take the change of a merge against one of its parents', async () => {
    await checkout(directory, 'calc');
    git('merge', '--quiet', '--no-edit', 'third');
    await checkout(directory, 'HEAD');
    const merged = git('rev-parse', 'HEAD');
    expect(await fails('revert', 'HEAD')).toEqual([
      129,
      `error: Commit ${merged.slice(0, 10)} is a merge, but no -m was given`,
    ]);
    const undone = withGit('revert', '--no-edit', '-m', '2', 'HEAD');
    await bankai('revert', 'HEAD', '-m', '2');
    expect(commitOf(directory)).toBe(undone);
    await expectSound(models.third);
    await checkout(directory, 'math');
    const picked = withGit('cherry-pick', '-m', '1', merged);
    await bankai('cherry-pick', '-m', '1', merged);
    expect(commitOf(directory)).toBe(picked);
  });

  test('say so where nothing would change, or nothing can', async () => {
    await checkout(directory, 'calc');
    const before = fingerprint(directory);
    const math = git('rev-parse', 'math').slice(0, 10);
    expect(await fails('revert', 'math')).toEqual([
      1,
      `error: Nothing to commit for the revert of ${math}: nothing of it is left at HEAD`,
    ]);
    expect((await fails('cherry-pick', 'calc'))[0]).toBe(1);
    expect((await fails('revert', 'base'))[0]).toBe(129);
    expect((await fails('revert', 'calc+math'))[0]).toBe(129);
    expect((await fails('revert', 'calc', '-m', '2'))[0]).toBe(129);
    expect(fingerprint(directory)).toEqual(before);
  });
});

/** The path of a patch's file in the worktree. */
function patchFile(): string {
  const [folder] = readdirSync(join(directory, 'patches'));
  const [file] = readdirSync(join(directory, 'patches', folder));
  return `patches/${folder}/${file}`;
}

describe('reset', () => {
  const porcelain = (place = directory) => runGit(place, 'status', '--porcelain');

  test('moves HEAD, worktree and model by default, and refuses to overwrite a change', async () => {
    await checkout(directory, 'calc');
    const math = git('rev-parse', 'math');
    expect(await bankai('reset', 'math')).toMatchObject({ branch: 'calc', commit: math, mode: 'keep', behind: false });
    expect(git('rev-parse', 'calc')).toBe(math);
    await expectSound(models.math);
    const path = patchFile();
    writeFileSync(join(directory, path), 'mine\n');
    const before = fingerprint(directory);
    expect(await fails('reset', 'base')).toEqual([128, `error: Changed in the worktree: ${path}`]);
    expect(fingerprint(directory)).toEqual(before);
    withGit('reset', '--hard', '--quiet', 'main');
    expect(await bankai('reset', '--hard', 'main')).toMatchObject({ removed: [expect.any(String)] });
    expect([commitOf(directory), porcelain()]).toEqual([commitOf(twin), porcelain(twin)]);
    await expectSound(models.base);
  });

  test('--hard brings every tracked file back, and ends a merge of git', async () => {
    await checkout(directory, 'calc');
    git('merge', '--quiet', '--no-commit', 'math');
    writeFileSync(join(directory, patchFile()), 'mine\n');
    await bankai('reset', '--hard');
    expect(existsSync(join(directory, '.git', 'MERGE_HEAD'))).toBe(false);
    await expectSound(models.calc);
  });

  test.each(['--soft', '--mixed'])('%s leaves worktree and model, as plain git does', async (mode) => {
    await checkout(directory, 'calc');
    withGit('reset', mode, '--quiet', 'math');
    expect(await bankai('reset', mode, 'math')).toMatchObject({ bytesChanged: 0, behind: true });
    expect([commitOf(directory), porcelain()]).toEqual([commitOf(twin), porcelain(twin)]);
    expect(git('diff', '--cached', '--stat')).toBe(runGit(twin, 'diff', '--cached', '--stat'));
    expect(model()).toBe(models.calc);
    expect(await bankai('status')).toMatchObject({ model: { state: 'behind' }, worktree: 'dirty' });
    await bankai('undo');
    await expectSound(models.calc);
  });
});

describe('undo', () => {
  test('brings the model back where HEAD did not move', async () => {
    await checkout(directory, 'calc');
    git('merge', '--quiet', '--no-edit', 'third');
    await bankai('checkout', 'HEAD');
    expect(model()).toBe(models['calc+third']);
    await bankai('undo');
    expect(model()).toBe(models.calc);
    expect(await bankai('status')).toMatchObject({ branch: 'calc', model: { state: 'behind' } });
  });

  test('refuses after plain git moved something, where nothing was done, and over a change', async () => {
    await checkout(directory, 'calc');
    await bankai('merge', 'third');
    writeFileSync(join(directory, patchFile()), 'mine\n');
    const changed = fingerprint(directory);
    expect((await fails('undo'))[0]).toBe(128);
    expect(fingerprint(directory)).toEqual(changed);
    git('checkout', '--quiet', '--', '.');
    git('commit', '--quiet', '--allow-empty', '-m', 'by hand');
    const before = fingerprint(directory);
    expect(await fails('undo')).toEqual([
      128,
      'error: Cannot undo "merge third: Merge made by union.": HEAD, refs/heads/calc moved since',
    ]);
    expect(fingerprint(directory)).toEqual(before);
    git('update-ref', '-d', 'refs/bankai/undo');
    expect(await fails('undo')).toEqual([1, 'error: There is no operation to undo']);
  });
});

describe('restore', () => {
  test('brings files back, in worktree and index, and leaves others alone', async () => {
    await checkout(directory, 'calc+math');
    const path = patchFile();
    writeFileSync(join(directory, path), 'mine\n');
    git('rm', '--quiet', '--cached', 'bankai.json');
    expect(await bankai('restore', path)).toMatchObject({ files: [path], bytesChanged: 0 });
    expect(git('status', '--porcelain')).toBe('D  bankai.json\n?? bankai.json');
    writeFileSync(join(directory, path), 'mine\n');
    expect((await bankai<{ files: string[] }>('restore')).files.sort()).toEqual(['bankai.json', path]);
    expect((await fails('restore', 'nowhere'))[0]).toBe(129);
    await expectSound(models['calc+math']);
  });

  test('takes paths from where it is, as git does: "." is all that is below', async () => {
    await checkout(directory, 'calc');
    const path = patchFile();
    for (const name of [path, 'bankai.json']) writeFileSync(join(directory, name), 'mine\n');
    const below = async (...args: string[]) =>
      (await answerOf<{ files: string[] }>(cli, [...args, '-C', join(directory, 'patches')], 'restore')).files;
    expect(await below('restore', '.')).toEqual([path]);
    expect(await below('restore', join('..', 'bankai.json'))).toEqual(['bankai.json']);
    writeFileSync(join(directory, path), 'mine\n');
    expect(await bankai('restore', '.')).toMatchObject({ files: [path] });
    expect((await fails('restore', join('..', 'bankai.json')))[0]).toBe(129);
    await expectSound(models.calc);
  });

  test('brings a patch from another stack, with its evidence, the model and a commit', async () => {
    await checkout(directory, 'calc');
    const id = git('ls-tree', '-r', '--name-only', 'third', 'patches').replace(/^patches\/(..)\/(.*)\.json$/, '$1$2');
    expect(await bankai('restore', id.slice(0, 8), '--source', 'third+math')).toMatchObject({ added: [id] });
    await expectSound(models['calc+third']);
    expect((await fails('restore', id, '--source', 'third'))[0]).toBe(1);
    await bankai('undo');
    await expectSound(models.calc);
  });
});
