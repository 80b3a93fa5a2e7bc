/**
 * A remote that lies, breaks off or attacks, in the middle of `fetch`, of `pull` where both sides have gone on, and of
 * `clone`: each is refused with an error of its own that says what to do, no ref and no model moves, nothing of it is
 * kept, and the next run works.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { BankaiError, ErrorCode } from '../../src/errors.js';
import { createPatch, encodePatch, patchId } from '../../src/patch/patch.js';
import { renderError } from '../../src/render/error.js';
import { plainView } from '../../src/render/view.js';
import { sha256Hex, type WeightsId } from '../../src/patch/ids.js';
import { patchPath } from '../../src/repo/state.js';
import { clone } from '../../src/workflows/clone.js';
import { fetch } from '../../src/workflows/fetch.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { pull } from '../../src/workflows/pull.js';
import { remoteAccess } from '../../src/workflows/remote-access.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { fingerprint, foreignPatch } from '../e2e/repository.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { type Entry, EvilRepository } from '../transport/hostile-objects.js';
import { failureOf } from '../transport/remote-failure.js';
import {
  answerWith,
  deltaEntry,
  deltaSize,
  idOf,
  line,
  onChannel,
  packIn,
  packOf,
  rawEntry,
  sealed,
  wholeEntry,
} from '../transport/hostile-pack.js';

const room = temporaryDirectory();
const [ada, bob, trial] = ['ada', 'bob', 'trial'].map((name) => join(room, name));
const actor = { identity: { name: 'Bob', email: 'bob@example.org' }, time: new Date(1_700_000_000_000) };
const recorder = { ...actor, keyDirectory: join(room, 'keys'), version: '1.2.3' };
const access = (timeoutMs = 120_000) =>
  remoteAccess({
    environment: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
    token: { value: 'ghp_secret' },
    timeoutMs,
    version: '1.2.3',
    signal: new AbortController().signal,
  });

let host: GitHost;
let evil: EvilRepository;
let honest: string;

const importRows = (name: string, row: number, directory = ada) => {
  const bytes = Buffer.from(foreignPatch(name, [[0, 'up_proj', row]]));
  return importFile(directory, { name: `${name}.json`, bytes, message: name }, recorder);
};

beforeAll(async () => {
  host = await startGitHost(temporaryDirectory());
  const bare = host.create('patches.git');
  evil = new EvilRepository(bare);
  await init({ directory: ada, model: fixtureModel, inPlace: false });
  await importRows('first', 1);
  runGit(ada, 'push', '--quiet', bare, 'main');
  await clone({ url: host.url('patches.git'), from: room, directory: bob, model: fixtureModel }, actor, access());
  await importRows("bob's own", 3, bob);
  await importRows('second', 2);
  runGit(ada, 'push', '--quiet', bare, 'main');
  cpSync(bare, join(host.directory, 'honest.git'), { recursive: true });
  honest = runGit(bare, 'rev-parse', 'main');
});
afterAll(() => host.close());

const beHonest = () => {
  for (const name of Object.keys(host.behaviour)) delete host.behaviour[name as keyof typeof host.behaviour];
};

/** An honest host, and Bob as he was. */
beforeEach(() => {
  beHonest();
  evil.moveTo(honest);
  rmSync(trial, { recursive: true, force: true });
  cpSync(bob, trial, { recursive: true });
  host.requests.length = 0;
});

