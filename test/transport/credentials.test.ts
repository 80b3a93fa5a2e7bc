/** Who we say we are: only to whom it is meant for, from git's own helpers where nothing was given, and never written down. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCredentials } from '../../src/transport/credentials.js';
import { createGitProgram } from '../../src/transport/git-program.js';
import { temporaryDirectory } from '../paths.js';

const room = temporaryDirectory();
const log = join(room, 'asked');
const config = join(room, 'gitconfig');
/** git with a home of its own, and a helper that notes what it is asked and told. */
const git = createGitProgram({
  ...{ PATH: process.env.PATH, HOME: room, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: config },
  GIT_TERMINAL_PROMPT: '0',
});
const helper = join(room, 'helper');

beforeEach(() => {
  const answer = '[ "$1" = get ] && printf "username=ada\\npassword=from the helper\\n"';
  writeFileSync(helper, `#!/bin/sh\necho "$1: $(tr '\\n' ' ')" >> ${log}\n${answer}\nexit 0\n`);
  chmodSync(helper, 0o755);
  writeFileSync(config, `[credential]\n\thelper = ${helper}\n`);
  writeFileSync(log, '');
});

const asked = new URL('https://example.org/a.git');
const token = { value: 'ghp_secret' };

describe('a token', () => {
  test.each([
    ['the host of the address', asked, token, true],
    ['a host that it redirects to', new URL('https://evil.example.org/a.git'), token, false],
    ['another port of it', new URL('https://example.org:8443/a.git'), token, false],
    ['the host it is for', asked, { ...token, host: 'example.org' }, true],
    [
      'the host it is for, after a redirect',
      new URL('https://git.example.org/'),
      { ...token, host: 'git.example.org' },
      true,
    ],
    ['another one than it is for', asked, { ...token, host: 'example.com' }, false],
  ])('is for %s: %p', async (_, url, given, fits) => {
    writeFileSync(config, '');
    const found = await createCredentials(git, given).find(url, asked);
    expect(found).toEqual(fits ? { username: 'token', password: 'ghp_secret' } : undefined);
  });

  test.each([
    ['http://example.org/a.git', false],
    ['http://localhost:8080/a.git', true],
    ['http://127.0.0.1:8080/a.git', true],
    ['http://[::1]:8080/a.git', true],
    ['http://127.0.0.1.example.org/a.git', false],
  ])('goes to %s: %p', async (address, goes) => {
    writeFileSync(config, '');
    const url = new URL(address);
    expect((await createCredentials(git, token).find(url, url)) !== undefined).toBe(goes);
  });

  test('goes with the name in the address', async () => {
    const url = new URL('https://ada%40example.org@example.org/a.git');
    expect(await createCredentials(git, token).find(url, url)).toMatchObject({ username: 'ada@example.org' });
    expect(readFileSync(log, 'utf8')).toBe('');
  });
});

describe("git's helpers", () => {
  test('are asked for the place, and told whether it was right', async () => {
    const credentials = createCredentials(git, undefined);
    const found = await credentials.find(asked, asked);
    expect(found).toMatchObject({ username: 'ada', password: 'from the helper' });
    expect(readFileSync(log, 'utf8')).toMatch(/^get: .*protocol=https .*host=example\.org /);
    if (!found) return;
    await credentials.judge(found, true);
    await credentials.judge(found, false);
    const told = readFileSync(log, 'utf8').trim().split('\n').slice(1);
    expect(told.map((line) => line.split(':')[0])).toEqual(['store', 'erase']);
    for (const line of told) expect(line).toContain('password=from the helper');
  });

  test('that know nothing, and a machine without git, are no error', async () => {
    writeFileSync(config, '');
    expect(await createCredentials(git, undefined).find(asked, asked)).toBeUndefined();
    const without = createGitProgram({ PATH: join(room, 'nowhere') });
    expect(existsSync(join(room, 'nowhere'))).toBe(false);
    expect(await createCredentials(without, undefined).find(asked, asked)).toBeUndefined();
  });
});
