/** Registries over TLS, through proxies and with headers of git's configuration: the same settings as for remotes, one by one. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { sha256Hex } from '../../src/patch/ids.js';
import { metadataPath } from '../../src/registry/layout.js';
import { answerFile } from '../../src/registry/static-files.js';
import { temporaryDirectory } from '../paths.js';
import { copyOfRegistry } from '../registry/sample-registry.js';
import { runGit } from '../repo/sandbox.js';
import { authority, expired, host as certificate, hostKey } from '../transport/certificates.js';
import { startProxy, type TestProxy } from '../transport/proxy-server.js';
import { createCli, type Finished } from './cli.js';
import { outputOf } from './repository.js';

const cli = createCli();
const room = temporaryDirectory();
const ca = join(room, 'ca.pem');
const settings = cli.env.GIT_CONFIG_GLOBAL;
const servers: Server[] = [];
const seen: (string | undefined)[] = [];
let [root, plain, secure, stale] = ['', 0, 0, 0];
let proxy: TestProxy;

beforeAll(async () => {
  writeFileSync(ca, authority);
  const directory = await copyOfRegistry();
  root = sha256Hex(readFileSync(join(directory, metadataPath('root', 1))));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push(request.headers['x-team'] as string | undefined);
    const isServed = await answerFile(directory, (request.url ?? '').slice(1), request, response);
    if (!isServed) response.writeHead(404).end();
  };
  const handler = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const started = async (server: Server): Promise<number> => {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  plain = await started(createServer(handler));
  secure = await started(createSecureServer({ cert: certificate, key: hostKey }, handler));
  stale = await started(createSecureServer({ cert: expired, key: hostKey }, handler));
  proxy = await startProxy({ 'example.org': plain });
});
afterAll(async () => {
  await proxy.close();
  for (const server of servers) server.close();
});
beforeEach(() => {
  rmSync(settings, { force: true });
  rmSync(join(cli.env.XDG_CONFIG_HOME, 'bankai', 'registries'), { recursive: true, force: true });
  proxy.asked.length = 0;
  seen.length = 0;
  delete proxy.person;
});

const configure = (name: string, value: string) => runGit(room, 'config', '--file', settings, '--add', name, value);
const add = (url: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  cli.run(['registry', 'add', url, '--root', root, '--as', 'lab'], { env });
const refusedWith = async (run: Promise<Finished>, message: RegExp, exitCode = 128): Promise<void> => {
  const { code, stdout, stderr } = await run;
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  expect(stderr).toMatch(message);
};
const forget = () => rmSync(join(cli.env.XDG_CONFIG_HOME, 'bankai', 'registries'), { recursive: true });

test('a host that proves who it is to an authority of ours is believed, and no other', async () => {
  const url = `https://127.0.0.1:${secure}`;
  await refusedWith(add(url), /does not prove who it is: its certificate comes from an authority that is not trusted/);
  outputOf(await add(url, { GIT_SSL_CAINFO: ca }));
  forget();
  configure(`http.${url}.sslCAInfo`, ca);
  outputOf(await add(url));
  // What was trusted once is searched the same way.
  expect(outputOf(await cli.run(['search']))).toContain('mathlab/');
  await refusedWith(
    cli.run(['registry', 'add', `https://127.0.0.1:${stale}`, '--root', root, '--as', 'old'], {
      env: { GIT_SSL_CAINFO: ca },
    }),
    /its certificate has expired/,
  );
});

test('a repository has settings of its own for the registries that it is used with', async () => {
  const work = join(room, 'work');
  runGit(room, 'init', '--quiet', work);
  runGit(work, 'config', 'http.sslCAInfo', ca);
  const args = ['registry', 'add', `https://127.0.0.1:${secure}`, '--root', root, '--as', 'lab'];
  outputOf(await cli.run(args, { cwd: work }));
});

test('plain requests are relayed by the proxy that http_proxy or http.proxy names', async () => {
  outputOf(await add('http://example.org', { http_proxy: proxy.url }));
  expect(proxy.asked).toContain('GET http://example.org/metadata/timestamp.json');
  forget();
  configure('http.proxy', proxy.url);
  proxy.person = 'ada:secret';
  await refusedWith(add('http://example.org'), /The proxy 127\.0\.0\.1:\d+ wants to know who you are \(407\)/);
  rmSync(settings);
  configure('http.proxy', proxy.url.replace('://', '://ada:secret@'));
  outputOf(await add('http://example.org'));
});

test('TLS goes through a tunnel, end to end', async () => {
  const tunnelled = await startProxy({ 'example.org': secure });
  const env = { HTTPS_PROXY: tunnelled.url };
  await refusedWith(add('https://example.org', env), /does not prove who it is/);
  outputOf(await add('https://example.org', { ...env, GIT_SSL_CAINFO: ca }));
  expect(new Set(tunnelled.asked)).toEqual(new Set(['CONNECT example.org:443']));
  await tunnelled.close();
});

test('this machine is reached without one, and what is no proxy is named', async () => {
  outputOf(await add(`http://127.0.0.1:${plain}`, { http_proxy: proxy.url }));
  expect(proxy.asked).toEqual([]);
  forget();
  await refusedWith(add('http://example.org', { ALL_PROXY: 'socks5://127.0.0.1:1' }), /it is no HTTP proxy/, 129);
});

test('headers go to the host of the registry, and not where that leads', async () => {
  const away = createServer((request, response) => {
    seen.push(`first ${request.headers['x-team'] as string}`);
    response.writeHead(302, { location: `http://127.0.0.1:${plain}${request.url}` }).end();
  });
  servers.push(away.listen(0, '127.0.0.1'));
  await once(away, 'listening');
  configure('http.extraHeader', 'X-Team: lab');
  outputOf(await add(`http://127.0.0.1:${(away.address() as AddressInfo).port}`));
  expect(new Set(seen)).toEqual(new Set(['first lab', undefined]));
});
