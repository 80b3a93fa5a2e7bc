/** What git's configuration says of an address: the nearest URL counts, and other addresses stand for it. */
import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { parseSettings } from '../../src/repo/git-config.js';
import type { Setting } from '../../src/repo/git-settings.js';
import { httpSettings, rewriteAddress } from '../../src/transport/configured.js';
import { chooseProxy } from '../../src/transport/proxy.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/run-git.js';

const room = temporaryDirectory();
const settingsOf = (...lines: readonly (readonly [string, string])[]): Setting[] =>
  lines.map(([name, value]) => ({ name, value, scope: 'local', origin: 'test' }));
const url = new URL('https://ada@git.example.org:8443/lab/patches.git');

describe('http.<url>', () => {
  const patterns = [
    'https://git.example.org:8443',
    'https://git.example.org:8443/',
    'https://git.example.org:8443/lab',
    'https://git.example.org:8443/la',
    'https://git.example.org:8443/lab/patches.git/',
    'https://git.example.org:8443/lab/patches.git/more',
    'https://ada@git.example.org:8443/lab',
    'https://bob@git.example.org:8443/lab',
    'https://*.example.org:8443/lab/patches.git',
    'https://*.*.org:8443',
    'https://*.org:8443',
    'https://git.example.org',
    'http://git.example.org:8443',
    'https://example.org:8443',
    'nonsense',
  ];
  runGit(room, 'init', '--quiet', '.');

  /** git itself is asked which of two counts. */
  test('counts for what it counts for in git, alone and before every other', () => {
    for (const one of patterns) {
      for (const other of patterns) {
        const lines = [
          ['http.userAgent', 'everywhere'],
          [`http.${one}.userAgent`, 'one'],
          [`http.${other}.userAgent`, 'other'],
        ] as const;
        const config = join(room, '.git', 'config');
        const asked = lines.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
        const theirs = runGit(room, ...asked, 'config', '--get-urlmatch', 'http.userAgent', url.href);
        const ours = httpSettings(
          url,
          settingsOf(...lines.map(([n, v]) => [n.replace(/userAgent$/, 'useragent'), v] as const)),
        );
        expect([config, one, other, ours.userAgent]).toEqual([config, one, other, theirs]);
      }
    }
  });
});

test('a remote has a proxy of its own, or none, whatever else is said', () => {
  const settings = settingsOf(
    ['http.proxy', 'http://all:1'],
    ['remote.Lab.proxy', 'http://lab:2'],
    ['remote.away.proxy', ''],
  );
  const proxyOf = (remote?: string) => httpSettings(url, settings, { https: 'http://env:3' }, remote).proxy?.host;
  expect([proxyOf('Lab'), proxyOf('away'), proxyOf('other'), proxyOf()]).toEqual([
    'lab:2',
    undefined,
    'all:1',
    'all:1',
  ]);
});

test('headers add up, an empty one takes those before it away, and a bad one is told without its value', async () => {
  const headers = (...values: readonly string[]) =>
    httpSettings(url, settingsOf(...values.map((value) => ['http.extraheader', value] as const))).headers;
  expect(headers('X-One: 1', 'x-one:2', 'Host: evil', 'Two: a: b')).toEqual({ 'x-one': ['1', '2'], two: ['a: b'] });
  expect(headers('X-One: 1', '', 'X-Two: 2')).toEqual({ 'x-two': ['2'] });
  await expect(() => headers('Bearer secret')).toFailWithCode('USAGE');
  expect(() => headers('Authorization: a\r\nX: secret')).toThrow(/^(?!.*secret)/);
});

test('certificates that are not there, and proxies that are none, are refused by name', async () => {
  const missing = settingsOf(['http.sslcainfo', '/nowhere/ca.pem']);
  await expect(() => httpSettings(url, missing)).toFailWithCode('FILE_NOT_FOUND');
  for (const proxy of ['socks5://localhost:1080', 'http://:x', 'ftp://a']) {
    await expect(() => httpSettings(url, settingsOf(['http.proxy', proxy]))).toFailWithCode('URL_INVALID');
  }
  expect(() => httpSettings(url, [], { https: 'socks5://ada:secret@localhost' })).toThrow(/^(?!.*secret)/);
});

describe('a proxy', () => {
  const proxies = { http: 'plain:80', https: 'secure:8080', all: 'http://all:3128' };
  test.each([
    ['https://example.org/', undefined, proxies, 'http://secure:8080/'],
    ['http://example.org/', undefined, proxies, 'http://plain/'],
    ['http://example.org/', undefined, { all: 'http://all:3128' }, 'http://all:3128/'],
    ['https://example.org/', 'http://configured', proxies, 'http://configured/'],
    ['https://example.org/', '', proxies, undefined],
    ['https://example.org/', undefined, { ...proxies, none: 'other.org, example.org' }, undefined],
    ['https://git.example.org/', undefined, { ...proxies, none: '.example.org' }, undefined],
    ['https://notexample.org/', undefined, { ...proxies, none: 'example.org' }, 'http://secure:8080/'],
    ['https://example.org/', undefined, { ...proxies, none: 'example.org:8443' }, 'http://secure:8080/'],
    ['https://example.org:8443/', undefined, { ...proxies, none: 'example.org:8443' }, undefined],
    ['https://example.org/', 'http://configured', { none: '*' }, undefined],
    ['http://127.0.0.1:3000/', 'http://configured', proxies, undefined],
    ['http://[::1]:3000/', undefined, proxies, undefined],
    ['https://localhost/', undefined, proxies, undefined],
  ])('for %s with http.proxy %j and %j is %j', (address, configured, variables, proxy) => {
    expect(chooseProxy(new URL(address), configured, variables)?.href).toBe(proxy);
  });
});

describe('insteadOf', () => {
  const text = `
[url "https://example.org/"]
	insteadOf = lab:
	insteadOf = "gh:"
[url "https://deep.example.org/"]
	insteadOf = lab:deep/
[url "ssh://git@example.org/"]
	pushInsteadOf = https://example.org/
	pushInsteadOf = lab:deep/
`;
  const settings = [...parseSettings(text)].map(([name, value]): Setting => ({
    name,
    value,
    scope: 'local',
    origin: '',
  }));
  // A map has the last of several values alone.
  settings.push(
    ...settingsOf(
      ['url.https://example.org/.insteadof', 'lab:'],
      ['url.ssh://git@example.org/.pushinsteadof', 'https://example.org/'],
    ),
  );

  test.each([
    ['lab:a.git', 'https://example.org/a.git', 'https://example.org/a.git'],
    ['gh:a.git', 'https://example.org/a.git', 'https://example.org/a.git'],
    ['lab:deep/a.git', 'https://deep.example.org/a.git', 'ssh://git@example.org/a.git'],
    ['https://example.org/a.git', 'https://example.org/a.git', 'ssh://git@example.org/a.git'],
    ['other:a.git', 'other:a.git', 'other:a.git'],
  ])('%s is fetched from %s and pushed to %s, as git does it', (address, fetched, pushed) => {
    expect([rewriteAddress(address, settings), rewriteAddress(address, settings, { push: true })]).toEqual([
      fetched,
      pushed,
    ]);
    const asked = settings.flatMap(({ name, value }) => ['-c', `${name}=${value}`]);
    runGit(room, 'config', 'remote.x.url', address);
    expect(runGit(room, ...asked, 'remote', 'get-url', 'x')).toBe(fetched);
    expect(runGit(room, ...asked, 'remote', 'get-url', '--push', 'x')).toBe(pushed);
  });
});
