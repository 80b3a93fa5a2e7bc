/** Indexes are verified once: as long as, and only as long as, everything that they were verified against is the same. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { delegate, refresh } from '../../src/registry/author.js';
import type { KnownRegistry } from '../../src/registry/known-registries.js';
import { openRegistryDirectory } from '../../src/registry/registry-directory.js';
import { openCatalogue } from '../../src/registry/trusted-metadata.js';
import { type HostileServer, serveHostile } from './hostile-server.js';
import * as sample from './sample-registry.js';

const { author, bundleOf, keys, publish, ringOf } = sample;

let directory: string;
let server: HostileServer;
let registry: KnownRegistry;

beforeEach(async () => {
  directory = await sample.copyOfRegistry();
  await publish(directory, bundleOf('other/own', '1.0.0', 3));
  server = await serveHostile(directory);
  registry = sample.trustedRegistry(server.url, directory);
});

afterEach(() => void jest.useRealTimers());

/** What a search sees. → by `NAMESPACE/NAME`, its versions; or the code of what is wrong with a namespace */
async function search(): Promise<Record<string, string>> {
  server.asked.length = 0;
  const indexes = await (await openCatalogue(registry)).indexes();
  return Object.fromEntries(
    indexes.flatMap((index): [string, string][] =>
      'error' in index
        ? [[index.namespace, index.error.code]]
        : [...index.packages].map(([name, versions]) => [`${index.namespace}/${name}`, [...versions.keys()].join()]),
    ),
  );
}

const place = (): string => join(registry.directory, 'indexes');
const both = { 'mathlab/calc': '1.0.0', 'other/own': '1.0.0' };
const nothingNew = ['metadata/2.root.json', 'metadata/timestamp.json'];

test('a search that has seen everything asks for nothing but what may be new', async () => {
  expect(await search()).toEqual(both);
  expect(server.asked.filter((path) => path.endsWith('.index.json'))).toHaveLength(2);
  expect(await search()).toEqual(both);
  expect(server.asked).toEqual(nothingNew);
});

test('what one namespace publishes is verified, and nothing else', async () => {
  await search();
  await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2));
  expect(await search()).toEqual({ ...both, 'mathlab/calc': '1.0.0,1.1.0' });
  expect(server.asked).toHaveLength(5);
  expect(await search()).toEqual({ ...both, 'mathlab/calc': '1.0.0,1.1.0' });
  expect(server.asked).toEqual(nothingNew);
});

test('new owners are asked for their own signature, though nothing else has changed', async () => {
  await search();
  const keeper = { ...author, ring: ringOf(keys.root, keys.online) };
  await delegate(await openRegistryDirectory(directory), 'mathlab', sample.alone(sample.keyOf('fresh')), keeper);
  expect(await search()).toEqual({ ...both, 'mathlab/calc': undefined, mathlab: 'REGISTRY_SIGNATURE' });
});

test('a signature that has expired since is not believed any more', async () => {
  await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2), { ...author, days: 10 });
  const keeper = { ...author, ring: ringOf(keys.online) };
  await refresh(await openRegistryDirectory(directory), keeper);
  expect(await search()).toEqual({ ...both, 'mathlab/calc': '1.0.0,1.1.0' });
  jest.useFakeTimers({ now: Date.now() + 20 * 86_400_000, doNotFake: timersOfNode });
  expect(await search()).toEqual({ 'other/own': '1.0.0', mathlab: 'REGISTRY_EXPIRED' });
});

describe('what is kept', () => {
  const isMendedAfter = async (damage: (path: string) => void): Promise<void> => {
    await search();
    const before = readFileSync(place());
    damage(place());
    expect(await search()).toEqual(both);
    expect(server.asked.some((path) => path.endsWith('.index.json'))).toBe(true);
    expect(readFileSync(place()).equals(before)).toBe(true);
  };

  test('is fetched anew where a byte of it is another', () =>
    isMendedAfter((path) =>
      writeFileSync(path, readFileSync(path, 'latin1').replace('"flips":1', '"flips":9'), 'latin1'),
    ));

  test('is fetched anew where it ends too early', () =>
    isMendedAfter((path) => truncateSync(path, readFileSync(path).length - 1)));

  test('is fetched anew where its beginning is nonsense', () =>
    isMendedAfter((path) => writeFileSync(path, 'nonsense\n')));

  test('of one namespace is not taken for that of another', () =>
    isMendedAfter((path) => {
      const [head, ...rest] = readFileSync(path, 'utf8').split('\n');
      const { format, indexes } = JSON.parse(head) as { format: string; indexes: { namespace: string }[] };
      const [a, b] = indexes;
      [a.namespace, b.namespace] = [b.namespace, a.namespace];
      const parts = [Buffer.from(JSON.stringify({ format, indexes })), ...rest.map((line) => Buffer.from(line))];
      writeFileSync(path, parts.join('\n'));
    }));
});

/** All but `Date`. */
const timersOfNode = [
  ...['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'requestAnimationFrame', 'cancelAnimationFrame'],
  ...['requestIdleCallback', 'cancelIdleCallback', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'],
  ...['setTimeout', 'clearTimeout'],
] as const as Parameters<typeof jest.useFakeTimers>[0] extends { doNotFake?: infer T } | undefined ? T : never;
