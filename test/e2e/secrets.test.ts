/** A password in an address and a token in the environment: nowhere in what is printed, logged or committed. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runGit } from '../repo/sandbox.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { createCli, type Finished } from './cli.js';
import { foreignPatch } from './repository.js';

const cli = createCli();
const at = (name: string) => join(cli.directory, name);
const [password, token] = ['hunter2', 'ghp_0123456789'];
let host: GitHost;
let url: string;
const said: string[] = [];

const run = async (...args: string[]): Promise<Finished> => {
  const finished = await cli.run(args, { env: { BANKAI_TOKEN: token } });
  said.push(finished.stdout, finished.stderr);
  return finished;
};
const importRow = async (person: string, row: number) => {
  writeFileSync(at('patch.json'), foreignPatch(`row ${row}`, [[0, 'up_proj', row]]));
  expect((await run('import', at('patch.json'), '-m', `row ${row}`, '-C', at(person))).code).toBe(0);
};

beforeAll(async () => {
  host = await startGitHost(temporaryDirectory());
  host.create('patches.git');
  url = host.url('patches.git').replace('://', `://ada:${password}@`);
});
afterAll(() => host.close());

/** The files below a directory that hold a text. */
const holding = (directory: string, text: string): string[] =>
  (readdirSync(directory, { recursive: true }) as string[]).filter(
    (name) => statSync(join(directory, name)).isFile() && readFileSync(join(directory, name)).includes(text),
  );

test('a whole day with a secret in the address leaves it in .git/config alone', async () => {
  host.behaviour.token = password;
  const here = ['-C', at('ada')];
  for (const args of [
    ['init', '--model', fixtureModel, ...here],
    ['remote', 'add', 'origin', url, ...here],
    ['push', '-u', ...here],
    ['clone', url, 'bob', '--model', fixtureModel],
  ]) {
    expect((await run(...args)).code).toBe(0);
  }
  await importRow('ada', 1);
  await importRow('bob', 2);
  for (const [code, ...args] of [
    [0, 'push', ...here],
    [1, 'push', '--json', '-C', at('bob')],
    [0, 'pull', '--json', '-C', at('bob')],
    [0, 'push', '-C', at('bob')],
    [0, 'fetch', '--json', ...here],
    [0, 'remote', '-v', ...here],
    [0, 'reflog', ...here],
    [0, 'log', '-C', at('bob')],
    [0, 'status', ...here],
  ] as const) {
    expect((await run(...args)).code).toBe(code);
  }
  // Wrong, gone, and nobody there.
  host.behaviour.token = 'another';
  expect((await run('fetch', ...here)).code).toBe(128);
  expect((await run('fetch', '--json', ...here)).stdout).toContain('"REMOTE_DENIED"');
  runGit(at('ada'), 'config', 'remote.origin.url', url.replace('patches', 'none'));
  host.behaviour.token = password;
  expect((await run('fetch', '--json', ...here)).stdout).toContain('"REMOTE_NOT_FOUND"');
  runGit(at('ada'), 'config', 'remote.origin.url', url.replace(/:\d+\//, ':9/'));
  expect((await run('fetch', '--json', ...here)).stdout).toContain('"REMOTE_UNREACHABLE"');
  expect((await run('clone', url, 'bob', '--json')).stdout).toContain('"FILE_EXISTS"');

  for (const secret of [password, token]) expect(said.filter((text) => text.includes(secret))).toEqual([]);
  expect(said.join('')).toContain('://***@127.0.0.1');
  for (const person of ['ada', 'bob']) {
    expect(holding(at(person), password)).toEqual([join('.git', 'config')]);
    expect(holding(at(person), token)).toEqual([]);
    expect(runGit(at(person), 'log', '--all', '--format=%B')).not.toContain(password);
    expect(runGit(at(person), 'log', '--all', '--walk-reflogs', '--format=%gs')).not.toContain(password);
  }
  expect(holding(cli.env.HOME, password)).toEqual([]);
});

test('a token goes to no other host than that of the address', async () => {
  const other = await startGitHost(temporaryDirectory());
  other.behaviour.token = token;
  host.behaviour.intercept = ({ url: path = '' }, response) => {
    response.writeHead(302, { location: other.url(path.slice(1)) }).end();
    return true;
  };
  const { code, stdout } = await run('clone', host.url('patches.git'), 'eve', '--json');
  await other.close();
  expect([code, stdout]).toEqual([128, expect.stringContaining('"REMOTE_DENIED"')]);
  expect(other.requests.map(({ authorized }) => authorized)).toEqual([false]);
});
