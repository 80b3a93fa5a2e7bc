/** Bundles on their way: broken off, continued, served by hosts that do no parts, lead elsewhere or lie, and used offline. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256Hex } from '../../src/patch/ids.js';
import { type BundleId, keepBundle, obtainBundle, readCachedBundle } from '../../src/registry/bundle-cache.js';
import { fetchBytes, type Network } from '../../src/registry/download.js';
import { bundlePath } from '../../src/registry/layout.js';
import { temporaryDirectory } from '../paths.js';
import { endless, hangingUpAfter, type HostileServer, type Lie, serveHostile } from './hostile-server.js';

const network: Network = { patience: { idleMs: 5000, graceMs: 5000, bytesPerSecond: 1 } };
const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => 32 + (i % 90)));
const bundle: BundleId = { sha256: sha256Hex(bytes), bytes: bytes.length };
const path = bundlePath(bundle.sha256);

let server: HostileServer;
let cache: string;
/** The `Range` of every request for the bundle; '' for none. */
let ranges: string[];

beforeEach(async () => {
  const directory = temporaryDirectory();
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), bytes);
  server = await serveHostile(directory);
  cache = temporaryDirectory();
  ranges = [];
});

const obtain = async () => {
  const found = await obtainBundle(cache, server.url, bundle, network);
  await keepBundle(cache, found);
  return found;
};
const partial = (): string => join(cache, 'partial', bundle.sha256);

/** What had come when the download before this one broke off. */
function begun(content: Uint8Array): void {
  mkdirSync(dirname(partial()), { recursive: true });
  writeFileSync(partial(), content);
}

const lie = (answer: Lie): void =>
  void server.lies.set(path, (request, response, file) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response, file);
  });

const parts: Lie = (request, response, file = Buffer.alloc(0)) => {
  const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` });
  response.end(file.subarray(from));
};

/** Has the whole, and nothing else but the whole. */
function expectWhole(): void {
  expect(readFileSync(join(cache, path)).equals(bytes)).toBe(true);
  expect(readdirSync(join(cache, 'partial'))).toEqual([]);
}

test('a download that broke off is kept, and goes on where it was', async () => {
  lie(hangingUpAfter(1234, () => existsSync(partial()) && statSync(partial()).size === 1234));
  await expect(obtain()).toFailWithCode('REGISTRY_UNREACHABLE');
  expect(readFileSync(partial()).equals(bytes.subarray(0, 1234))).toBe(true);
  expect(await readCachedBundle(cache, bundle)).toBeUndefined();
  lie(parts);
  expect(bytes.equals(await obtain())).toBe(true);
  expect(ranges).toEqual(['', 'bytes=1234-']);
  expectWhole();
});

test('a server that does no parts sends the whole again', async () => {
  begun(bytes.subarray(0, 1234));
  lie((_, response, file) => response.end(file));
  await obtain();
  expect(ranges).toEqual(['bytes=1234-']);
  expectWhole();
});

test('a server that sends another part than was asked for is not believed', async () => {
  begun(bytes.subarray(0, 1234));
  lie((_, response, file) => response.writeHead(206, { 'content-range': 'bytes 0-4999/5000' }).end(file));
  await expect(obtain()).toFailWithCode('REGISTRY_UNREACHABLE');
  expect(readFileSync(partial())).toHaveLength(1234);
});

test('a beginning that was somebody else’s is thrown away, and everything fetched anew', async () => {
  begun(Buffer.alloc(1234, 0x21));
  lie(parts);
  await obtain();
  expect(ranges).toEqual(['bytes=1234-', '']);
  expectWhole();
});

test('a rest that is somebody else’s is fetched anew once, and refused if it stays so', async () => {
  begun(bytes.subarray(0, 1234));
  lie((request, response, file) => {
    if (request.headers.range === undefined) response.end(file);
    else parts(request, response, Buffer.alloc(file?.length ?? 0, 0x21));
  });
  await obtain();
  expectWhole();
  cache = temporaryDirectory();
  begun(bytes.subarray(0, 1234));
  lie((request, response, file) => parts(request, response, Buffer.alloc(file?.length ?? 0, 0x21)));
  await expect(obtain()).toFailWithCode('REGISTRY_DIGEST');
  expect(readdirSync(cache)).toEqual(['partial']);
  expect(readdirSync(join(cache, 'partial'))).toEqual([]);
});

test.each([
  ['more than there is', Buffer.concat([bytes, Buffer.from('more')])],
  ['all of it, but for the check', Buffer.alloc(bytes.length, 0x21)],
])('what was kept begins anew where it is %s', async (_, content) => {
  begun(content);
  lie(parts);
  await obtain();
  expect(ranges).toEqual(['']);
  expectWhole();
});

test('what goes on for ever is cut, and nothing of it kept', async () => {
  begun(bytes.subarray(0, 1234));
  lie(endless);
  await expect(obtain()).toFailWithCode('REGISTRY_TOO_LONG');
  expect(readdirSync(join(cache, 'partial'))).toEqual([]);
});

describe('what was fetched', () => {
  test('is of use without a server', async () => {
    await obtain();
    await server.close();
    expect(bytes.equals(await obtain())).toBe(true);
  });

  test('is fetched anew where it was damaged since', async () => {
    await obtain();
    writeFileSync(join(cache, path), Buffer.alloc(bytes.length, 0x21));
    expect(bytes.equals(await obtain())).toBe(true);
    expectWhole();
  });

  test('is not to be had without a server where it was damaged since', async () => {
    await obtain();
    writeFileSync(join(cache, path), Buffer.alloc(bytes.length, 0x21));
    await server.close();
    await expect(obtain()).toFailWithCode('REGISTRY_UNREACHABLE');
  });
});

describe('a host that leads elsewhere', () => {
  const leadTo =
    (location: string): Lie =>
    (_, response) =>
      response.writeHead(302, { location }).end();

  test('is followed, with the part that is wanted', async () => {
    begun(bytes.subarray(0, 1234));
    lie(leadTo('/elsewhere'));
    server.lies.set('elsewhere', (request, response) => {
      ranges.push(request.headers.range ?? '');
      parts(request, response, bytes);
    });
    await obtain();
    expect(ranges).toEqual(['bytes=1234-', 'bytes=1234-']);
    expectWhole();
  });

  test('is not followed in circles', async () => {
    lie(leadTo(`/${path}`));
    await expect(obtain()).toFailWithCode('REGISTRY_UNREACHABLE');
    expect(ranges).toHaveLength(6);
  });

  test.each(['file:///etc/hostname', 'ftp://example.org/x', 'not an address://'])(
    'is not followed to %s',
    async (to) => {
      lie(leadTo(to));
      await expect(obtain()).toFailWithCode('REGISTRY_UNREACHABLE');
      expect(ranges).toHaveLength(1);
    },
  );
});

test('a directory can be fetched from as well', async () => {
  const url = new URL(`file://${server.directory}/${path}`).href;
  expect(bytes.equals(await fetchBytes(url, bytes.length))).toBe(true);
  await expect(fetchBytes(url, 10)).toFailWithCode('REGISTRY_TOO_LONG');
  await expect(fetchBytes(`${url}x`, 10)).toFailWithCode('REGISTRY_UNREACHABLE');
});

test('a person who stops waits no longer', async () => {
  const controller = new AbortController();
  lie(() => controller.abort());
  await expect(obtainBundle(cache, server.url, bundle, { signal: controller.signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
});
