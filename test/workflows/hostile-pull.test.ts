/** A remote that changes while it is asked, or that is no more what it was: a pull moves nothing here, or all of it. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { clone } from '../../src/workflows/clone.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { pull } from '../../src/workflows/pull.js';
import { remoteAccess } from '../../src/workflows/remote-access.js';
import { status } from '../../src/workflows/status.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { digestOf, fingerprint, foreignPatch } from '../e2e/repository.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { EvilRepository } from '../transport/hostile-objects.js';
import { failureOf } from '../transport/remote-failure.js';

const room = temporaryDirectory();
const [ada, bob, trial] = ['ada', 'bob', 'trial'].map((name) => join(room, name));
const actor = { identity: { name: 'Bob', email: 'bob@example.org' }, time: new Date(1_700_000_000_000) };
const recorder = { ...actor, keyDirectory: join(room, 'keys'), version: '1.2.3' };
const access = remoteAccess({
  environment: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
  ...{ token: undefined, timeoutMs: 120_000, version: '1.2.3', signal: new AbortController().signal },
});
let host: GitHost;
let over: EvilRepository;
/** Commits over there, each on top of the one before; `aside` leaves the last one out. */
let [first, second, third, aside] = ['', '', '', ''];

const importRow = async (directory: string, row: number): Promise<string> => {
  const bytes = Buffer.from(foreignPatch(`row ${row}`, [[0, 'up_proj', row]]));
  await importFile(directory, { name: `${row}.json`, bytes, message: `row ${row}` }, recorder);
  return runGit(directory, 'rev-parse', 'HEAD');
};

beforeAll(async () => {
  host = await startGitHost(temporaryDirectory());
  over = new EvilRepository(host.create('patches.git'));
  await init({ directory: ada, model: fixtureModel, inPlace: false });
  first = await importRow(ada, 1);
  runGit(ada, 'push', '--quiet', over.directory, 'main');
  await clone({ url: host.url('patches.git'), from: room, directory: bob, model: fixtureModel }, actor, access);
  await importRow(bob, 2);
  [second, third] = [await importRow(ada, 3), await importRow(ada, 4)];
  runGit(ada, 'push', '--quiet', over.directory, 'main');
  runGit(ada, 'reset', '--quiet', '--hard', second);
  aside = runGit(ada, 'commit-tree', '-p', second, '-m', 'aside', `${second}^{tree}`);
  runGit(ada, 'push', '--quiet', over.directory, `${aside}:refs/heads/aside`);
  over.git('update-ref', '-d', 'refs/heads/aside');
});
afterAll(() => host.close());
beforeEach(() => {
  delete host.behaviour.intercept;
  over.git('update-ref', '-d', 'refs/heads/other');
  over.moveTo(second);
  rmSync(trial, { recursive: true, force: true });
  cpSync(bob, trial, { recursive: true });
});

/** Moves the branch over there after it has been said where it is. */
const movingTo = (commit: string): void => {
  host.behaviour.intercept = ({ method }) => {
    if (method === 'POST') over.moveTo(commit);
    return false;
  };
};
/** Pulls, which must be refused; what was there of HEAD, branch, model and worktree must be there still. */
async function isRefused(code: ErrorCode, message: RegExp): Promise<void> {
  const refs = () => runGit(trial, 'for-each-ref', 'refs/heads');
  const [before, branches] = [fingerprint(trial), refs()];
  const [head, model] = [runGit(trial, 'rev-parse', 'HEAD'), digestOf(join(trial, 'working.gguf'))];
  const error = await failureOf(pull(trial, {}, recorder, access));
  // What cannot be trusted leaves nothing; what is only left alone may come beside others that are good.
  if (!error.message.startsWith('Cannot use branch')) expect(fingerprint(trial)).toEqual(before);
  expect(refs()).toBe(branches);
  expect(error).toBeErrorWithCode(code);
  expect(error.message).toMatch(message);
  expect([runGit(trial, 'rev-parse', 'HEAD'), digestOf(join(trial, 'working.gguf'))]).toEqual([head, model]);
  expect(runGit(trial, 'status', '--porcelain')).toBe('');
}
/** Pulls, which must bring so many patches together, and leave everything sound. */
async function unites(patches: number): Promise<void> {
  delete host.behaviour.intercept;
  expect(await pull(trial, {}, recorder, access)).toMatchObject({ result: 'merged', patches });
  expect(await verifyStack(trial, 'HEAD')).toMatchObject({ ok: true });
  expect((await status(trial)).model.state).toBe('clean');
  expect(runGit(trial, 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
}

test('a branch that goes on between its advertisement and its objects comes as it was said to be', async () => {
  movingTo(third);
  const { fetched } = await pull(trial, {}, recorder, access);
  expect(fetched.moved).toMatchObject([{ ref: 'refs/remotes/origin/main', to: second }]);
  delete host.behaviour.intercept;
  expect(await pull(trial, {}, recorder, access)).toMatchObject({ result: 'merged', patches: 4 });
  expect(await verifyStack(trial, 'HEAD')).toMatchObject({ ok: true });
});

test('a branch that is replaced between its advertisement and its objects is refused, and comes with the next pull', async () => {
  over.moveTo(third);
  movingTo(aside);
  await isRefused('REMOTE_FAILED', /not our ref/);
  await unites(3);
});

test('a branch that goes between its advertisement and its objects is refused', async () => {
  host.behaviour.intercept = ({ method }) => {
    if (method === 'POST') over.git('update-ref', '-d', 'refs/heads/main');
    return false;
  };
  await isRefused('REMOTE_FAILED', /not our ref/);
  over.moveTo(second);
  await unites(3);
});

test('a branch that was replaced over there since is merged as it is now, and only what it has comes in', async () => {
  over.moveTo(third);
  await unites(4);
  rmSync(trial, { recursive: true });
  cpSync(bob, trial, { recursive: true });
  over.moveTo(aside);
  await unites(3);
});

test('a branch that is back where it was moves nothing', async () => {
  over.moveTo(first);
  const before = fingerprint(trial);
  expect(await pull(trial, {}, recorder, access)).toMatchObject({ result: 'up-to-date' });
  expect(fingerprint(trial)).toEqual(before);
});

test('a branch that is none of ours any more is not taken for what it was, beside others that are', async () => {
  over.git('update-ref', 'refs/heads/other', third);
  over.commit(over.tree(['100644', 'README', over.blob('sold')]));
  await isRefused('REMOTE_UNSUPPORTED', /Cannot use branch "main" of origin: it has no bankai\.json/);
  over.git('update-ref', '-d', 'refs/heads/other');
  await isRefused('REMOTE_UNSUPPORTED', /none of Bankai's/);
  over.moveTo(second);
  await unites(3);
});

test('over a path of this machine it is the same', async () => {
  runGit(trial, 'config', 'remote.origin.url', over.directory);
  const others = over.entries().filter(([, name]) => name !== 'bankai.json');
  over.commit(over.tree(...others));
  await isRefused('REMOTE_UNSUPPORTED', /none of Bankai's/);
  over.moveTo(second);
  await unites(3);
});
