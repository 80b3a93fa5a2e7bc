/** The repository seen by plain git: it checks it, clones it, merges and reverts in it, and we follow. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../src/workflows/checkout.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { createCli } from './cli.js';
import { answerOf, digestOf, fingerprint, foreignPatch, makeSampleRepository, outputOf } from './repository.js';

interface Status {
  readonly branch?: string;
  readonly stack: readonly string[];
  readonly model: { readonly state: string };
  readonly worktree: string;
}

describe('a repository', () => {
  const cli = createCli();
  const git = async (...args: string[]) => outputOf(await cli.git(args)).trim();
  const bankai = async (...args: string[]) => outputOf(await cli.run(args));
  const status = () => answerOf<Status>(cli, ['status']);
  const model = () => digestOf(join(cli.directory, 'working.gguf'));
  const models: Record<string, string> = {};

  beforeAll(async () => {
    await makeSampleRepository(cli);
    for (const stack of ['calc', 'math', 'calc+math', 'base']) {
      await checkout(cli.directory, stack);
      models[stack] = model();
    }
    writeFileSync(join(cli.directory, '.git', 'third.json'), foreignPatch('third', [[4, 'up_proj', 9]]));
  });

  const verbs: readonly (readonly string[])[] = [
    ['import', '.git/third.json', '-b', 'third'],
    ['branch', 'both', 'calc+math'],
    ['checkout', 'both'],
    ['checkout', 'calc+math+third'],
    ['checkout', 'math'],
  ];

  test.each(verbs.map((args) => [args]))('is sound and clean to git after %j', async (args) => {
    await bankai(...args);
    // The commit of a stack that was left again dangles, as after git's own detached HEAD.
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
    expect(await git('status', '--porcelain')).toBe('');
  });

  test('has a history that git tells', async () => {
    expect(await git('log', '--format=%s by %an', 'calc')).toMatch(
      /^calc by Ada Lovelace\nBase model [0-9a-f]{64} by bankai$/,
    );
    expect((await git('log', '--format=%P', '-1', 'both')).split(' ')).toHaveLength(2);
  });

  test('keeps the model out of git', async () => {
    expect(await git('ls-files', '*.gguf')).toBe('');
    expect(await git('check-ignore', 'working.gguf')).toBe('working.gguf');
  });

  test('is behind after a merge by git, until HEAD is checked out', async () => {
    await checkout(cli.directory, 'calc');
    await git('merge', '--quiet', '--no-edit', 'math');
    expect(await status()).toMatchObject({ branch: 'calc', model: { state: 'behind' }, worktree: 'clean' });
    expect(model()).toBe(models.calc);
    await bankai('checkout', 'HEAD');
    expect(await status()).toMatchObject({ branch: 'calc', model: { state: 'clean' }, worktree: 'clean' });
    expect(model()).toBe(models['calc+math']);
    expect(await answerOf(cli, ['verify'])).toMatchObject({ ok: true });
  });

  test('drops a patch that git reverted, once HEAD is checked out', async () => {
    await git('revert', '--no-edit', 'math');
    expect((await status()).model.state).toBe('behind');
    await bankai('checkout', 'HEAD');
    expect(model()).toBe(models.calc);
    expect((await status()).stack).toHaveLength(1);
  });

  test('is merged and reverted by git without guessing at renames, though key files are alike', async () => {
    await checkout(cli.directory, 'base');
    await git('checkout', '--quiet', '-b', 'bare');
    await git('checkout', '--quiet', 'third', '--', 'patches');
    await git('commit', '--quiet', '-m', 'third, without its evidence');
    await git('cherry-pick', 'math');
    await git('revert', '--no-edit', 'third');
    await bankai('checkout', 'HEAD');
    expect(model()).toBe(models.math);
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('is rebased by git, onto a branch with other patches', async () => {
    await checkout(cli.directory, 'base');
    await git('checkout', '--quiet', '-b', 'rebased', 'third');
    await git('rebase', '--quiet', 'math');
    expect(await git('log', '--format=%s', '-2', 'rebased')).toMatch(/\nmath$/);
    expect((await status()).model.state).toBe('behind');
    await bankai('checkout', 'HEAD');
    expect(await status()).toMatchObject({ branch: 'rebased', model: { state: 'clean' }, worktree: 'clean' });
    const rebased = model();
    await checkout(cli.directory, 'math+third');
    expect(model()).toBe(rebased);
    expect(await answerOf(cli, ['verify', 'rebased'])).toMatchObject({ ok: true });
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('still knows the patches of the model after HEAD was moved away and git has collected garbage', async () => {
    await checkout(cli.directory, 'calc+math');
    await git('checkout', '--quiet', 'main');
    await git('gc', '--quiet', '--prune=now');
    expect((await status()).model.state).toBe('behind');
    await bankai('checkout', 'HEAD');
    expect(model()).toBe(digestOf(fixtureModel));
  });

  test('can be used in a clone after init, with the patches of HEAD applied', async () => {
    await checkout(cli.directory, 'both');
    const clone = join(temporaryDirectory(), 'clone');
    await git('clone', '--quiet', cli.directory, clone);
    const refused = await cli.run(['status', '-C', clone]);
    expect([refused.code, refused.stderr]).toEqual([
      128,
      expect.stringMatching(/hint: Run "bankai init --model FILE"/),
    ]);
    expect(await answerOf(cli, ['init', '--model', fixtureModel, '-C', clone])).toMatchObject({ patches: 2 });
    expect(digestOf(join(clone, 'working.gguf'))).toBe(models['calc+math']);
    expect(await answerOf(cli, ['verify', '-C', clone])).toMatchObject({ ok: true });
    expect(await git('-C', clone, 'status', '--porcelain')).toBe('');
    await checkout(clone, 'origin/math');
    expect(digestOf(join(clone, 'working.gguf'))).toBe(models.math);
  });

  test("does not lose a person's uncommitted change", async () => {
    await checkout(cli.directory, 'both');
    const [folder] = readdirSync(join(cli.directory, 'patches'));
    const [file] = readdirSync(join(cli.directory, 'patches', folder));
    writeFileSync(join(cli.directory, 'patches', folder, file), 'mine\n');
    const before = fingerprint(cli.directory);
    const { code, stderr } = await cli.run(['checkout', 'base']);
    expect(code).toBe(128);
    expect(stderr).toContain(`error: Changed in the worktree: patches/${folder}/${file}\nhint: `);
    expect(fingerprint(cli.directory)).toEqual(before);
  });
});
