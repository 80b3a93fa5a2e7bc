/** `cherry-pick` at its edges, beside plain git; and what git is in the middle of, which nothing of ours confuses. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '../../src/workflows/checkout.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { createCli } from './cli.js';
import { answerOf, digestOf, fingerprint, foreignPatch, makeSampleRepository, outputOf } from './repository.js';

const cli = createCli();
let directory = '';
const models: Record<string, string> = {};

beforeAll(async () => {
  await makeSampleRepository(cli);
  for (const stack of ['base', 'math', 'calc+math', 'calc']) {
    await checkout(cli.directory, stack);
    models[stack] = digestOf(join(cli.directory, 'working.gguf'));
  }
  writeFileSync(join(cli.directory, '.git', 'new.json'), foreignPatch('new', [[5, 'up_proj', 3]]));
});

beforeEach(() => {
  directory = join(temporaryDirectory(), 'ours');
  cpSync(cli.directory, directory, { recursive: true });
});

const run = (...args: string[]) => cli.run([...args, '-C', directory]);
const bankai = async (...args: string[]) => outputOf(await run(...args));
const git = (...args: string[]) => runGit(directory, ...args);
const model = () => digestOf(join(directory, 'working.gguf'));
const write = (name: string, text: string) => writeFileSync(join(directory, name), text);

/** The code of the error that a command ends with; the repository is as it was. */
async function refusal(...args: string[]): Promise<string> {
  const before = fingerprint(directory);
  const { stdout } = await run(...args, '--json');
  expect(fingerprint(directory)).toEqual(before);
  return (JSON.parse(stdout) as { error: { code: string } }).error.code;
}

/** Picks with plain git in a copy, and then here. → the commits of both, but for their committers */
async function withBoth(...args: string[]): Promise<[ours: string, gits: string]> {
  const twin = join(temporaryDirectory(), 'theirs');
  cpSync(directory, twin, { recursive: true });
  runGit(twin, 'cherry-pick', ...args);
  await bankai('cherry-pick', ...args);
  const commit = (place: string) => runGit(place, 'log', '-1', '--format=%T%n%P%n%an <%ae> %ad%n%B', 'HEAD');
  return [commit(directory), commit(twin)];
}

