/** A remote that lies or breaks off in the middle of a push: one error, and nothing here says that it went well. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cpSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { renderError } from '../../src/render/error.js';
import { plainView } from '../../src/render/view.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { push } from '../../src/workflows/push.js';
import { remoteAccess } from '../../src/workflows/remote-access.js';
import { fingerprint, foreignPatch } from '../e2e/repository.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { line, onChannel } from '../transport/hostile-pack.js';
import { failureOf } from '../transport/remote-failure.js';

const room = temporaryDirectory();
const [ada, trial] = ['ada', 'trial'].map((name) => join(room, name));
const actor = { identity: { name: 'Ada', email: 'ada@example.org' }, time: new Date(1_700_000_000_000) };
const options = remoteAccess({
  environment: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
  ...{ token: undefined, timeoutMs: 120_000, version: '1.2.3', signal: new AbortController().signal },
});
let host: GitHost;
let bare: string;

beforeAll(async () => {
  host = await startGitHost(temporaryDirectory());
  bare = host.create('patches.git');
  await init({ directory: ada, model: fixtureModel, inPlace: false });
  runGit(ada, 'remote', 'add', 'origin', host.url('patches.git'));
  await push(ada, { setUpstream: true }, actor, options);
  const bytes = Buffer.from(foreignPatch('x', [[0, 'up_proj', 1]]));
  const recorder = { ...actor, keyDirectory: join(room, 'keys'), version: '1.2.3' };
  await importFile(ada, { name: 'x.json', bytes, message: 'x' }, recorder);
});
afterAll(() => host.close());
beforeEach(() => {
  delete host.behaviour.intercept;
  rmSync(trial, { recursive: true, force: true });
  cpSync(ada, trial, { recursive: true });
});

/** Answers to the push itself. */
const answering = (answer: (response: ServerResponse, request: IncomingMessage) => void) => {
  host.behaviour.intercept = (request, response) => {
    if (request.method !== 'POST') return false;
    request.resume();
    request.on('end', () => answer(response, request));
    return true;
  };
};
const reporting = (...lines: readonly string[]) =>
  answering((response) => {
    const report = Buffer.concat([...lines.map((text) => line(`${text}\n`)), Buffer.from('0000')]);
    response.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result' });
    response.end(Buffer.concat([onChannel(1, report), Buffer.from('0000')]));
  });

const head =
  (status: number, type = 'text/plain') =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': type }).end('<html>no</html>');
const lies: readonly [string, () => void, string, RegExp][] = [
  [
    'says that it could not unpack',
    () => reporting('unpack index-pack abort', 'ng refs/heads/main unpacker error'),
    'REMOTE_FAILED',
    /The remote says: index-pack abort$/,
  ],
  [
    'refuses the ref',
    () => reporting('unpack ok', 'ng refs/heads/main protected branch'),
    'PUSH_REJECTED',
    /! \[rejected\] main \(protected branch\)/,
  ],
  ['says nothing of the ref', () => reporting('unpack ok'), 'PUSH_REJECTED', /\(the remote says nothing of it\)/],
  [
    'speaks of another ref',
    () => reporting('unpack ok', 'ok refs/heads/other'),
    'PUSH_REJECTED',
    /\(the remote says nothing of it\)$/,
  ],
  ['says nothing', () => reporting(), 'REMOTE_PROTOCOL', /it does not say whether it took anything/],
  ['shows a page', () => answering(head(200, 'text/html')), 'REMOTE_PROTOCOL', /it answers with "text\/html"/],
  ['lets nobody write', () => answering(head(403)), 'REMOTE_DENIED', /\(403\)/],
  ['finds it too large', () => answering(head(413)), 'REMOTE_FAILED', /answered with status 413/],
  ['fails', () => answering(head(500)), 'REMOTE_FAILED', /answered with status 500/],
  ['hangs up', () => answering((response) => response.destroy()), 'REMOTE_UNREACHABLE', /the connection was cut/],
];

test.each(lies)('that %s', async (_, lie, code, message) => {
  lie();
  const before = fingerprint(trial);
  const error = await failureOf(push(trial, {}, actor, options));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(/\.$/);
  expect(fingerprint(trial)).toEqual(before);
  expect(runGit(trial, 'rev-list', '--count', 'origin/main..main')).toBe('1');
  delete host.behaviour.intercept;
  expect((await push(trial, {}, actor, options)).pushed).toMatchObject([{ change: 'fast-forward' }]);
  runGit(bare, 'update-ref', 'refs/heads/main', 'main~1');
});

test('that never stops talking is heard to a point, and the refs have moved', async () => {
  const report = Buffer.concat([line('unpack ok\n'), line('ok refs/heads/main\n'), Buffer.from('0000')]);
  answering((response) => {
    response.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result' });
    response.write(Buffer.concat([onChannel(2, Buffer.from('before\n')), onChannel(1, report)]));
    response.write(Buffer.concat(Array.from({ length: 200 }, (_, i) => onChannel(2, Buffer.from(`after ${i}\r\n`)))));
    response.end();
  });
  const { pushed, said = [] } = await push(trial, {}, actor, options);
  expect([pushed[0].change, said.length, said[0], said[99]]).toEqual(['fast-forward', 100, 'before', 'after 98']);
});

test('whose reason would like to paint on the terminal', async () => {
  reporting('unpack ok', 'ng refs/heads/main \u001b[2J\u202eok\u0007');
  const { code, message, hint = '', data } = await failureOf(push(trial, {}, actor, options));
  const lines = renderError({ error: { code, message, hint, data } }, plainView);
  expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
});