/** Fetches and pulls, which both must be refused and leave nothing; then pulls from an honest remote. */
async function isRefused(code: ErrorCode, message: RegExp, options = access()): Promise<BankaiError> {
  const before = fingerprint(trial);
  const refused = async (action: Promise<unknown>): Promise<BankaiError> => {
    const error = await failureOf(action);
    expect(error).toBeErrorWithCode(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/\.$/);
    expect(fingerprint(trial)).toEqual(before);
    return error;
  };
  await refused(pull(trial, {}, recorder, options));
  const error = await refused(fetch(trial, {}, actor, options));
  beHonest();
  runGit(trial, 'config', 'remote.origin.url', host.url('honest.git'));
  const pulled = await pull(trial, {}, recorder, access());
  expect(pulled).toMatchObject({ result: 'merged', patches: 3, fetched: { moved: [{ change: 'fast-forward' }] } });
  expect(await verifyStack(trial, 'HEAD')).toMatchObject({ ok: true });
  expect(runGit(trial, 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
  return error;
}

/** Clones, which must be refused and leave nothing. */
async function isNotCloned(code: ErrorCode): Promise<void> {
  const directory = join(room, 'clone');
  const request = { url: host.url('patches.git'), from: room, directory };
  expect(await failureOf(clone(request, actor, access()))).toBeErrorWithCode(code);
  expect(existsSync(directory)).toBe(false);
}

const blob = (bytes: Buffer | string) => ({ type: 'blob', content: Buffer.from(bytes as string) });

describe('a pack', () => {
  const withPack = (change: (pack: Buffer) => Buffer) => {
    host.behaviour.tamper = (answer) => answerWith(change(packIn(answer)));
  };
  const cases: readonly [string, (pack: Buffer) => Buffer, RegExp][] = [
    ['is cut off', (pack) => pack.subarray(0, pack.length >> 1), /its checksum is wrong/],
    ['is cut off and sealed again', (pack) => sealed(pack.subarray(0, pack.length >> 1)), /sent are damaged: /],
    [
      'has a wrong checksum',
      (pack) => Buffer.concat([pack.subarray(0, -1), Buffer.from([~pack[pack.length - 1]])]),
      /its checksum is wrong/,
    ],
    ['is none', () => Buffer.from('<html>hello, please log in</html>'.repeat(4)), /its checksum is wrong/],
    ['is too short', () => Buffer.from('PACK'), /it is no pack/],
    [
      'is of another version',
      (pack) => sealed(Buffer.concat([pack.subarray(0, 7), Buffer.from([4]), pack.subarray(8, -20)])),
      /a pack of version 4/,
    ],
    ['has fewer objects than it says', () => packOf([wholeEntry(blob('x'))], 7), /ends after 1 of 7 objects/],
    [
      'has more objects than it says',
      () => packOf([wholeEntry(blob('x')), wholeEntry(blob('y'))], 1),
      /belong to no object/,
    ],
    [
      'has all but what was asked for',
      () => packOf([wholeEntry(blob('another object'))]),
      /says that refs\/heads\/main is [0-9a-f]{40}, but did not send that/,
    ],
    ['has nothing', () => packOf([]), /but did not send that/],
    [
      'says that an object is a terabyte',
      () => packOf([rawEntry('blob', 2 ** 40, Buffer.from('x'))]),
      /an object of 1099511627776 bytes \(limit/,
    ],
    [
      'has an object that unpacks to more than it says',
      () => packOf([rawEntry('blob', 10, Buffer.alloc(2 ** 20))]),
      /damaged: /,
    ],
    [
      'has a delta that makes ten gigabytes',
      () =>
        packOf([
          wholeEntry(blob('base')),
          deltaEntry(idOf(blob('base')), Buffer.concat([deltaSize(4), deltaSize(10 * 2 ** 30), Buffer.from([0x80])])),
        ]),
      /makes an object of 10737418240 bytes/,
    ],
    [
      'has deltas on what it lacks',
      () => packOf([deltaEntry('ab'.repeat(20), Buffer.from([1, 1, 1, 65]))]),
      /delta on an object that is not in it/,
    ],
    [
      'has deltas that rest on each other',
      () =>
        packOf(
          ['a', 'b'].map((name, i) =>
            deltaEntry(
              idOf(blob(['b', 'a'][i])),
              Buffer.concat([deltaSize(1), deltaSize(1), Buffer.from([1]), Buffer.from(name)]),
            ),
          ),
        ),
      /delta on an object that is not in it/,
    ],
    [
      'has a delta on the future',
      () => packOf([rawEntry('offsetDelta', 4, Buffer.from([1, 1, 1, 65]), Buffer.from([0]))]),
      /a delta on something outside it/,
    ],
    [
      'has an object that git would not have',
      () => packOf([wholeEntry({ type: 'commit', content: Buffer.from('tree nonsense\n') })]),
      /commit [0-9a-f]{10} does not begin with a tree/,
    ],
  ];
  test.each(cases)('that %s', async (_, change, message) => {
    withPack(change);
    await isRefused('PACK_INVALID', message);
  });

  test('that is damaged is not cloned', async () => {
    withPack((pack) => packOf([pack]));
    await isNotCloned('PACK_INVALID');
  });

  test('without an end', async () => {
    host.behaviour.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.write(line('NAK\n'));
      const more = (): void => {
        while (response.write(onChannel(2, Buffer.alloc(60_000)))) if (response.destroyed) return;
      };
      response.on('drain', more);
      more();
      return true;
    };
    await isRefused('REMOTE_FAILED', /sends more than the 1048576 bytes that an answer may have/, {
      ...access(),
      byteLimit: 2 ** 20,
    });
  });
});

describe('a tree', () => {
  const file = (name: string): Entry => ['100644', name, evil.blob('hello')];
  /** A commit whose tree has these entries beside the honest ones, in git's order. */
  const commitWith = (...extra: Entry[]): void => {
    const place = ([mode, name]: Entry): Buffer => Buffer.from(mode === '40000' ? `${name}/` : name);
    const entries = [...evil.entries(), ...extra].sort((a, b) => place(a).compare(place(b)));
    evil.commit(evil.tree(...entries));
  };

  test.each(['.git', '..', '.', 'a/b', '.GIT', 'GIT~1 '])('with a file "%s" is none that git allows', async (name) => {
    commitWith(file(name));
    await isRefused('PACK_INVALID', /tree [0-9a-f]{10} has an entry with the name/);
  });

  test.each(['.git\u200c', '.g\u200dit', '.git::$INDEX_ALLOCATION', 'a\\..\\..\\b', 'C:x', ' ..'])(
    'with a file %j that some file system reads as another',
    async (name) => {
      commitWith(file(name));
      await isRefused('TREE_UNSAFE', /Refused commit [0-9a-f]{10}: its tree has .*which is no name for a file/);
    },
  );

  test('with the same two names', async () => {
    commitWith(file('twice'), file('twice'));
    await isRefused('PACK_INVALID', /two entries "twice"/);
  });

  test('out of order', async () => {
    evil.commit(evil.tree(file('z'), ...evil.entries()));
    await isRefused('PACK_INVALID', /is not in order/);
  });

  test('with a symlink', async () => {
    commitWith(['120000', 'link', evil.blob('/etc/passwd')]);
    await isNotCloned('TREE_UNSAFE');
    await isRefused('TREE_UNSAFE', /"link", which is a symlink/);
  });

  test('with a submodule', async () => {
    commitWith(['160000', 'module', 'ab'.repeat(20)]);
    await isRefused('TREE_UNSAFE', /"module", which is a submodule/);
  });

  test('that is a thousand million files made of ten', async () => {
    let tree = evil.tree(...Array.from({ length: 10 }, (_, i) => file(`f${i}`)));
    for (let level = 0; level < 9; level++) {
      const below = tree;
      tree = evil.tree(...Array.from({ length: 10 }, (_, i): Entry => ['40000', `d${i}`, below]));
    }
    commitWith(['40000', 'bomb', tree]);
    await isRefused('TREE_UNSAFE', /more than 1000000 entries/);
  });

  test('without a bottom', async () => {
    let tree = evil.tree(file('f'));
    for (let level = 0; level < 200; level++) tree = evil.tree(['40000', 'd', tree]);
    commitWith(['40000', 'deep', tree]);
    await isRefused('TREE_UNSAFE', /more than 64 directories deep/);
  });
});

describe('a patch', () => {
  const commitFiles = (files: Record<string, string | Uint8Array | undefined>) => evil.commit(evil.treeWith(files));
  const pathsOf = (pattern: RegExp) =>
    evil
      .git('ls-tree', '-r', '--name-only', 'main')
      .split('\n')
      .filter((path) => pattern.test(path));
  const contentOf = (path: string) => `${evil.git('show', `main:${path}`)}`;

  test('that is not what its name says', async () => {
    const [first, second] = pathsOf(/^patches\//);
    commitFiles({ [second]: contentOf(first) });
    await isNotCloned('PATCH_ID_MISMATCH');
    await isRefused('PATCH_ID_MISMATCH', /Refused commit [0-9a-f]{10}: /);
  });

  test('that is none', async () => {
    commitFiles({ [`patches/ab/${'cd'.repeat(31)}.json`]: '{"format":"evil"}' });
    await isRefused('PATCH_INVALID', /Refused commit/);
  });

  test('under a name that is none', async () => {
    commitFiles({ 'patches/ab/readme.txt': 'x' });
    await isRefused('REPOSITORY_CORRUPT', /has "patches\/ab\/readme.txt", which is no patch/);
  });

  test('for another base', async () => {
    const patch = createPatch('ab'.repeat(32) as WeightsId, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 1 }]);
    commitFiles({ [patchPath(patchId(patch))]: encodePatch(patch) });
    await isRefused('BASE_MISMATCH', /is for base model abababababab/);
  });

  test('in a repository whose base was exchanged', async () => {
    commitFiles({
      'bankai.json': contentOf('bankai.json').replace(
        /"weights_?id":"[0-9a-f]{4}/i,
        (text) => `${text.slice(0, -4)}0000`,
      ),
    });
    await isRefused('BASE_MISMATCH', /it changes bankai\.json/);
  });

  /** A statement about the newest patch, which carries its own digest in its name. */
  const [kind] = ['import'];
  test('with a statement that somebody changed', async () => {
    const [path] = pathsOf(new RegExp(`^evidence/.*/${kind}\\.`));
    const envelope = JSON.parse(contentOf(path)) as { payload: string; signatures: { sig: string }[] };
    const signature = Buffer.from(envelope.signatures[0].sig, 'base64');
    signature[5] ^= 1;
    envelope.signatures[0].sig = signature.toString('base64');
    commitFiles({ [path]: undefined, ...renamed(path, JSON.stringify(envelope)) });
    await isRefused('SIGNATURE_INVALID', /A statement about patch [0-9a-f]{10} is wrong/);
  });

  test('with a statement about another patch', async () => {
    const [one, other] = pathsOf(new RegExp(`^evidence/.*/${kind}\\.`));
    const moved = `${other.slice(0, other.lastIndexOf('/'))}/${one.slice(one.lastIndexOf('/') + 1)}`;
    commitFiles({ [moved]: contentOf(one) });
    await isRefused('STATEMENT_MISMATCH', /A statement about patch [0-9a-f]{10} is wrong/);
  });

  test('with a statement that is not what its name says', async () => {
    const [path] = pathsOf(new RegExp(`^evidence/.*/${kind}\\.`));
    commitFiles({ [path]: '{}' });
    await isRefused('REPOSITORY_CORRUPT', /is not what its name says/);
  });
});

/** Evidence under the name that its bytes want. */
const renamed = (path: string, text: string): Record<string, string> => ({
  [path.replace(/[0-9a-f]{64}(?=\.json$)/, sha256Hex(Buffer.from(text)))]: text,
});

/** Answers to one path instead of the host. */
const answering = (path: RegExp, answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  host.behaviour.intercept = (request, response) => {
    if (!path.test(request.url ?? '')) return false;
    request.resume();
    answer(request, response);
    return true;
  };
};
const advertisementType = { 'content-type': 'application/x-git-upload-pack-advertisement' };
const mainOver = (): string => runGit(evil.directory, 'rev-parse', 'main');
/** Says which refs there are. */
const advertising = (...lines: readonly string[]) =>
  answering(/info\/refs/, (_, response) => {
    response.writeHead(200, advertisementType);
    response.write(Buffer.concat([line('# service=git-upload-pack\n'), Buffer.from('0000')]));
    const capabilities = '\0side-band-64k ofs-delta no-progress symref=HEAD:refs/heads/main';
    response.end(
      Buffer.concat([...lines.map((text, i) => line(`${text}${i === 0 ? capabilities : ''}\n`)), Buffer.from('0000')]),
    );
  });

describe('a server', () => {
  test('that shows a page to log in', async () => {
    answering(/info\/refs/, (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
    );
    await isNotCloned('REMOTE_PROTOCOL');
    await isRefused('REMOTE_PROTOCOL', /is no git repository that answers over HTTP/);
  });

  test('that answers with a page in the place of objects', async () => {
    answering(/\/git-upload-pack$/, (_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
    );
    await isRefused('REMOTE_PROTOCOL', /it answers with "text\/html"/);
  });

  test.each([
    [401, 'REMOTE_DENIED', /did not accept who you say you are \(401\)/],
    [403, 'REMOTE_DENIED', /wants to know who you are \(403\)/],
    [404, 'REMOTE_NOT_FOUND', /There is no repository at/],
    [410, 'REMOTE_NOT_FOUND', /There is no repository at/],
    [429, 'REMOTE_FAILED', /answered with status 429/],
    [500, 'REMOTE_FAILED', /answered with status 500/],
    [503, 'REMOTE_FAILED', /answered with status 503/],
    [304, 'REMOTE_FAILED', /answered with status 304/],
  ] as const)('that always answers with %i is asked twice at most', async (status, code, message) => {
    answering(/./, (_, response) => response.writeHead(status).end('sorry'));
    await isRefused(code, message);
    // Two for each of fetch and pull, and what the honest one is asked in the end.
    expect(host.requests.filter(({ authorized }) => !authorized).length).toBeLessThanOrEqual(5);
  });

  test.each([
    ['before it answers', /info\/refs/, Buffer.alloc(0)],
    ['in the middle of its refs', /info\/refs/, line('# service=git-upload-pack\n')],
    [
      'in the middle of the objects',
      /\/git-upload-pack$/,
      Buffer.concat([line('NAK\n'), onChannel(1, Buffer.alloc(100))]),
    ],
  ])('that hangs up %s', async (_, path, bytes) => {
    answering(path, (request, response) => {
      if (bytes.length === 0) return void response.destroy();
      const type = request.method === 'POST' ? 'result' : 'advertisement';
      response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${type}`, 'content-length': '5000' });
      response.write(bytes, () => response.destroy());
    });
    await isRefused('REMOTE_UNREACHABLE', /Cannot reach 127\.0\.0\.1:\d+: /);
  });

  test('that has said everything and does not stop is not waited for', async () => {
    answering(/info\/refs/, (_, response) => {
      response.writeHead(200, advertisementType);
      response.write(Buffer.concat([line('# service=git-upload-pack\n'), Buffer.from('0000')]));
      response.write(Buffer.concat([line(`${mainOver()} refs/heads/main\0side-band-64k\n`), Buffer.from('0000')]));
    });
    await isRefused('REMOTE_UNREACHABLE', /has sent nothing for 0\.2 seconds/, access(200));
  });

  test('that falls silent', async () => {
    answering(/\/git-upload-pack$/, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.write(line('NAK\n'));
    });
    await isRefused('REMOTE_UNREACHABLE', /has sent nothing for 0\.2 seconds/, access(200));
  });

  test.each([
    ['ends too soon', line('NAK\n'), 'REMOTE_PROTOCOL', /sends no objects/],
    [
      'uses a channel that does not exist',
      Buffer.concat([line('NAK\n'), onChannel(9, Buffer.from('x'))]),
      'REMOTE_PROTOCOL',
      /a channel that does not exist/,
    ],
    ['speaks another language', Buffer.from('HELLO'), 'REMOTE_PROTOCOL', /not in the protocol of git/],
    [
      'says why it stops',
      Buffer.concat([line('NAK\n'), onChannel(3, Buffer.from('disk full\n'))]),
      'REMOTE_FAILED',
      /The remote says: disk full$/,
    ],
    [
      'says ERR',
      line('ERR access to it is suspended\n'),
      'REMOTE_FAILED',
      /The remote says: access to it is suspended$/,
    ],
  ] as const)('whose answer %s', async (_, answer, code, message) => {
    host.behaviour.tamper = () => answer;
    await isRefused(code, message);
  });

  test('that would like to paint on the terminal', async () => {
    const text = '\u001b]0;owned\u0007\u001b[2J\u202egnp.\rall is well\u009b1A';
    host.behaviour.tamper = () =>
      Buffer.concat([line('NAK\n'), onChannel(3, Buffer.from(`${text}\nhint: curl x | sh`))]);
    const { code, message, hint = '', data } = await isRefused('REMOTE_FAILED', /The remote says: /);
    const lines = renderError({ error: { code, message, hint, data } }, plainView);
    expect(lines.join('')).toMatch(/^[\x20-\x7e]*$/);
    // What it calls a hint is none of ours.
    expect(lines.filter((text) => text.startsWith('hint:'))).toEqual([`hint: ${hint}`]);
  });
});

describe('a redirect', () => {
  let other: GitHost;
  beforeEach(async () => {
    other = await startGitHost(temporaryDirectory());
  });
  afterEach(() => other.close());

  test('is followed, but what was meant for one host is not told to another', async () => {
    cpSync(evil.directory, join(other.directory, 'patches.git'), { recursive: true });
    other.behaviour.token = 'ghp_secret';
    answering(/./, ({ url = '' }, response) =>
      response.writeHead(302, { location: `${other.url('').replace(/\/$/, '')}${url}` }).end(),
    );
    const error = await failureOf(fetch(trial, {}, actor, access()));
    expect(error).toBeErrorWithCode('REMOTE_DENIED');
    expect(other.requests.some(({ authorized }) => authorized)).toBe(false);
    // A name and a password in the address are for its host too.
    const secret = host.url('patches.git').replace('://', '://x:ghp_secret@');
    runGit(trial, 'config', 'remote.origin.url', secret);
    expect(await failureOf(fetch(trial, {}, actor, access()))).toBeErrorWithCode('REMOTE_DENIED');
    expect(other.requests.some(({ authorized }) => authorized)).toBe(false);
    delete other.behaviour.token;
    expect((await fetch(trial, {}, actor, access())).moved).toHaveLength(1);
    expect(other.requests.some(({ authorized }) => authorized)).toBe(false);
  });

  test.each([
    [
      'in a circle',
      (): string => host.url('patches.git/info/refs?service=git-upload-pack'),
      'REMOTE_FAILED',
      /status 302/,
    ],
    [
      'to a file',
      (): string => 'file:///etc/passwd',
      'REMOTE_FAILED',
      /leads to file:\/\/\/etc\/passwd, which is not followed/,
    ],
    ['to nowhere', (): string => 'http://', 'REMOTE_FAILED', /leads to nowhere, which is not followed/],
    [
      'to something that is no repository',
      (): string => `${other.url('patches.git')}`,
      'REMOTE_NOT_FOUND',
      /There is no repository/,
    ],
  ] as const)('%s is refused', async (_, location, code, message) => {
    answering(/info\/refs/, (_request, response) => response.writeHead(302, { location: location() }).end());
    await isRefused(code, message);
  });
});

describe('refs', () => {
  test('with names that lead elsewhere are left alone', async () => {
    const names = [
      'refs/heads/../../config',
      'refs/heads/a..b',
      'refs/heads/x.lock',
      'refs/heads/a\u0007b',
      '../HEAD',
      'refs/heads/.git',
      'refs/heads/@{u}',
      'HEAD/x',
      'refs/heads/-x/',
    ];
    advertising(`${mainOver()} refs/heads/main`, ...names.map((name) => `${mainOver()} ${name}`));
    const { moved, ignored } = await fetch(trial, {}, actor, access());
    expect(moved.map(({ ref }) => ref)).toEqual(['refs/remotes/origin/main']);
    expect(ignored.map(({ ref }) => ref).sort()).toEqual([...names].sort());
    expect(new Set(ignored.map(({ reason }) => reason))).toEqual(new Set(['git allows no such name']));
    expect(runGit(trial, 'for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes').split('\n')).toHaveLength(
      3,
    );
  });

  test('that are not there', async () => {
    advertising(`${'ab'.repeat(20)} refs/heads/main`);
    // The backend is asked for what it lacks.
    await isRefused('REMOTE_FAILED', /The remote says: upload-pack: not our ref (ab){20}/);
  });

  test('that are no lines of refs', async () => {
    advertising('hello');
    await isRefused('REMOTE_PROTOCOL', /it names no refs/);
  });

  test('of which one is the directory of another', async () => {
    advertising(`${mainOver()} refs/heads/main`, `${mainOver()} refs/heads/main/sub`);
    await isRefused('BRANCH_EXISTS', /Cannot keep both/);
  });

  test('without an end', async () => {
    answering(/info\/refs/, (_, response) => {
      response.writeHead(200, advertisementType);
      response.write(Buffer.concat([line('# service=git-upload-pack\n'), Buffer.from('0000')]));
      let i = 0;
      const more = (): void => {
        while (response.write(line(`${'ab'.repeat(20)} refs/heads/b${i++}\n`))) if (response.destroyed) return;
      };
      response.on('drain', more);
      more();
    });
    await isRefused('REMOTE_FAILED', /sends more than the 1048576 bytes/, { ...access(), byteLimit: 2 ** 20 });
  });

  test('that a remote whose HEAD is nowhere has are cloned all the same', async () => {
    answering(/info\/refs/, (_, response) => {
      response.writeHead(200, advertisementType);
      const capabilities = '\0side-band-64k symref=HEAD:refs/heads/../../../../etc/passwd';
      response.end(
        Buffer.concat([
          line('# service=git-upload-pack\n'),
          Buffer.from('0000'),
          line(`${mainOver()} refs/heads/main${capabilities}\n`),
          Buffer.from('0000'),
        ]),
      );
    });
    const place = join(room, 'nowhere');
    const { head: at } = await clone({ url: host.url('patches.git'), from: room, directory: place }, actor, access());
    expect(at).toMatchObject({ branch: 'main' });
    expect(runGit(place, 'fsck', '--strict')).toBe('');
  });

  test('whose tag says that it names something else than it does', async () => {
    const old = runGit(evil.directory, 'rev-parse', 'main~1');
    const tag = runGit(evil.directory, 'rev-parse', 'main');
    advertising(`${mainOver()} refs/heads/main`, `${tag} refs/tags/v1`, `${old} refs/tags/v1^{}`);
    await fetch(trial, {}, actor, access());
    expect(runGit(trial, 'rev-parse', 'v1^{commit}')).toBe(tag);
  });
});
