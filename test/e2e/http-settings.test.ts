/** Over TLS, through proxies, with headers and other addresses of git's configuration: with the built program, and hosts of the test. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { runGit } from '../repo/sandbox.js';
import { alone, authority, elsewhere, expired, host as certificate, hostKey } from '../transport/certificates.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { startProxy, type TestProxy } from '../transport/proxy-server.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { createCli, type Finished } from './cli.js';
import { makeSampleRepository, outputOf } from './repository.js';

const cli = createCli();
const repositories = temporaryDirectory();
const settings = cli.env.GIT_CONFIG_GLOBAL;
const ca = join(repositories, 'ca.pem');
const secure: Partial<Record<string, GitHost>> = {};
let plain: GitHost;
let proxy: TestProxy;

beforeAll(async () => {
  writeFileSync(ca, authority);
  plain = await startGitHost(repositories);
  const bare = plain.create('patches.git');
  await makeSampleRepository(cli);
  runGit(cli.directory, 'push', '--quiet', bare, 'calc:main');
  for (const [name, cert] of Object.entries({ certificate, alone, elsewhere, expired })) {
    secure[name] = await startGitHost(repositories, { cert, key: hostKey });
  }
  proxy = await startProxy({ 'example.org': plain.port, 'secure.example.org': plain.port });
});
afterAll(async () => {
  for (const server of [plain, proxy, ...Object.values(secure)]) await server?.close();
});
beforeEach(() => {
  rmSync(settings, { force: true });
  rmSync(join(cli.directory, 'new'), { recursive: true, force: true });
  proxy.asked.length = 0;
  delete proxy.person;
});

const configure = (name: string, value: string) =>
  runGit(repositories, 'config', '--file', settings, '--add', name, value);
const clone = (url: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  cli.run(['clone', url, 'new'], { env });
const refusedWith = async (run: Promise<Finished>, message: RegExp, exitCode = 128): Promise<void> => {
  const { code, stdout, stderr } = await run;
  expect([code, stdout]).toEqual([exitCode, '']);
  expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  expect(stderr).toMatch(message);
  expect(readdirSync(cli.directory)).not.toContain('new');
};
const arrives = async (run: Promise<Finished>): Promise<void> => {
  expect(outputOf(await run)).toContain('Cloned into ');
  expect(runGit(join(cli.directory, 'new'), 'fsck', '--strict')).toBe('');
};

describe('over TLS', () => {
  const address = (name: string): string => secure[name]?.url('patches.git') ?? '';

  test.each([
    ['certificate', /does not prove who it is: its certificate comes from an authority that is not trusted here/],
    ['alone', /does not prove who it is: its certificate is signed by nobody but itself/],
  ])('a host that nobody here vouches for is refused (%s)', async (name, message) => {
    await refusedWith(clone(address(name)), message);
  });

  test.each([
    ['elsewhere', /its certificate is for another host/],
    ['expired', /its certificate has expired/],
  ])('a host whose certificate is %s is refused though its authority is trusted', async (name, message) => {
    configure('http.sslCAInfo', ca);
    await refusedWith(clone(address(name)), message);
  });

  test('an authority is trusted that http.sslCAInfo or GIT_SSL_CAINFO names', async () => {
    configure(`http.https://127.0.0.1:${secure.certificate?.port}/.sslCAInfo`, ca);
    await arrives(clone(address('certificate')));
    rmSync(settings);
    rmSync(join(cli.directory, 'new'), { recursive: true });
    await arrives(clone(address('certificate'), { GIT_SSL_CAINFO: ca }));
  });

  test('anybody is believed where http.sslVerify or GIT_SSL_NO_VERIFY says so, and for that host alone', async () => {
    configure(`http.https://127.0.0.1:${secure.alone?.port}/.sslVerify`, 'false');
    await refusedWith(clone(address('expired')), /does not prove who it is/);
    await arrives(clone(address('alone')));
    rmSync(join(cli.directory, 'new'), { recursive: true });
    await arrives(clone(address('expired'), { GIT_SSL_NO_VERIFY: '1' }));
  });

  test('a host that does not speak it is told so', async () => {
    await refusedWith(
      clone(plain.url('patches.git').replace('http:', 'https:')),
      /Cannot reach [^ ]+: it does not speak TLS there/,
    );
  });
});

describe('through a proxy', () => {
  const there = 'http://example.org/patches.git';
  const securely = 'https://secure.example.org/patches.git';

  test('plain requests go as curl sends them, and who we are to it is told to it alone', async () => {
    proxy.person = 'ada:p@ss';
    plain.behaviour.token = 'ghp_secret';
    configure('credential.helper', `!f() { echo username=x; echo password=ghp_secret; }; f`);
    const env = { http_proxy: proxy.url.replace('://', '://ada:p%40ss@') };
    await arrives(clone(there, env));
    expect(proxy.asked[0]).toBe('GET http://example.org/patches.git/info/refs');
    expect(proxy.asked.at(-1)).toBe('POST http://example.org/patches.git/git-upload-pack');
    delete plain.behaviour.token;
    rmSync(join(cli.directory, 'new'), { recursive: true });
    await refusedWith(
      clone(there, { http_proxy: proxy.url }),
      /The proxy 127\.0\.0\.1:\d+ wants to know who you are \(407\)/,
    );
  });

  test('TLS goes through a tunnel, end to end', async () => {
    const tunnelled = await startProxy({
      'secure.example.org': secure.certificate?.port ?? 0,
      'example.org': secure.certificate?.port ?? 0,
    });
    const env = { HTTPS_PROXY: tunnelled.url, GIT_SSL_CAINFO: ca };
    // The certificate is for example.org.
    await refusedWith(clone(securely, env), /its certificate is for another host/);
    await arrives(clone('https://example.org/patches.git', env));
    expect(new Set(tunnelled.asked)).toEqual(new Set(['CONNECT secure.example.org:443', 'CONNECT example.org:443']));
    rmSync(join(cli.directory, 'new'), { recursive: true });
    tunnelled.person = 'ada:secret';
    await refusedWith(clone('https://example.org/patches.git', env), /wants to know who you are \(407\)/);
    await refusedWith(
      clone('https://nobody.example.org/a.git', { ...env, HTTPS_PROXY: proxy.url }),
      /The proxy 127\.0\.0\.1:\d+ answered with status 502/,
    );
    await tunnelled.close();
  });

  test('http.proxy comes before the environment; a dead one, and one of another kind, are named', async () => {
    configure('http.proxy', proxy.url);
    await arrives(clone(there, { http_proxy: 'http://127.0.0.1:9' }));
    rmSync(join(cli.directory, 'new'), { recursive: true });
    rmSync(settings);
    const dead: Server = createServer().listen(0, '127.0.0.1');
    await once(dead, 'listening');
    const port = (dead.address() as { port: number }).port;
    dead.close();
    await refusedWith(
      clone(securely, { https_proxy: `127.0.0.1:${port}` }),
      /Cannot reach secure\.example\.org through the proxy 127\.0\.0\.1:\d+: nothing listens there/,
    );
    await refusedWith(
      clone(securely, { ALL_PROXY: 'socks5://127.0.0.1:1080' }),
      /as a proxy: it is no HTTP proxy/,
      129,
    );
  });
});

test('a remote may have a proxy of its own', async () => {
  configure('http.proxy', 'http://127.0.0.1:9');
  configure('remote.origin.proxy', proxy.url);
  await arrives(clone('http://example.org/patches.git'));
});

test('headers go to the host that was asked for, and not where it leads', async () => {
  const other = await startGitHost(repositories);
  const seen: (string | undefined)[][] = [[], []];
  const noting = (at: number, host: GitHost, answer?: (path: string) => string) => {
    host.behaviour.intercept = ({ headers, url = '' }, response) => {
      seen[at].push(headers['x-team'] as string, headers.authorization);
      if (answer) response.writeHead(302, { location: answer(url) }).end();
      return answer !== undefined;
    };
  };
  noting(0, plain, (path) => other.url(path.slice(1)));
  noting(1, other);
  configure('http.extraHeader', 'X-Team: lab');
  configure(`http.${plain.url('')}.extraHeader`, 'Authorization: Bearer secret');
  await arrives(clone(plain.url('patches.git')));
  expect(seen[0]).toEqual(['lab', 'Bearer secret']);
  expect(seen[1].filter(Boolean)).toEqual([]);
  delete plain.behaviour.intercept;
  await other.close();
});

test('other addresses stand for one, to clone, to list and to push', async () => {
  configure(`url.${plain.url('')}.insteadOf`, 'lab://');
  configure('url./nowhere/.pushInsteadOf', 'lab://');
  outputOf(await cli.run(['clone', 'lab://patches.git', 'new', '--model', fixtureModel]));
  const at = { cwd: join(cli.directory, 'new') };
  expect(runGit(at.cwd, 'config', 'remote.origin.url')).toBe('lab://patches.git');
  expect(outputOf(await cli.run(['remote', '-v'], at)).replace(/ +/g, ' ')).toBe(
    `origin ${plain.url('patches.git')} (fetch)\norigin /nowhere/patches.git (push)\n`,
  );
  outputOf(await cli.run(['fetch'], at));
  expect((await cli.run(['push', 'origin', 'main:copy'], at)).stderr).toMatch(
    /There is no git repository at \/nowhere\/patches\.git/,
  );
  outputOf(await cli.run(['remote', 'add', 'again', 'lab://patches.git'], at));
});

test('an answer that comes too slowly is given up where the configuration says so', async () => {
  plain.behaviour.intercept = (request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
    const drip = setInterval(() => response.write('0'), 100);
    request.on('close', () => clearInterval(drip));
    response.write('001e# service=git-upload-pack\n00000');
    return true;
  };
  const env = { GIT_HTTP_LOW_SPEED_LIMIT: '1000', GIT_HTTP_LOW_SPEED_TIME: '1' };
  await refusedWith(clone(plain.url('patches.git'), env), /has sent less than 1000 bytes a second for 1 seconds/);
  delete plain.behaviour.intercept;
});
