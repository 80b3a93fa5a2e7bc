/** Requests over HTTP: who we are is said only when asked, and then in every request; redirects lead nowhere worse. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { ConnectionOptions } from '../../src/transport/connection.js';
import { createHttpClient, follow } from '../../src/transport/http.js';

let server: Server;
let base: URL;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const seen: { line: string; authorization: string | undefined; body: string }[] = [];

beforeEach(async () => {
  seen.length = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { authorization } = request.headers;
      seen.push({ line: `${request.method} ${request.url}`, authorization, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const judged: boolean[] = [];
const options = (password: string | undefined): ConnectionOptions => ({
  git: { run: () => Promise.reject(new Error('not asked')) },
  credentials: {
    find: () => Promise.resolve(password === undefined ? undefined : { username: 'ada', password }),
    judge: (_, accepted) => {
      judged.push(accepted);
      return Promise.resolve();
    },
  },
  timeoutMs: 120_000,
  version: '1.2.3',
});
const request = (path: string) => ({ url: new URL(path, base), accept: '*/*', byteLimit: 1000 });
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const text = async (body: AsyncIterable<Uint8Array>) =>
  Buffer.concat((await Readable.from(body).toArray()) as Uint8Array[]).toString();
const guarded =
  (wanted: string) =>
  ({ headers }: IncomingMessage, response: ServerResponse): void =>
    void (headers.authorization === basic(wanted) ? response.end('welcome') : response.writeHead(401).end());

describe('who we are', () => {
  test('is not said where nobody asks', async () => {
    answer = (_, response) => response.end('hello');
    const { body } = await createHttpClient(base, options('secret')).send(request('/a'));
    expect(await text(body)).toBe('hello');
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('is said when asked, with the same body, and from then on at once', async () => {
    answer = guarded('ada:secret');
    judged.length = 0;
    const client = createHttpClient(base, options('secret'));
    const body = { type: 'text/plain', length: 5, open: () => Readable.from(['hello']) };
    await client.send({ ...request('/a'), body });
    await client.send(request('/b'));
    expect(seen).toEqual([
      { line: 'POST /a', authorization: undefined, body: 'hello' },
      { line: 'POST /a', authorization: basic('ada:secret'), body: 'hello' },
      { line: 'GET /b', authorization: basic('ada:secret'), body: '' },
    ]);
    expect(judged).toEqual([true, true]);
  });

  test('is said once more by nobody when it was wrong', async () => {
    answer = guarded('ada:another');
    judged.length = 0;
    await expect(createHttpClient(base, options('secret')).send(request('/a'))).toFailWithCode('REMOTE_DENIED');
    expect([seen.length, judged]).toEqual([2, [false]]);
  });

  test('comes from the address before all else, and never goes into the request line', async () => {
    answer = guarded('bob:p@ss');
    const url = new URL(base);
    [url.username, url.password] = ['bob', 'p@ss'];
    await createHttpClient(url, options('secret')).send({ url, accept: '*/*', byteLimit: 10 });
    expect(seen.map(({ line }) => line)).toEqual(['GET /', 'GET /']);
  });
});

describe('an answer', () => {
  test('may have as many bytes as were asked for, and no more', async () => {
    answer = (_, response) => response.end('x'.repeat(1000));
    const client = createHttpClient(base, options(undefined));
    expect(await text((await client.send(request('/a'))).body)).toHaveLength(1000);
    answer = (_, response) => response.end('x'.repeat(1001));
    const { body } = await client.send(request('/a'));
    await expect(text(body)).toFailWithCode('REMOTE_FAILED');
  });

  test('that nobody wants any more is given up', async () => {
    answer = (_, response) => void response.write('x');
    const controller = new AbortController();
    const client = createHttpClient(base, { ...options(undefined), signal: controller.signal });
    const { body } = await client.send(request('/a'));
    controller.abort();
    await expect(text(body)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a redirect', () => {
  const from = new URL('https://ada:secret@example.org/a.git/info/refs');

  test.each([
    ['https://example.org/b', 'https://ada:secret@example.org/b'],
    ['/b', 'https://ada:secret@example.org/b'],
    ['https://example.org:8443/b', 'https://example.org:8443/b'],
    ['https://evil.example.org/b', 'https://evil.example.org/b'],
    ['https://eve:hers@evil.example.org/b', 'https://eve:hers@evil.example.org/b'],
  ])('to %s leads to %s', (location, to) => {
    expect(follow(from, location).href).toBe(to);
  });

  test.each(['http://example.org/b', 'file:///etc/passwd', 'ftp://example.org/', 'javascript:x', 'https://'])(
    'to %s is not followed, and told without secrets',
    async (location) => {
      await expect(() => follow(from, location)).toFailWithCode('REMOTE_FAILED');
      expect(() => follow(from, location)).toThrow(/^(?!.*secret).*not followed/);
    },
  );
});
