/** From one person's repository to another's: publish, serve, search, add, check out; and what the server answers to others. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { cataloguePage, pageStyles, patchPage } from '../../src/render/registry-page.js';
import { publish } from '../../src/workflows/publish.js';
import { delegateNamespace, initRegistry } from '../../src/workflows/registry.js';
import { serveRegistry, type Serving } from '../../src/workflows/serve-registry.js';
import { fixtureModel } from '../paths.js';
import { type Cli, createCli } from './cli.js';
import { answerOf, fingerprint, makeSampleRepository, outputOf, recorderAt } from './repository.js';

const ada = createCli();
const directory = join(ada.directory, 'registry');
const author = { ...recorderAt(ada), time: new Date(), days: 3650 };
const pages = { catalogue: cataloguePage, patch: patchPage, styles: pageStyles };
const hostile = '<script>alert(1)</script> "&\' \u202e\nsecond line';
let serving: Serving;

beforeAll(async () => {
  await makeSampleRepository(ada);
  await initRegistry({ directory, rootKeys: [], threshold: 1, onlineKeys: [] }, author);
  await delegateNamespace(directory, { namespace: 'mathlab', keys: ['personal'], threshold: 1 }, author);
  await publish(
    ada.directory,
    { patch: 'math', as: 'mathlab/hostile@0.1.0', registry: directory, description: hostile },
    author,
  );
  serving = await serveRegistry({ directory, host: '127.0.0.1', port: 0, pages });
});

afterAll(() => serving.close());

/** Starts `bankai registry serve`. → its address and root, and what ends it as Ctrl-C does */
async function startServer(): Promise<{ url: string; root: string; stop: () => Promise<void> }> {
  let stop = (): void => undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const [url, root] = await new Promise<string[]>((resolve, reject) => {
    ended = ada
      .run(['registry', 'serve', 'registry', '--port', '0'], {
        onStdout(soFar, kill) {
          stop = () => kill('SIGINT');
          const [, address, digest] = /(http:\S+)[^]*\b([0-9a-f]{64})\n/.exec(soFar) ?? [];
          if (digest !== undefined) resolve([address, digest]);
        },
      })
      .then((finished) => expect(outputOf(finished)).toContain('Serving'));
    ended.catch(reject);
  });
  return {
    url,
    root,
    async stop() {
      stop();
      await ended;
    },
  };
}

test('a second person who trusts only the root key has the patch', async () => {
  const bob = createCli();
  const run = async (cli: Cli, ...args: string[]): Promise<string> => outputOf(await cli.run(args));
  await run(ada, 'registry', 'publish', 'calc', 'mathlab/calc@1.0.0', '--registry', 'registry');
  const server = await startServer();
  await run(bob, 'init', '--model', fixtureModel);
  await run(bob, 'registry', 'add', server.url, '--root', server.root);
  expect(await run(bob, 'search', 'calc')).toMatch(/^patch[^]*mathlab\/calc@1\.0\.0/);
  await run(bob, 'add', 'mathlab/calc@^1', '-b', 'calc');
  await run(bob, 'checkout', 'base');
  expect(await run(bob, 'checkout', 'calc')).toContain('calc');
  await server.stop();
  expect(await answerOf(bob, ['verify'])).toMatchObject({ ok: true });
  const shown = await answerOf<{ id: string }[]>(ada, ['show', 'calc']);
  expect(await answerOf(bob, ['show', 'calc'])).toMatchObject([{ id: shown[0].id, flips: 3 }]);
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks for a path exactly as it is written: fetch would tidy it up. */
function ask(path: string, { method = 'GET', ...headers }: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(serving.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    })
      .on('error', reject)
      .end();
  });
}

