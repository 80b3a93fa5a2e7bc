/** Revisions, reflogs and refs as a person types them, beside plain git in the same repository. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { createCli } from './cli.js';
import { answerOf, digestOf, makeSampleRepository, outputOf } from './repository.js';

interface Move {
  readonly selector: string;
  readonly commit: string;
  readonly message: string;
}

describe('revisions and refs', () => {
  const cli = createCli();
  const git = async (...args: string[]) => outputOf(await cli.git(args)).trim();
  const bankai = async (...args: string[]) => outputOf(await cli.run(args));
  const model = () => digestOf(join(cli.directory, 'working.gguf'));

  beforeAll(async () => {
    await makeSampleRepository(cli);
  });

  test('reflog shows what git shows, of moves by both', async () => {
    await bankai('checkout', 'calc');
    await bankai('checkout', 'calc+math');
    await git('checkout', '--quiet', 'math');
    await bankai('checkout', 'HEAD');
    const moves = await answerOf<Move[]>(cli, ['reflog']);
    const lines = (await git('reflog', '--format=%gd %H %gs')).split('\n');
    expect(moves.map(({ selector, commit, message }) => `${selector} ${commit} ${message}`)).toEqual(lines);
    expect(moves.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^checkout: moving from [0-9a-f]{40} to math$/),
      'checkout: moving from calc to calc+math',
      expect.stringMatching(/^checkout: moving from [0-9a-f]{40} to calc$/),
      'checkout: moving from math to base',
      'commit: math',
      'checkout: moving from calc to math',
      'commit: calc',
      'checkout: moving from main to calc',
      expect.stringMatching(/^commit \(initial\): Base model [0-9a-f]{64}$/),
    ]);
    expect((await bankai('reflog', 'calc')).split('\n')).toHaveLength(2);
    expect(await git('fsck', '--strict', '--full')).toBe('');
  });

  test('checkout takes whatever git calls a commit', async () => {
    const models: Record<string, string> = {};
    for (const stack of ['base', 'calc', 'math', 'calc+math']) {
      await bankai('checkout', stack);
      models[stack] = model();
    }
    for (const [stack, same] of [
      ['calc~1', 'base'],
      ['calc^0', 'calc'],
      ['math~+calc', 'calc'],
      ['HEAD@{1}', 'calc'],
      ['@', 'calc'],
    ]) {
      await bankai('checkout', stack);
      expect([stack, model()]).toEqual([stack, models[same]]);
    }
    await bankai('checkout', 'calc');
    await bankai('checkout', 'math');
    await bankai('checkout', '-');
    expect([await git('symbolic-ref', 'HEAD'), model()]).toEqual(['refs/heads/calc', models.calc]);
    await bankai('checkout', '@{-1}');
    expect([await git('symbolic-ref', 'HEAD'), model()]).toEqual(['refs/heads/math', models.math]);
    expect(await git('status', '--porcelain')).toBe('');
  });

  test('--without leaves patches out, in every command that takes a stack', async () => {
    await bankai('checkout', 'math');
    const math = model();
    await bankai('checkout', 'calc+math', '--without', 'calc');
    expect(model()).toBe(math);
    expect(await git('log', '-1', '--format=%s by %an')).toBe('Stack calc+math --without calc by bankai');
    expect(await git('rev-parse', 'HEAD^{tree}')).toBe(await git('rev-parse', 'math^{tree}'));
    const commit = await git('rev-parse', 'HEAD');
    await bankai('checkout', 'math+calc --without calc');
    expect(await git('rev-parse', 'HEAD')).toBe(commit);
    // Where there is nothing to leave out, it is the stack's own commit.
    await bankai('checkout', 'calc', '--without', 'math');
    expect(await git('rev-parse', 'HEAD')).toBe(await git('rev-parse', 'calc'));
    await bankai('branch', 'less', 'calc+math', '--without', 'math');
    expect(await git('log', '-1', '--format=%s', 'less')).toBe('Stack calc+math --without math');

    const all = ['calc+math', '--without', 'math'];
    expect(await answerOf(cli, ['diff', ...all, 'calc'])).toMatchObject({
      a: { name: 'calc+math --without math', patches: 1 },
      b: { name: 'calc --without math', patches: 1 },
      both: 3,
    });
    expect(await answerOf<unknown[]>(cli, ['show', ...all])).toHaveLength(1);
    expect((await answerOf<unknown[]>(cli, ['log', ...all]))[0]).toMatchObject({ patchesRemoved: [{ flips: 2 }] });
    expect(await answerOf(cli, ['verify', ...all])).toMatchObject({ ok: true });
    expect(await answerOf(cli, ['export', ...all, '-o', 'less.gguf'])).toMatchObject({ patches: 1, flips: 3 });
    expect(await answerOf(cli, ['verify', 'less.gguf'])).toMatchObject({ ok: true });
    expect(await answerOf(cli, ['try', 'x', ...all, '-n', '1'])).toMatchObject({ stack: 'calc+math --without math' });
    expect(await git('fsck', '--strict', '--full')).toBe('');
  });

  test('a stack that cannot be read is refused at the character', async () => {
    const { code, stderr } = await cli.run(['checkout', 'calc~1+ma:th']);
    expect(code).toBe(129);
    expect(stderr).toContain('":" cannot be part of a name at column 10\nerror:   calc~1+ma:th\nerror:            ^\n');
  });
});
