/** Revisions, reflogs and refs as a person types them, beside plain git in the same repository. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifySsh } from '../../src/trust/ssh-signature.js';
import { createCli } from './cli.js';
import { gitVerifiers } from './git-verifier.js';
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
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
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

  test('--without leaves patches out', async () => {
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
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('branches are renamed and deleted as git does it, with their logs and settings', async () => {
    await bankai('switch', '-c', 'topic', 'calc');
    await git('config', 'branch.topic.description', 'about calculus');
    await bankai('branch', '-m', 'subject');
    expect(await git('symbolic-ref', 'HEAD')).toBe('refs/heads/subject');
    expect(await git('config', 'branch.subject.description')).toBe('about calculus');
    expect((await git('reflog', 'subject', '--format=%gs')).split('\n')).toEqual([
      'Branch: renamed refs/heads/topic to refs/heads/subject',
      'branch: Created from HEAD',
    ]);
    expect(await git('rev-parse', '--verify', 'HEAD@{0}')).toBe(await git('rev-parse', 'calc'));
    const inUse = await cli.run(['branch', '-d', 'subject']);
    expect([inUse.code, inUse.stderr]).toEqual([128, expect.stringContaining('HEAD is on it')]);
    await bankai('switch', 'math');
    const unmerged = await cli.run(['branch', '-d', 'subject']);
    expect([unmerged.code, unmerged.stderr]).toEqual([
      128,
      expect.stringContaining('has commits that nothing else has'),
    ]);
    expect(await git('branch', '--list', 'subject')).toBe('subject');
    await bankai('branch', '-D', 'subject');
    await bankai('branch', 'merged', 'base');
    await bankai('branch', '-d', 'merged');
    expect(await git('for-each-ref', '--format=%(refname)', 'refs/heads/subject', 'refs/heads/merged')).toBe('');
    expect((await cli.git(['config', 'branch.subject.description'])).code).toBe(1);
    await bankai('switch', '-c', 'one', 'calc');
    await git('config', 'branch.one.description', 'the first');
    await bankai('branch', '-m', 'two');
    await bankai('undo');
    expect(await git('config', 'branch.one.description')).toBe('the first');
    expect(await git('reflog', 'one', '--format=%gs')).toContain('branch: Created from HEAD');
    expect(await git('symbolic-ref', 'HEAD')).toBe('refs/heads/one');
    expect(await git('branch', '--list', 'two')).toBe('');
    await bankai('switch', 'math');
    await bankai('branch', '-D', 'one');
    await bankai('undo');
    expect(await git('rev-parse', 'one')).toBe(await git('rev-parse', 'calc'));
    await git('pack-refs', '--all');
    await bankai('branch', 'packed', 'base');
    await git('pack-refs', '--all');
    await bankai('branch', '-d', 'packed');
    expect((await cli.run(['branch', '-m', 'math', 'calc'])).stderr).toContain('branch "calc" exists already');
    expect(await git('branch', '--list', 'packed')).toBe('');
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('switch goes to branches only, and back', async () => {
    await bankai('checkout', 'calc');
    await bankai('switch', 'math');
    await bankai('switch', '-');
    expect(await git('symbolic-ref', 'HEAD')).toBe('refs/heads/calc');
    const refused = await cli.run(['switch', 'calc~1']);
    expect([refused.code, refused.stderr]).toEqual([129, expect.stringContaining('--detach')]);
    await bankai('switch', '--detach', 'calc~1');
    expect((await cli.git(['symbolic-ref', '--quiet', 'HEAD'])).code).toBe(1);
    // Plain git reads the same log, and comes back too.
    await git('switch', '--quiet', '-');
    expect(await git('symbolic-ref', 'HEAD')).toBe('refs/heads/calc');
    await bankai('checkout', 'HEAD');
    await git('update-ref', 'refs/remotes/lab/far', 'math');
    await git('config', 'remote.lab.url', '/nowhere');
    await git('config', 'remote.lab.fetch', '+refs/heads/*:refs/remotes/lab/*');
    await bankai('switch', 'far');
    expect(await git('rev-parse', '--abbrev-ref', 'far@{upstream}')).toBe('lab/far');
    expect(await git('status', '--porcelain')).toBe('');
  });

  test('tags of both kinds, and signed ones, are what git makes of them', async () => {
    await bankai('tag', 'light', 'calc');
    await bankai('tag', '-a', 'v1', 'calc+math', '-m', 'both\n\nof them');
    expect(await git('cat-file', '-t', 'light')).toBe('commit');
    expect(await git('cat-file', '-t', 'v1')).toBe('tag');
    expect(await git('tag', '-l', 'v1', '--format=%(contents)%(taggername) %(taggeremail)')).toBe(
      'both\n\nof them\nAda Lovelace <ada@example.org>',
    );
    await git('tag', '-a', '-m', 'by git', 'v2', 'light');
    expect(await answerOf(cli, ['tag'])).toMatchObject([
      { name: 'light', patches: 1 },
      { name: 'v1', patches: 2, message: 'both\n\nof them', signed: false },
      { name: 'v2', patches: 1, message: 'by git', tagger: 'Ada Lovelace <ada@example.org>' },
    ]);
    expect((await cli.run(['tag', 'v1'])).stderr).toContain('tag "v1" exists already');
    await bankai('tag', '-f', 'v1', 'base', '-m', 'moved', '--sign');
    const tag = await git('cat-file', 'tag', 'v1');
    const at = tag.indexOf('-----BEGIN SSH SIGNATURE-----');
    const { id } = await answerOf<{ id: string }>(cli, ['key', 'export'], 'key-export');
    expect(verifySsh(tag.slice(at), Buffer.from(tag.slice(0, at)), 'git').id).toBe(id);
    const allowed = join(cli.directory, '.git', 'allowed');
    writeFileSync(allowed, `ada@example.org ${(await bankai('key', 'export')).trim()}\n`);
    for (const [, program] of gitVerifiers()) {
      await git('-c', `gpg.ssh.allowedSignersFile=${allowed}`, '-c', `gpg.ssh.program=${program}`, 'verify-tag', 'v1');
    }
    const [{ refs }] = await answerOf<{ refs: string[] }[]>(cli, ['log', 'calc', '-n', '1']);
    expect(refs).toEqual(expect.arrayContaining(['calc', 'tag: light', 'tag: v2']));
    await bankai('tag', '-d', 'v1');
    expect(await git('tag')).toBe('light\nv2');
    expect((await cli.run(['tag', 'a+b'])).code).toBe(129);
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('log --graph, show --raw and diff --stat', async () => {
    const graph = (await bankai('log', 'calc+math', '--graph', '--oneline')).split('\n');
    expect(graph.slice(0, 2)).toEqual([expect.stringMatching(/^\* {3}[0-9a-f]{10} /), '|\\']);
    const { commit } = JSON.parse(outputOf(await cli.run(['branch', 'joined', 'calc+math', '--json']))) as {
      commit: string;
    };
    const plain = (line: string) => line.replace(/ *[0-9a-f]{10}.*$/, '').trimEnd();
    const columns = (await git('log', '--graph', '--format=%H', commit)).split('\n').map(plain);
    expect(graph.slice(0, -1).map(plain)).toEqual(columns);
    const raw = await bankai('show', 'calc', '--raw');
    const [{ id }] = await answerOf<{ id: string }[]>(cli, ['show', 'calc']);
    expect(createHash('sha256').update(raw).digest('hex')).toBe(id);
    expect((await cli.run(['show', 'calc+math', '--raw'])).code).toBe(129);
    const svg = join(cli.directory, '.git', 'diff.svg');
    expect(await bankai('diff', 'calc', 'math', '--stat', '--svg', svg)).not.toContain('row');
    expect(readFileSync(svg, 'utf8')).toContain('layer 0 both');
  });

  test('a branch that git made with a "+" in its name has that name alone, and in no stack', async () => {
    await bankai('checkout', 'calc');
    await git('branch', 'x+y', 'math');
    expect(await bankai('switch', 'x+y')).toContain('Switched to branch x+y');
    expect(await bankai('checkout', '-')).toContain('Switched to branch calc');
    expect(await bankai('checkout', '-')).toContain('Switched to branch x+y');
    expect(await bankai('log', '--oneline', '-n', '1')).toContain('x+y');
    expect(await bankai('show', 'x+y')).toBe(await bankai('show', 'math'));
    await bankai('checkout', 'calc');
    expect(await bankai('checkout', 'x+y')).toContain('Switched to branch x+y');
    expect((await cli.run(['checkout', 'x+y+calc'])).stderr).toContain('There is no branch, tag or commit "x"');
    expect((await cli.run(['branch', 'z', 'x+y~1'])).code).toBe(0);
    expect(await git('rev-parse', 'z')).toBe(await git('rev-parse', 'math~1'));
    await bankai('branch', '-m', 'x+y', 'xy');
    expect(await bankai('checkout', 'calc+xy')).toContain('2 patches');
    await git('update-ref', 'refs/remotes/lab/x+y', 'math');
    expect(await bankai('show', 'lab/x+y')).toBe(await bankai('show', 'math'));
    expect(await bankai('checkout', 'lab/x+y')).toContain('detached');
    await bankai('switch', '-c', 'ours', 'lab/x+y');
    expect(await git('rev-parse', 'ours')).toBe(await git('rev-parse', 'math'));
    await bankai('switch', 'xy');
    // Where both parts are there, a stack is meant.
    await git('branch', 'calc+math', 'main');
    expect((await bankai('show', 'calc+math')).match(/^patch /gm)).toHaveLength(2);
    expect(await bankai('checkout', 'calc+math')).toContain('2 patches');
    await bankai('switch', 'xy');
    await git('branch', '-D', 'calc+math', '--quiet');
    expect((await cli.run(['log', 'calc..math'])).stderr).toContain('hint: A range of commits is no stack');
  });

  test('branch -r and -a list what remotes had, as git does', async () => {
    await git('update-ref', 'refs/remotes/lab/math', 'math');
    await git('symbolic-ref', 'refs/remotes/lab/HEAD', 'refs/remotes/lab/math');
    const namesOf = async (...args: string[]) =>
      (await answerOf<{ name: string; remote?: true }[]>(cli, ['branch', ...args])).map(
        ({ name, remote }) => (remote ? 'refs/remotes/' : 'refs/heads/') + name,
      );
    const refs = async (...folders: string[]) =>
      (await git('for-each-ref', '--format=%(refname)', ...folders)).trim().split('\n');
    expect(await namesOf('-r')).toEqual(await refs('refs/remotes'));
    expect(await namesOf('-a')).toEqual(await refs('refs/heads', 'refs/remotes'));
    expect(await namesOf()).toEqual(await refs('refs/heads'));
    expect(await bankai('branch', '-r')).toMatch(/^ {2}lab\/HEAD .* → lab\/math$/m);
    expect(await bankai('branch', '-a')).toMatch(/^ {2}remotes\/lab\/math /m);
    for (const args of [
      ['-r', 'name'],
      ['-a', '-d', 'calc'],
      ['-r', '-a'],
    ])
      expect((await cli.run(['branch', ...args])).code).toBe(129);
  });

  test('-5 is short for -n 5, as in git', async () => {
    const hashes = async (...args: string[]) => (await git(...args)).split('\n');
    await bankai('checkout', 'calc+math');
    const log = await answerOf<{ commit: string }[]>(cli, ['log', '-2']);
    expect(log.map(({ commit }) => commit)).toEqual(await hashes('log', '-2', '--format=%H'));
    const moves = await answerOf<Move[]>(cli, ['reflog', '-1']);
    expect(moves.map(({ commit }) => commit)).toEqual(await hashes('reflog', '-1', '--format=%H'));
    expect((await cli.run(['log', '--', '-2'])).code).not.toBe(0);
  });

  test('checkout -b makes a branch and goes to it, branch -f moves one, as in git', async () => {
    await bankai('checkout', '-b', 'fresh', 'calc+math');
    expect(await git('rev-parse', '--abbrev-ref', 'HEAD')).toBe('fresh');
    const both = model();
    await bankai('checkout', '-b', 'again');
    expect([await git('rev-parse', '--abbrev-ref', 'HEAD'), model()]).toEqual(['again', both]);
    expect((await cli.run(['checkout', '-b', 'calc'])).code).toBe(128);
    expect((await cli.run(['checkout'])).code).toBe(129);

    const [before, calc] = [await git('rev-parse', 'fresh'), await git('rev-parse', 'calc')];
    expect((await cli.run(['branch', 'fresh', 'calc'])).code).toBe(128);
    expect(await bankai('branch', '-f', 'fresh', 'calc')).toBe(
      `Moved branch fresh to ${calc.slice(0, 10)} (1 patch), which was at ${before.slice(0, 10)}\n`,
    );
    expect(await git('reflog', '-1', '--format=%H %gs', 'fresh')).toBe(`${calc} branch: Reset to calc`);
    expect(model()).toBe(both);
    const refused = await cli.run(['branch', '-f', 'again', 'calc']);
    expect([refused.code, refused.stderr]).toEqual([128, expect.stringContaining('HEAD is on it')]);
    await bankai('checkout', 'base');
    await bankai('branch', '-D', 'fresh');
    await bankai('branch', '-D', 'again');
  });

  test('what is not needed says why, and what git does alone says so', async () => {
    expect((await cli.run(['rebase', 'math'])).stderr).toBe(
      'error: There is no "bankai rebase": git\'s own works in the same repository\n' +
        'hint: Use "git rebase", and then "bankai checkout HEAD" for the working model to follow.\n',
    );
    expect((await cli.run(['undo', 'twice'])).stderr).toBe(
      'error: Unexpected argument: twice\nhint: Use "bankai undo --help" to see its flags and arguments.\n',
    );
    expect((await cli.run(['remote', 'ad', 'x'])).stderr).toContain('Did you mean "bankai remote add"?');
    expect((await cli.run(['rev-parse', 'HEAD'])).stderr).toContain('hint: Use "git rev-parse".\n');
    expect((await cli.run(['stash'])).stderr).toContain('there is nothing to put aside');
    expect((await cli.run(['mv', 'a', 'b'])).stderr).toContain('a patch has no name of its own');
  });

  test('a stack that cannot be read is refused at the character', async () => {
    const { code, stderr } = await cli.run(['checkout', 'calc~1+ma:th']);
    expect(code).toBe(129);
    expect(stderr).toContain('":" cannot be part of a name at column 10\n  calc~1+ma:th\n           ^\n');
  });
});
