/** What a shell offers. Only bash is at every machine that runs the tests; the others get the same words. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.js';
import { createCli } from './cli.js';
import { makeSampleRepository, outputOf } from './repository.js';

const cli = createCli();
const script = join(cli.directory, '..', 'completion.bash');
const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, { flags: Record<string, object> }>;
};

beforeAll(async () => {
  await makeSampleRepository(cli);
  writeFileSync(script, outputOf(await cli.run(['completion', 'bash'])));
});

/** What bash would offer for the last of some words. */
function offered(...words: string[]): string[] {
  const run = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bankai; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', run, script, 'bankai', ...words], {
    cwd: cli.directory,
    env: cli.env,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('bash', () => {
  test('completes verbs, and the second word of topics', () => {
    expect(offered('bi')).toEqual(['bisect']);
    expect(offered('probes', 'a')).toEqual(['audit']);
    const first = new Set(Object.keys(commands).map((id) => id.split(':')[0]));
    expect(new Set(offered(''))).toEqual(new Set([...first, 'help']));
  });

  test('completes branches, and every name of a stack', () => {
    expect(offered('checkout', 'ca')).toEqual(['calc']);
    expect(offered('checkout', 'calc+m').sort()).toEqual(['calc+main', 'calc+math']);
    expect(offered('diff', 'calc', 'ba')).toEqual(['base']);
  });

  test('completes flags and their choices, and leaves other values to the shell', () => {
    expect(offered('commit', '--strat')).toEqual(['--strategy']);
    expect(offered('commit', '--strategy', 'gu')).toEqual(['guided']);
    expect(offered('commit', '--probes', '')).toEqual([]);
    for (const [id, { flags }] of Object.entries(commands)) {
      const expected = Object.keys(flags).map((name) => `--${name}`);
      expect(offered(...id.split(':'), '--')).toEqual(expect.arrayContaining(expected));
    }
  });
});

test('zsh runs what bash does, and fish is told every verb and flag', async () => {
  const zsh = outputOf(await cli.run(['completion', 'zsh']));
  expect(zsh.endsWith(readFileSync(script, 'utf8'))).toBe(true);
  const fish = outputOf(await cli.run(['completion', 'fish']));
  for (const [id, { flags }] of Object.entries(commands)) {
    expect(fish).toContain(`-a ${id.split(':').at(-1)} `);
    for (const name of Object.keys(flags)) expect(fish).toContain(`-l ${name} `);
  }
});

test('another shell is refused', async () => {
  expect((await cli.run(['completion', 'powershell'])).code).toBe(129);
});
