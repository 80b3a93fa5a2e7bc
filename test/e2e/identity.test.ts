/** Who commits and reflogs are by is what plain git says of the same environment and configuration. */
import { beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../paths.js';
import { createCli } from './cli.js';
import { makeSampleRepository } from './repository.js';

const cli = createCli();
beforeAll(async () => {
  await makeSampleRepository(cli);
  await cli.run(['switch', 'calc']);
  await cli.git(['tag', 'start', 'calc']);
});

const {
  GIT_AUTHOR_NAME: _,
  GIT_AUTHOR_EMAIL: __,
  GIT_COMMITTER_NAME: ___,
  GIT_COMMITTER_EMAIL: ____,
  ...bare
} = cli.env;

test.each([
  [{ 'user.name': 'Repo', 'user.email': 'repo@example.org' }, {}],
  [{ 'author.name': 'Writer', 'committer.email': 'keeper@example.org' }, {}],
  [{}, { GIT_AUTHOR_NAME: 'From Outside', GIT_COMMITTER_EMAIL: 'out@example.org' }],
  [{}, { GIT_COMMITTER_NAME: 'Keeper', GIT_AUTHOR_EMAIL: 'author@example.org' }],
])('with %j and %j', (settings, variables) => {
  const run = (command: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(command, args, {
      ...{ cwd: cli.directory, env: { ...bare, ...variables }, encoding: 'utf8' },
    });
    expect([status, stderr.replace(/^Switched.*\n/, '')]).toEqual([0, '']);
    return stdout.trim();
  };
  const bankai = (...args: string[]): string => run(process.execPath, join(root, 'bin', 'run.js'), ...args);
  const who = (): string => run('git', 'log', '-1', '-g', '--format=%an <%ae>, %cn <%ce>, %gn <%ge>');
  for (const [name, value] of Object.entries(settings)) run('git', 'config', name, value);
  run('git', 'commit', '--quiet', '--allow-empty', '-m', 'by git');
  const expected = who();
  for (const args of [
    ['rm', 'HEAD'],
    ['merge', 'math', '--no-ff'],
    ['revert', 'HEAD', '-m', '1'],
  ]) {
    bankai(...args);
    expect(who()).toBe(expected);
  }
  bankai('reset', '--hard', 'start');
});
