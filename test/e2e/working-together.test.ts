/** Two people and a git host that checks what it is sent: from the empty repository to a merge of what both found. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runGit } from '../repo/sandbox.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { createCli, type Finished } from './cli.js';
import { answerOf, digestOf, fingerprint, type ForeignRow, foreignPatch, outputOf, parseAnswer } from './repository.js';

const cli = createCli();
const at = (person: string) => join(cli.directory, person);
const token = 'ghp_secret';
const bankai = (person: string, ...args: string[]) =>
  cli.run(args, { cwd: at(person), env: { BANKAI_TOKEN: token, GIT_AUTHOR_NAME: person } });
const errorOf = ({ stdout }: Finished) =>
  (JSON.parse(stdout) as { error: { code: string; message: string; hint: string } }).error;
const model = (person: string) => digestOf(join(at(person), 'working.gguf'));

interface Fetched {
  readonly moved: readonly { readonly ref: string; readonly change: string }[];
  readonly commits: number;
  readonly patches: readonly string[];
}

let host: GitHost;
let bare: string;

async function importRows(person: string, name: string, rows: readonly ForeignRow[], ...args: string[]) {
  const file = join(cli.directory, `${name}.json`);
  writeFileSync(file, foreignPatch(name, rows));
  outputOf(await bankai(person, 'import', file, '-m', name, ...args));
}

beforeAll(async () => {
  host = await startGitHost(temporaryDirectory());
  host.behaviour.token = token;
  bare = host.create('patches.git');
  outputOf(await cli.run(['init', '--model', fixtureModel, '-C', at('ada')]));
  await importRows('ada', 'calculus', [[0, 'gate_proj', 1]]);
});
afterAll(() => host.close());

test('a repository is pushed into an empty one, by somebody who shows a token when asked', async () => {
  outputOf(await bankai('ada', 'remote', 'add', 'origin', host.url('patches.git')));
  const refused = await cli.run(['push', '--json', '-C', at('ada')]);
  expect([refused.code, errorOf(refused).code]).toEqual([128, 'REMOTE_DENIED']);
  expect(errorOf(refused).hint).toContain('BANKAI_TOKEN');
  const wrong = await cli.run(['push', '--json', '-C', at('ada')], { env: { BANKAI_TOKEN: 'another' } });
  expect([wrong.code, errorOf(wrong).code]).toEqual([128, 'REMOTE_DENIED']);
  const elsewhere = { BANKAI_TOKEN: token, BANKAI_TOKEN_HOST: 'example.org' };
  host.requests.length = 0;
  expect(errorOf(await cli.run(['push', '--json', '-C', at('ada')], { env: elsewhere })).code).toBe('REMOTE_DENIED');
  expect(host.requests).toEqual([{ line: 'GET /patches.git/info/refs', authorized: false }]);
  const answer = parseAnswer('push', outputOf(await bankai('ada', 'push', '-u', '--json')));
  expect(answer).toMatchObject({ pushed: [{ ref: 'refs/heads/main', change: 'new' }], upstream: 'main' });
  expect(runGit(bare, 'fsck', '--strict', '--no-dangling')).toBe('');
  expect(outputOf(await bankai('ada', 'push'))).toBe('Everything up-to-date\n');
});

test('a second person clones it with the model, and has what the first one has', async () => {
  const { code, stdout, stderr } = await cli.run(
    ['clone', host.url('patches.git'), 'bob', '--model', fixtureModel, '--json'],
    {
      env: { BANKAI_TOKEN: token },
    },
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(parseAnswer('clone', stdout)).toMatchObject({
    head: { branch: 'main', patches: 1 },
    fetched: { commits: 2, unsigned: [] },
    model: { path: 'working.gguf' },
  });
  expect(model('bob')).toBe(model('ada'));
  expect(runGit(at('bob'), 'fsck', '--strict', '--no-dangling')).toBe('');
  expect(runGit(at('bob'), 'status', '--porcelain', '--branch')).toBe('## main...origin/main');
  expect(runGit(at('bob'), 'rev-parse', '--abbrev-ref', 'origin/HEAD')).toBe('origin/main');
  expect(runGit(at('bob'), 'config', 'remote.origin.url')).not.toContain(token);
  expect(await answerOf(cli, ['verify', '-C', at('bob')])).toMatchObject({ ok: true });
});

describe('when both go on', () => {
  test('the second one to push is refused in the words of git, and nothing moves', async () => {
    await importRows('ada', 'arithmetic', [[1, 'up_proj', 2]]);
    await importRows('bob', 'capitals', [[2, 'up_proj', 3]]);
    outputOf(await bankai('bob', 'push'));
    const before = fingerprint(at('ada'));
    const refused = await bankai('ada', 'push');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('! [rejected] main (fetch first)');
    expect(refused.stderr).toContain('hint: The remote has commits that you do not have.');
    expect(fingerprint(at('ada'))).toEqual(before);
    expect(outputOf(await bankai('ada', 'status'))).toContain("Your branch is ahead of 'origin/main' by 1 commit.");
    outputOf(await bankai('ada', 'fetch'));
    const status = parseAnswer('status', outputOf(await bankai('ada', 'status', '--json')));
    expect(status).toMatchObject({ upstream: { name: 'origin/main', ahead: 1, behind: 1 } });
    expect(outputOf(await bankai('ada', 'branch'))).toContain('[origin/main: ahead 1, behind 1]');
    expect((await bankai('ada', 'push')).stderr).toContain('! [rejected] main (non-fast-forward)');
  });

  test('a pull that must not merge is refused after it fetched, and one that may unites both', async () => {
    const only = await bankai('ada', 'pull', '--ff-only', '--json');
    expect([only.code, errorOf(only).code]).toEqual([128, 'NOT_FAST_FORWARD']);
    const answer = parseAnswer<{ message: string }>('pull', outputOf(await bankai('ada', 'pull', '--json')));
    expect(answer).toMatchObject({ result: 'merged', patches: 3, added: [expect.any(String)] });
    expect(answer.message).toBe(`Merge branch 'main' of ${host.url('patches.git')}`);
    expect(runGit(at('ada'), 'fsck', '--strict', '--no-dangling')).toBe('');
    expect(await answerOf(cli, ['verify', '-C', at('ada')])).toMatchObject({ ok: true });
    outputOf(await bankai('ada', 'push'));
    const pulled = parseAnswer<{ fetched: Fetched }>('pull', outputOf(await bankai('bob', 'pull', '--json')));
    expect(pulled).toMatchObject({ result: 'fast-forward', patches: 3 });
    expect(pulled.fetched).toMatchObject({ commits: 2, moved: [{ change: 'fast-forward' }] });
    expect(model('bob')).toBe(model('ada'));
    expect(runGit(at('bob'), 'log', '--format=%H', '-1')).toBe(runGit(bare, 'log', '--format=%H', '-1', 'main'));
    expect(outputOf(await bankai('bob', 'pull'))).toBe('Already up to date.\n');
  });

  test('history is replaced only where it is as it was last seen', async () => {
    await importRows('bob', 'try', [[3, 'up_proj', 4]], '-b', 'try');
    outputOf(await bankai('bob', 'push', '-u'));
    outputOf(await bankai('ada', 'fetch', 'origin', 'try'));
    runGit(at('bob'), 'commit', '--quiet', '--amend', '-m', 'again');
    expect((await bankai('bob', 'push')).code).toBe(1);
    const forced = parseAnswer('push', outputOf(await bankai('bob', 'push', '--force-with-lease', '--json')));
    expect(forced).toMatchObject({ pushed: [{ ref: 'refs/heads/try', change: 'forced' }] });
    // Ada has not seen that.
    const stale = await bankai('ada', 'push', '--force-with-lease', 'origin', 'origin/try:try');
    expect([stale.code, stale.stderr]).toEqual([1, expect.stringContaining('! [rejected] try (stale info)')]);
    const fetched = parseAnswer<Fetched>('fetch', outputOf(await bankai('ada', 'fetch', '--json')));
    expect(fetched.moved).toMatchObject([{ ref: 'refs/remotes/origin/try', change: 'forced' }]);
    expect(runGit(at('ada'), 'reflog', 'origin/try')).toContain('fetch origin: forced-update');
  });

  test('tags go and come, and stay what they are; a branch that went is forgotten with --prune', async () => {
    runGit(at('bob'), 'tag', '-m', 'first', 'v1', 'main');
    runGit(at('bob'), 'tag', 'light', 'main');
    outputOf(await bankai('bob', 'push', '--tags'));
    const fetched = parseAnswer<Fetched>('fetch', outputOf(await bankai('ada', 'fetch', '--json')));
    expect(fetched.moved.map(({ ref }) => ref).sort()).toEqual(['refs/tags/light', 'refs/tags/v1']);
    expect(runGit(at('ada'), 'rev-parse', 'v1^{commit}')).toBe(runGit(bare, 'rev-parse', 'main'));
    runGit(at('ada'), 'tag', '--force', 'light', 'main~1');
    const clobber = await bankai('ada', 'push', 'origin', 'light');
    expect([clobber.code, clobber.stderr]).toEqual([1, expect.stringContaining('light (already exists)')]);
    outputOf(await bankai('bob', 'push', '--delete', 'origin', 'try'));
    expect(runGit(bare, 'branch', '--list', 'try')).toBe('');
    expect(outputOf(await bankai('ada', 'fetch', '--prune'))).toMatch(/pruned .* origin\/try/);
    expect(runGit(at('ada'), 'branch', '--remotes').split('\n')).toHaveLength(1);
  });

  test('plain git sees the same, and a plain clone is ready after init', async () => {
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader' };
    const header = `Authorization: Basic ${Buffer.from(`x:${token}`).toString('base64')}`;
    outputOf(
      await cli.git(['clone', '--quiet', host.url('patches.git'), 'eve'], {
        env: { ...env, GIT_CONFIG_VALUE_0: header },
      }),
    );
    outputOf(await cli.run(['init', '--model', fixtureModel, '-C', at('eve')]));
    expect(model('eve')).toBe(model('ada'));
    expect(outputOf(await bankai('eve', 'pull'))).toBe('Already up to date.\n');
  });
});

describe('through the git of this machine', () => {
  test.each([
    ['a path', (path: string) => path],
    ['file://', (path: string) => `file://${path}`],
  ])('%s is cloned, pushed to and pulled from', async (name, address) => {
    const place = join(cli.directory, name.replace(/\W/g, ''));
    mkdirSync(place);
    const run = (...args: string[]) => cli.run(args, { cwd: place });
    runGit(place, 'clone', '--quiet', '--bare', bare, 'middle.git');
    runGit(join(place, 'middle.git'), 'config', 'receive.fsckObjects', 'true');
    const url = address(join(place, 'middle.git'));
    outputOf(await run('clone', url, 'one', '--model', fixtureModel));
    outputOf(await run('clone', url, 'two', '--model', fixtureModel));
    const patch = join(place, 'patch.json');
    writeFileSync(patch, foreignPatch(name, [[4, 'up_proj', 5]]));
    outputOf(await run('import', patch, '-m', name, '-C', 'one'));
    expect(parseAnswer('push', outputOf(await run('push', '--json', '-C', 'one')))).toMatchObject({
      pushed: [{ change: 'fast-forward' }],
    });
    const parent = runGit(join(place, 'two'), 'rev-parse', 'main~1');
    const behind = await run('push', '--json', '-C', 'two', 'origin', `${parent}:main`);
    expect([behind.code, errorOf(behind).code]).toEqual([1, 'PUSH_REJECTED']);
    expect(parseAnswer('pull', outputOf(await run('pull', '--json', '-C', 'two')))).toMatchObject({
      result: 'fast-forward',
      fetched: { commits: 1 },
    });
    runGit(join(place, 'middle.git'), 'branch', 'side', 'main');
    outputOf(await run('fetch', '-C', 'two'));
    runGit(join(place, 'middle.git'), 'branch', '-D', 'side');
    const gone = await run('pull', '--json', '-C', 'two', 'origin', 'side');
    expect([gone.code, errorOf(gone).code]).toEqual([128, 'UNKNOWN_REVISION']);
    expect(runGit(join(place, 'two'), 'fsck', '--strict', '--no-dangling')).toBe('');
    expect(readdirSync(join(place, 'two', '.git', 'bankai'))).not.toContain('quarantine');
  });

  test('is asked for where there is none', async () => {
    const alone = { PATH: '/nonexistent' };
    const answer = await cli.run(['clone', bare, 'nowhere', '--json'], { env: alone });
    expect([answer.code, errorOf(answer).code]).toEqual([128, 'GIT_MISSING']);
    expect(readdirSync(cli.directory)).not.toContain('nowhere');
    const http = await cli.run(['clone', host.url('patches.git'), 'bare', '--json'], {
      env: { ...alone, BANKAI_TOKEN: token },
    });
    expect([http.code, http.stderr]).toEqual([0, '']);
    expect(readFileSync(join(at('bare'), '.git', 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
  });
});
