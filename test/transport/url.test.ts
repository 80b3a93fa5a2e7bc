/** Addresses: which way they go, which are refused, and that no secret of one is shown. */
import { describe, expect, test } from '@jest/globals';
import { directoryNameOf, parseAddress, withoutSecrets } from '../../src/transport/url.js';

const parse = (text: string) => parseAddress(text, '/here');

test.each([
  ['https://example.org/a.git', 'http'],
  ['HTTP://example.org:8080/a', 'http'],
  ['ssh://git@example.org/a.git', 'git'],
  ['git@example.org:a/b.git', 'git'],
  ['example.org:a', 'git'],
])('%s goes by %s', (text, way) => {
  expect(parse(text).way).toBe(way);
});

test.each([
  ['/a/b', '/a/b'],
  ['../b', '/b'],
  ['file:///a/b%20c', '/a/b c'],
  ['a:b/../c'.replace('a:', './'), '/here/c'],
])('%s is the path %s', (text, path) => {
  expect(parse(text)).toEqual({ way: 'git', address: path, path });
});

test.each([
  '',
  '-oProxyCommand=x',
  '--upload-pack=x',
  'ext::sh -c x',
  '::x',
  'ssh://-oProxyCommand=x/a',
  'ssh://me@-oProxyCommand=x/a',
  '-host:path',
  'me@-oProxyCommand=x:a',
  'git://example.org/a',
  'ftp://example.org/a',
  'file://elsewhere/a',
  'https://',
  'a\nb',
])('%j is refused', async (text) => {
  await expect(() => parse(text)).toFailWithCode('URL_INVALID');
});

describe('secrets', () => {
  test.each([
    ['https://ada:secret@example.org/a', 'https://***@example.org/a'],
    ['https://token@example.org/a', 'https://***@example.org/a'],
    ['https://a:b@c@example.org/', 'https://***@example.org/'],
    ['ssh://git@example.org/a', 'ssh://git@example.org/a'],
    ['ssh://git:secret@example.org/a', 'ssh://***@example.org/a'],
    ['https://example.org/a@b', 'https://example.org/a@b'],
    ['git@example.org:a', 'git@example.org:a'],
  ])('%s is shown as %s', (address, shown) => {
    expect(withoutSecrets(address)).toBe(shown);
  });

  test('do not come out with the error about their address', () => {
    expect(() => parse('ftp://ada:secret@example.org/a')).toThrow(/^(?!.*secret)/);
  });
});

test.each([
  ['https://example.org/ada/patches.git', 'patches'],
  ['https://example.org/ada/patches.git/?x#y', 'patches'],
  ['host:patches', 'patches'],
  ['/a/b/.git', 'b'],
  ['../b/', 'b'],
])('%s is cloned into %s', (address, name) => {
  expect(directoryNameOf(address)).toBe(name);
});