describe('the server', () => {
  test('serves files with tags, parts and heads, and keeps those for ever that never change', async () => {
    const whole = await ask('/metadata/1.root.json');
    expect([whole.status, whole.body]).toEqual([200, readFileSync(join(directory, 'metadata', '1.root.json'), 'utf8')]);
    expect(whole.headers['cache-control']).toContain('immutable');
    expect((await ask('/metadata/timestamp.json')).headers['cache-control']).toBe('no-cache');
    const tag = String(whole.headers.etag);
    expect((await ask('/metadata/1.root.json', { 'if-none-match': tag })).status).toBe(304);
    const part = await ask('/metadata/1.root.json', { range: 'bytes=10-19' });
    expect([part.status, part.body]).toEqual([206, whole.body.slice(10, 20)]);
    expect((await ask('/metadata/1.root.json', { range: 'bytes=-5' })).body).toBe(whole.body.slice(-5));
    expect((await ask('/metadata/1.root.json', { range: 'bytes=10-', 'if-range': '"other"' })).status).toBe(200);
    expect((await ask('/metadata/1.root.json', { range: 'bytes=999999-' })).status).toBe(416);
    const head = await ask('/metadata/1.root.json', { method: 'HEAD' });
    expect([head.body, head.headers['content-length']]).toEqual(['', String(Buffer.byteLength(whole.body))]);
  });

  test.each([
    '/../../etc/passwd',
    '/metadata/../../etc/passwd',
    '/metadata/%2e%2e/%2e%2e/secret.json',
    '/..%2f..%2fsecret.json',
    '/.bankai/lock/1.json',
    '/metadata/',
    '/metadata/1.root.json%00.html',
    '//metadata/1.root.json',
    '/bundles/aa/link.json',
    '/mathlab/none',
    '/nobody/calc',
    '/mathlab/calc/9.9.9',
    '/mathlab/__proto__',
    '*',
  ])('has nothing at %s', async (path) => {
    writeFileSync(join(ada.directory, 'secret.json'), 'secret');
    const { status, body } = await ask(path);
    expect([404, 400]).toContain(status);
    expect(body).not.toContain('secret');
  });

  test('follows no link out of its directory', async () => {
    writeFileSync(join(ada.directory, 'secret.json'), 'secret');
    symlinkSync(join(ada.directory, 'secret.json'), join(directory, 'metadata', '99.secret.json'));
    expect((await ask('/metadata/99.secret.json')).status).toBe(404);
  });

  test('can only be read', async () => {
    const before = fingerprint(directory);
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect((await ask('/metadata/timestamp.json', { method })).status).toBe(405);
    }
    expect(fingerprint(directory)).toEqual(before);
  });
});

describe('the pages', () => {
  test('are documents without scripts, whose styles are the only ones allowed', async () => {
    for (const path of ['/', '/mathlab/hostile', '/mathlab/hostile/0.1.0']) {
      const { status, headers, body } = await ask(path);
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toMatch(/^<!doctype html>\s*<html lang="en">/);
      expect(body).not.toMatch(/<script|javascript:|\son[a-z]+=|\sstyle=/i);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      for (const [, style] of body.matchAll(/<style[^>]*>([^]*?)<\/style>/g)) {
        expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
      }
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test('escape what publishers and visitors write', async () => {
    const { body } = await ask(`/?q=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`);
    expect(body).not.toContain('<img');
    expect(body).toContain('value="&quot;&gt;&lt;img src=x onerror=alert(1)&gt;"');
    expect((await ask('/')).body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect((await ask('/mathlab/hostile')).body).toContain('&lt;script&gt;');
  });

  test('find by words, base, category and gain', async () => {
    const found = async (query: string) => /<p role="status">\s*(\d+) patch/.exec((await ask(`/?${query}`)).body)?.[1];
    expect(await found('q=hostile')).toBe('1');
    expect(await found('q=HOSTILE+script')).toBe('1');
    expect(await found('q=no+such+thing')).toBe('0');
    expect(await found('base=ffff')).toBe('0');
    expect(await found('gain=1')).toBe('0');
    expect(await found('category=none')).toBe('0');
    expect(await found('q=hostile&evidence=any&page=99')).toBe('1');
    expect(await found('evidence=measured')).toBe('0');
    expect(await found('evidence=better')).toBe('0');
  });

  test('draw where the flips are and say who signed', async () => {
    expect((await ask('/?q=hostile')).body).toContain('aria-label="Flips by layer, from the first: 1, 0, 1."');
    expect((await ask('/?q=hostile')).body).toContain('bankai add mathlab/hostile@^0.1');
    const { body } = await ask('/mathlab/hostile');
    expect(body).toMatch(/<svg [^]*Flips by layer[^]*<\/svg>/);
    expect(body).toMatch(/signed by\s*<code>[0-9a-f]{64}<\/code>/);
    expect(body).toContain('bankai add mathlab/hostile@^0.1');
    expect(readdirSync(directory)).toContain('bundles');
  });
});