describe('cherry-pick', () => {
  test('does a removal again, with author and the whole message', async () => {
    await bankai('checkout', 'calc+math');
    await bankai('switch', '-c', 'both');
    await bankai('rm', 'calc', '-m', 'Without calculus\n\nIt cancels a row.');
    git('commit', '--quiet', '--amend', '--no-edit', '--author', 'Bob <bob@example.org>');
    await bankai('switch', '-c', 'again', 'calc+math');
    const [ours, gits] = await withBoth('both');
    expect(ours).toBe(gits);
    expect(ours).toContain('Bob <bob@example.org>');
    expect(ours).toContain('It cancels a row.');
    expect(model()).toBe(models.math);
  });

  test('picks onto the base and onto a detached HEAD, and names rows that cancel', async () => {
    await bankai('checkout', 'base');
    const [ours, gits] = await withBoth('math');
    expect(ours).toBe(gits);
    expect(git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('HEAD');
    expect(model()).toBe(models.math);
    const args = ['cherry-pick', 'calc', '-C', directory];
    expect(await answerOf(cli, args)).toMatchObject({ cancelled: [{ tensor: 'blk.0.ffn_gate.weight', row: 2 }] });
    expect(model()).toBe(models['calc+math']);
  });

  test('takes the files beside the patches along; two changes of one are a conflict, as to git', async () => {
    await bankai('checkout', 'math');
    write('README.md', 'arithmetic\n');
    git('add', 'README.md');
    git('commit', '--quiet', '-m', 'readme');
    await bankai('checkout', 'calc');
    const [ours, gits] = await withBoth('math');
    expect(ours).toBe(gits);
    expect(git('show', 'HEAD:README.md')).toBe('arithmetic');
    write('README.md', 'of another kind\n');
    git('commit', '--quiet', '-am', 'other');
    git('checkout', '--quiet', 'math');
    write('README.md', 'arithmetic, and more\n');
    git('commit', '--quiet', '-am', 'more');
    await bankai('checkout', 'calc');
    expect(await refusal('cherry-pick', 'math')).toBe('MERGE_CONFLICT');
    expect(() => git('cherry-pick', 'math')).toThrow();
    git('cherry-pick', '--abort');
    expect(await bankai('status')).toContain('clean');
  });

  test('does not write over what is in its way', async () => {
    await bankai('checkout', 'calc');
    const path = git('diff', '--name-only', '--diff-filter=A', 'main', 'math', '--', 'patches');
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    write(path, 'mine\n');
    expect(await refusal('cherry-pick', 'math')).toBe('WORKTREE_DIRTY');
  });

  test('has nothing to do for what is there, for a commit without change, and for the base', async () => {
    await bankai('checkout', 'calc');
    git('branch', 'empty', 'math');
    git('checkout', '--quiet', 'empty');
    git('commit', '--quiet', '--allow-empty', '-m', 'nothing');
    await bankai('checkout', 'calc');
    expect(await refusal('cherry-pick', 'empty')).toBe('NOTHING_TO_COMMIT');
    expect(await refusal('cherry-pick', 'HEAD')).toBe('NOTHING_TO_COMMIT');
    expect(await refusal('cherry-pick', 'base')).toBe('USAGE');
    expect(await refusal('cherry-pick', 'calc+math')).toBe('USAGE');
    expect(await refusal('cherry-pick', 'math', '-m', '2')).toBe('USAGE');
    expect(await refusal('cherry-pick', 'nobody')).toBe('UNKNOWN_REVISION');
  });
});

describe('what git has begun', () => {
  /** Two branches that change one file. */
  async function diverge(): Promise<void> {
    for (const branch of ['math', 'calc']) {
      await bankai('checkout', branch);
      write('README.md', `${branch}\n`);
      git('add', 'README.md');
      git('commit', '--quiet', '-m', `readme of ${branch}`);
    }
  }

  const begun: readonly (readonly [verb: string, begin: () => void, trace: string])[] = [
    ['merge', () => git('merge', '--quiet', '--no-commit', 'math~1'), 'MERGE_HEAD'],
    ['cherry-pick', () => expect(() => git('cherry-pick', 'math')).toThrow(), 'CHERRY_PICK_HEAD'],
    ['revert', () => (git('commit', '-q', '--allow-empty', '-m', 'x'), git('revert', '-n', 'HEAD~1')), 'REVERT_HEAD'],
    ['rebase', () => expect(() => git('rebase', '--quiet', 'math')).toThrow(), 'rebase-merge'],
  ];

  test.each(begun)('stops every verb that moves HEAD: %s', async (verb, begin, trace) => {
    await diverge();
    begin();
    expect(existsSync(join(directory, '.git', trace))).toBe(true);
    const verbs = [
      ['import', '.git/new.json'],
      ['import', '.git/new.json', '-b', 'new'],
      ['commit', '-m', 'm', '--probes', 'arithmetic', '--iterations', '1'],
      ['rm', 'calc'],
      ['split', 'calc'],
      ['attest', 'calc', '--read', '--verdict', 'approve'],
      ['cherry-pick', 'math~1'],
      ['revert', 'HEAD'],
      ['merge', 'math'],
      ['switch', 'math'],
      ['checkout', 'math'],
      ['reset', 'math'],
    ];
    for (const args of verb === 'merge' ? verbs : verbs.slice(0, 4))
      expect([args, await refusal(...args)]).toEqual([args, 'OPERATION_IN_PROGRESS']);
    // What only looks, and what stays where it is, may.
    for (const args of [['status'], ['log'], ['checkout', 'HEAD'], ['branch', 'aside', 'math']]) await bankai(...args);
    git(verb, '--abort');
    await bankai('checkout', 'math');
    expect(model()).toBe(models.math);
    expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });
});
