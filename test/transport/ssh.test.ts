/**
 * The way over SSH, with git's own SSH transport and no network: in the place of `ssh` a script runs, on this machine, what
 * the other one is asked to run.
 */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clone } from '../../src/workflows/clone.js';
import { fetch } from '../../src/workflows/fetch.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { push } from '../../src/workflows/push.js';
import { remoteAccess } from '../../src/workflows/remote-access.js';
import { fingerprint, foreignPatch } from '../e2e/repository.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { EvilRepository } from './hostile-objects.js';
import { failureOf } from './remote-failure.js';

const room = temporaryDirectory();
const [ada, bob, bare, log] = ['ada', 'bob', 'patches.git', 'asked'].map((name) => join(room, name));
const url = `ssh://git@far.example.org${bare}`;
const actor = { identity: { name: 'Bob', email: 'bob@example.org' }, time: new Date(1_700_000_000_000) };
const recorder = { ...actor, keyDirectory: join(room, 'keys'), version: '1.2.3' };

/** A program in the place of `ssh`: it notes whom it is to reach, and does something with `$command`. */
function sshThat(name: string, action: string): string {
  const path = join(room, name);
  const lines = ['#!/bin/sh', '[ "$1" = -G ] && exit 1', 'command=$2', `echo "$1 $2" >> ${log}`, action];
  writeFileSync(path, `${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

const access = (environment: Record<string, string> = {}) =>
  remoteAccess({
    environment: {
      PATH: process.env.PATH,
      HOME: room,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      ...environment,
    },
    token: undefined,
    timeoutMs: 120_000,
    version: '1.2.3',
    signal: new AbortController().signal,
  });
const over = (ssh: string) => access({ GIT_SSH_COMMAND: ssh });

let row = 10;
const importRow = (directory: string, row: number) => {
  const bytes = Buffer.from(foreignPatch(`row ${row}`, [[0, 'up_proj', row]]));
  return importFile(directory, { name: `${row}.json`, bytes, message: `row ${row}` }, recorder);
};

let honest: string;

beforeAll(async () => {
  honest = sshThat('honest-ssh', 'exec sh -c "$command"');
  runGit(room, 'init', '--quiet', '--bare', '--template=', '--initial-branch=main', bare);
  runGit(bare, 'config', 'receive.fsckObjects', 'true');
  await init({ directory: ada, model: fixtureModel, inPlace: false });
  await importRow(ada, 1);
  runGit(ada, 'remote', 'add', 'origin', url);
  await push(ada, { setUpstream: true }, actor, over(honest));
});
beforeEach(() => rmSync(log, { force: true }));

test('git runs its own programs on the other machine', async () => {
  const { head } = await clone({ url, from: room, directory: bob, model: fixtureModel }, actor, over(honest));
  expect(head).toMatchObject({ branch: 'main', patches: 1 });
  expect(readFileSync(log, 'utf8')).toBe(`git@far.example.org git-upload-pack '${bare}'\n`.repeat(2));
  await importRow(ada, 2);
  const { pushed } = await push(ada, {}, actor, over(honest));
  expect(pushed).toMatchObject([{ change: 'fast-forward' }]);
  expect(readFileSync(log, 'utf8')).toContain(`git@far.example.org git-receive-pack '${bare}'\n`);
  const { moved, commits } = await fetch(bob, {}, actor, over(honest));
  expect([moved[0].to, commits]).toEqual([runGit(bare, 'rev-parse', 'main'), 1]);
  for (const directory of [ada, bob, bare]) {
    expect(runGit(directory, 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
  }
  const stale = await failureOf(push(bob, { what: 'origin/main~1:main' }, actor, over(honest)));
  expect(stale).toBeErrorWithCode('PUSH_REJECTED');
});

test('what hooks over there say is passed on, and why they refuse', async () => {
  const hook = join(bare, 'hooks', 'update');
  const write = (...lines: string[]) => {
    mkdirSync(join(bare, 'hooks'), { recursive: true });
    writeFileSync(hook, ['#!/bin/sh', ...lines, ''].join('\n'));
    chmodSync(hook, 0o755);
  };
  await importRow(ada, row++);
  write('echo "no patches on Sundays" >&2', 'exit 1');
  const error = await failureOf(push(ada, {}, actor, over(honest)));
  expect(error).toBeErrorWithCode('PUSH_REJECTED');
  expect(error.message).toMatch(/! \[rejected\] main \(hook declined\)\nremote: no patches on Sundays/);
  write('echo "thank you" >&2', 'exit 0');
  expect((await push(ada, {}, actor, over(honest))).said).toEqual(['thank you']);
  rmSync(hook);
});

test('the address may be one of scp, and the program one that the repository names', async () => {
  runGit(bob, 'config', 'remote.origin.url', `far.example.org:${bare}`);
  runGit(bob, 'config', 'core.sshCommand', honest);
  await importRow(ada, 3);
  await push(ada, {}, actor, over(honest));
  rmSync(log);
  expect((await fetch(bob, {}, actor, access())).moved).toHaveLength(1);
  expect(readFileSync(log, 'utf8')).toBe(`far.example.org git-upload-pack '${bare}'\n`.repeat(2));
  runGit(bob, 'config', '--unset', 'core.sshCommand');
});

describe('the other side', () => {
  const says = (text: string) => `echo "${text}" >&2; exit 255`;
  test.each([
    [
      'lets nobody in',
      says('git@far.example.org: Permission denied (publickey).'),
      'REMOTE_DENIED',
      /Permission denied/,
    ],
    ['is not who it was', says('Host key verification failed.'), 'REMOTE_DENIED', /Host key verification failed/],
    [
      'has no such name',
      says('ssh: Could not resolve hostname far.example.org'),
      'REMOTE_UNREACHABLE',
      /Could not resolve/,
    ],
    [
      'does not listen',
      says('ssh: connect to host far port 22: Connection refused'),
      'REMOTE_UNREACHABLE',
      /Connection refused/,
    ],
    [
      'has no repository there',
      says("fatal: '/x' does not appear to be a git repository"),
      'REMOTE_FAILED',
      /does not appear/,
    ],
    ['hangs up', 'sh -c "$command" < /dev/null | head -c 300', 'REMOTE_FAILED', /git cannot use ssh:/],
    ['speaks another language', 'echo "Welcome to far.example.org!"', 'REMOTE_FAILED', /git cannot use ssh:/],
  ] as const)('%s', async (_, action, code, message) => {
    runGit(bob, 'config', 'remote.origin.url', url);
    await importRow(ada, row++);
    await push(ada, {}, actor, over(honest));
    const before = fingerprint(bob);
    const ssh = sshThat('other-ssh', action);
    const error = await failureOf(fetch(bob, {}, actor, over(ssh)));
    expect(error).toBeErrorWithCode(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/\.$/);
    expect(fingerprint(bob)).toEqual(before);
    const place = join(room, 'clone');
    expect((await failureOf(clone({ url, from: room, directory: place }, actor, over(ssh)))).code).toBe(code);
    expect(existsSync(place)).toBe(false);
    expect((await fetch(bob, {}, actor, over(honest))).moved).toHaveLength(1);
  });

  test('falls silent', async () => {
    runGit(bob, 'config', 'remote.origin.url', url);
    const before = fingerprint(bob);
    const ssh = sshThat('other-ssh', 'exec cat');
    const error = await failureOf(fetch(bob, {}, actor, { ...over(ssh), timeoutMs: 300 }));
    expect(error).toBeErrorWithCode('REMOTE_UNREACHABLE');
    expect(error.message).toBe('The remote has sent nothing for 0.3 seconds');
    expect(fingerprint(bob)).toEqual(before);
  });

  test('has objects that git would not have', async () => {
    const evil = new EvilRepository(join(room, 'evil.git'));
    cpSync(bare, evil.directory, { recursive: true });
    evil.commit(evil.tree(['100644', '.git', evil.blob('x')], ...evil.entries()));
    runGit(bob, 'config', 'remote.origin.url', evil.directory);
    const before = fingerprint(bob);
    const error = await failureOf(fetch(bob, {}, actor, access()));
    expect(error).toBeErrorWithCode('PACK_INVALID');
    expect(error.message).toMatch(/Refused what was sent: object [0-9a-f]{40}: hasDotgit/);
    expect(fingerprint(bob)).toEqual(before);
  });

  test('is told of without the password in its address', async () => {
    const secret = `ssh://git:hunter2@far.example.org${bare}`;
    runGit(bob, 'config', 'remote.origin.url', secret);
    const ssh = sshThat('other-ssh', `echo "fatal: cannot use ${secret}" >&2; exit 128`);
    const { message } = await failureOf(fetch(bob, {}, actor, over(ssh)));
    expect(message).toContain('ssh://***@far.example.org');
    expect(message).not.toContain('hunter2');
  });
});

test('without git there is one error that says so', async () => {
  mkdirSync(join(room, 'empty'));
  const before = fingerprint(bob);
  const error = await failureOf(fetch(bob, {}, actor, access({ PATH: join(room, 'empty') })));
  expect(error).toBeErrorWithCode('GIT_MISSING');
  expect(error.hint).toContain('Install git');
  expect(fingerprint(bob)).toEqual(before);
});
