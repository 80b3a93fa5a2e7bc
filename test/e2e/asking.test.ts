/** Who is asked for a name and a password where nothing was said: the programs that git asks, and a person at a terminal. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { createCli, type Finished } from './cli.js';
import { makeSampleRepository, outputOf } from './repository.js';

const cli = createCli();
const room = temporaryDirectory();
const asked = join(room, 'asked');
const askpass = join(room, 'askpass');
let host: GitHost;

beforeAll(async () => {
  host = await startGitHost(room);
  host.behaviour.token = 'secret';
  await makeSampleRepository(cli);
  runGit(cli.directory, 'push', '--quiet', host.create('patches.git'), 'calc:main');
  runGit(cli.directory, 'remote', 'add', 'origin', host.url('patches.git'));
  writeFileSync(askpass, `#!/bin/sh\necho "$1" >> ${asked}\ncase "$1" in User*) echo ada;; *) echo secret;; esac\n`);
  chmodSync(askpass, 0o755);
});
afterAll(() => host.close());
beforeEach(() => rmSync(asked, { force: true }));

const fetch = (env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  // From elsewhere: the configuration that counts is that of the repository.
  cli.run(['fetch', '-C', cli.directory], { env, cwd: room });

describe('a program', () => {
  const ways: readonly (readonly [string, () => Promise<Finished>])[] = [
    ['GIT_ASKPASS', () => fetch({ GIT_ASKPASS: askpass })],
    ['SSH_ASKPASS', () => fetch({ SSH_ASKPASS: askpass })],
    [
      'core.askPass of the repository',
      async () => {
        runGit(cli.directory, 'config', 'core.askPass', askpass);
        const done = await fetch();
        runGit(cli.directory, 'config', '--unset', 'core.askPass');
        return done;
      },
    ],
  ];

  test.each(ways)('that %s names is asked', async (_, run) => {
    outputOf(await run());
    expect(readFileSync(asked, 'utf8').split('\n')).toEqual([
      expect.stringMatching(/^Username for 'http:\/\/127\.0\.0\.1:\d+/),
      expect.stringMatching(/^Password for 'http:\/\/ada@127\.0\.0\.1:\d+/),
      '',
    ]);
  });

  test('that answers wrongly is told so by one error, and none is asked where a token fits', async () => {
    const wrong = join(room, 'wrong');
    writeFileSync(wrong, '#!/bin/sh\necho nobody\n');
    chmodSync(wrong, 0o755);
    expect((await fetch({ GIT_ASKPASS: wrong })).stderr).toMatch(
      /^error: .* did not accept who you say you are \(401\)\n/,
    );
    outputOf(await fetch({ GIT_ASKPASS: askpass, BANKAI_TOKEN: 'secret' }));
    expect(existsSync(asked)).toBe(false);
  });
});

test('nobody is asked where there is neither a program nor a terminal', async () => {
  expect((await fetch()).stderr).toMatch(/^error: .* wants to know who you are \(401\)\nhint: .*BANKAI_TOKEN/);
});

/** `script` gives a program a terminal of its own. */
const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

(hasTerminal ? test : test.skip)('a person at a terminal is asked, and the password is not shown', async () => {
  const command = `'${process.execPath}' '${join(root, 'bin', 'run.js')}' fetch`;
  const { GIT_TERMINAL_PROMPT: _, ...env } = cli.env;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    ...{ cwd: cli.directory, env },
  });
  let shown = '';
  const answers = [
    [/Username for [^\n]*: $/, 'ada\r'],
    [/Password for [^\n]*: $/, 'secret\r'],
  ] as const;
  let next = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [question, answer] = answers[next] ?? [];
    if (question?.test(shown)) {
      next++;
      child.stdin.write(answer);
    }
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, next]).toEqual([0, 2]);
  expect(shown).toContain('ada');
  expect(shown).not.toContain('secret');
});

test('flags of git that are not here are refused with what to do instead', async () => {
  const hintOf = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect([args, code, stdout]).toEqual([args, 129, '']);
    return stderr;
  };
  expect(await hintOf('clone', host.url('patches.git'), '--depth', '1')).toMatch(
    /^error: "bankai clone" has no --depth\nhint: .* all of it is fetched/,
  );
  expect(await hintOf('clone', '--depth=1', host.url('patches.git'))).toContain('has no --depth\n');
  expect(await hintOf('pull', '--rebase')).toMatch(/^error: "bankai pull" has no --rebase\nhint: .*bankai cherry-pick/);
  expect(await hintOf('fetch', '--unshallow')).toContain('git fetch --unshallow');
  expect(await hintOf('merge', '--abort')).toContain('use "git merge --abort"');
  expect(await hintOf('branch', '-vv')).toMatch(/^error: "bankai branch" has no -vv\nhint: Leave it out/);
  expect(await hintOf('status', '-s')).toContain('git status -s');
  expect(await hintOf('fetch', '--nonsense')).toBe(
    'error: Nonexistent flag: --nonsense\nhint: Use "bankai fetch --help" to see its flags and arguments.\n',
  );
});
