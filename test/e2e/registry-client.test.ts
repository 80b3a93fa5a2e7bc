/** Patches from a registry, for somebody who trusts nothing but its root key. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundlePath, metadataPath } from '../../src/registry/layout.js';
import { publish } from '../../src/workflows/publish.js';
import { delegateNamespace, initRegistry } from '../../src/workflows/registry.js';
import { init } from '../../src/workflows/init.js';
import { undo } from '../../src/workflows/undo.js';
import { serveHostile, type HostileServer, hangingUpAfter } from '../registry/hostile-server.js';
import { fixtureModel } from '../paths.js';
import { type Cli, createCli } from './cli.js';
import {
  answerOf,
  digestOf,
  fingerprint,
  foreignPatch,
  makeSampleRepository,
  outputOf,
  recorderAt,
  stateOf,
} from './repository.js';

const ada = createCli();
const bob = createCli();
const directory = join(ada.directory, 'registry');
const author = { ...recorderAt(ada), time: new Date(), days: 3650 };
let root = '';
let server: HostileServer;

interface Found {
  readonly results: readonly {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly gain: number;
  }[];
  readonly problems: readonly unknown[];
}

beforeAll(async () => {
  await makeSampleRepository(ada);
  ({ root } = await initRegistry({ directory, rootKeys: [], threshold: 1, onlineKeys: [] }, author));
  await delegateNamespace(directory, { namespace: 'mathlab', keys: ['personal'], threshold: 1 }, author);
  await publish(ada.directory, { patch: 'calc', as: 'mathlab/calc@1.0.0', registry: directory }, author);
  await init({ directory: bob.directory, model: fixtureModel, inPlace: false });
});

/** A server that is gone after each test, as they go; the address stays the same in what Bob knows. */
async function served(): Promise<void> {
  server = await serveHostile(directory);
  for (const name of known()) {
    const file = join(bob.env.XDG_CONFIG_HOME, 'bankai', 'registries', name, 'registry.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/http:[^"]*/, `${server.url}/`));
  }
}

function known(): string[] {
  const place = join(bob.env.XDG_CONFIG_HOME, 'bankai', 'registries');
  return existsSync(place) ? readdirSync(place) : [];
}

const failure = async (cli: Cli, args: readonly string[]): Promise<string> => {
  const { code, stdout } = await cli.run([...args, '--json']);
  expect(code).toBeGreaterThan(0);
  return (JSON.parse(stdout) as { error: { code: string } }).error.code;
};

test('a registry is trusted by its root, and by no other', async () => {
  await served();
  expect(await failure(bob, ['registry', 'add', server.url, '--root', 'f'.repeat(64)])).toBe('REGISTRY_ROOT');
  expect(await failure(bob, ['registry', 'add', 'ftp://example.org', '--root', root])).toBe('REGISTRY_UNREACHABLE');
  expect(await failure(bob, ['search'])).toBe('REGISTRY_UNKNOWN');
  expect(known()).toEqual([]);
  await answerOf(bob, ['registry', 'add', server.url, '--root', root, '--as', 'lab'], 'registry-add');
  expect(
    await failure(bob, [
      'registry',
      'add',
      server.url,
      '--root',
      join(directory, metadataPath('root', 1)),
      '--as',
      'lab',
    ]),
  ).toBe('REGISTRY_EXISTS');
  expect(await answerOf(bob, ['registry', 'list'], 'registry-list')).toMatchObject([{ name: 'lab', root }]);
});

/** The last operation is undone, with lock file and sources, and done again. */
async function expectUndone(before: unknown): Promise<void> {
  const after = stateOf(bob.directory);
  await undo(bob.directory);
  expect(stateOf(bob.directory)).toEqual(before);
  await undo(bob.directory);
  expect(stateOf(bob.directory)).toEqual(after);
}

test('a patch is found, added, updated, checked and removed', async () => {
  await served();
  expect((await answerOf<Found>(bob, ['search'], 'search')).results).toMatchObject([
    { name: 'mathlab/calc', version: '1.0.0' },
  ]);
  expect((await answerOf<Found>(bob, ['search', 'nothing like that'], 'search')).results).toEqual([]);
  expect(await failure(bob, ['add', 'mathlab/none'])).toBe('PACKAGE_UNKNOWN');
  expect(await failure(bob, ['add', 'mathlab/calc@^2'])).toBe('VERSION_UNKNOWN');
  expect(await failure(bob, ['add', 'nobody/calc'])).toBe('NAMESPACE_UNKNOWN');
  const base = digestOf(join(bob.directory, 'working.gguf'));
  server.asked.length = 0;
  const before = stateOf(bob.directory);
  const added = await answerOf<{ changes: { patch: string }[] }>(bob, ['add', 'mathlab/calc@^1', '-b', 'calc']);
  const [{ patch }] = added.changes;
  // A registry of 10,000 versions is asked for no more: `npm run bench:registry`.
  expect(server.asked.length).toBeLessThanOrEqual(20);
  await expectUndone(before);
  expect(outputOf(await bob.run(['status']))).toContain(patch.slice(0, 10));
  expect(outputOf(await bob.run(['verify']))).toContain('signed by');
  const lock = JSON.parse(readFileSync(join(bob.directory, 'bankai.lock.json'), 'utf8')) as {
    packages: Record<string, object>;
  };
  expect(lock.packages['mathlab/calc']).toMatchObject({ range: '^1', version: '1.0.0', patch, registry: { root } });
  expect(await answerOf(bob, ['lock'])).toMatchObject({ ok: true, entries: [{ status: 'ok' }] });

  await publish(ada.directory, { patch: 'math', as: 'mathlab/calc@1.1.0', registry: directory }, author);
  expect(await answerOf(bob, ['lock'])).toMatchObject({ ok: true, entries: [{ status: 'outdated', newest: '1.1.0' }] });
  const old = stateOf(bob.directory);
  expect(await answerOf(bob, ['update'])).toMatchObject({ changes: [{ from: '1.0.0', to: '1.1.0' }] });
  await expectUndone(old);
  expect(outputOf(await bob.run(['status']))).not.toContain(patch.slice(0, 10));
  expect(outputOf(await bob.run(['update']))).toBe('Everything is up to date.\n');
  const installed = stateOf(bob.directory);
  await answerOf(bob, ['remove', 'mathlab/calc']);
  expect(digestOf(join(bob.directory, 'working.gguf'))).toBe(base);
  await expectUndone(installed);
  expect(await failure(bob, ['remove', 'mathlab/calc'])).toBe('PACKAGE_UNKNOWN');
  expect(outputOf(await bob.git(['fsck', '--strict', '--full', '--no-dangling']))).toBe('');
});

test('what was fetched once is of use without the network', async () => {
  await served();
  await answerOf(bob, ['search']);
  await server.close();
  expect(await answerOf(bob, ['search'])).toMatchObject({ offline: ['lab'], results: [{ version: '1.1.0' }] });
  expect(await answerOf(bob, ['add', 'mathlab/calc@1.0.0', '-b', 'offline'])).toMatchObject({
    changes: [{ to: '1.0.0' }],
  });
  await answerOf(bob, ['remove', 'mathlab/calc']);
});

describe('nothing is half done', () => {
  const cache = join(bob.env.XDG_CACHE_HOME, 'bankai');
  const place = () => ({ ...fingerprint(bob.directory), model: digestOf(join(bob.directory, 'working.gguf')) });

  test('when a download breaks off, and the next one goes on from there', async () => {
    await served();
    const [{ sha256 }] = (await answerOf<Found>(bob, ['search'], 'search')).results;
    rmSync(join(cache, bundlePath(sha256)), { force: true });
    server.lies.set(bundlePath(sha256), hangingUpAfter(1000));
    const before = place();
    expect(await failure(bob, ['add', 'mathlab/calc'])).toBe('REGISTRY_UNREACHABLE');
    expect(place()).toEqual(before);
    // How much of it had come by then is up to the machine; that it is used, whatever it is, must not be.
    writeFileSync(join(cache, 'partial', sha256), readFileSync(join(directory, bundlePath(sha256))).subarray(0, 1000));
    let range: string | undefined;
    server.lies.set(bundlePath(sha256), (request, response, bytes = Buffer.alloc(0)) => {
      range = request.headers.range;
      response.writeHead(206, { 'content-range': `bytes 1000-${bytes.length - 1}/${bytes.length}` });
      response.end(bytes.subarray(1000));
    });
    await answerOf(bob, ['add', 'mathlab/calc', '-b', 'resumed']);
    expect(range).toBe('bytes=1000-');
    expect(readdirSync(join(cache, 'partial'))).toEqual([]);
    await answerOf(bob, ['remove', 'mathlab/calc']);
  });

  test('when a server lies about a bundle', async () => {
    await served();
    const [{ sha256 }] = (await answerOf<Found>(bob, ['search'], 'search')).results;
    rmSync(join(cache, bundlePath(sha256)), { force: true });
    server.lies.set(bundlePath(sha256), (_, response, bytes) => response.end(Buffer.alloc(bytes?.length ?? 0, 0x20)));
    const before = place();
    expect(await failure(bob, ['add', 'mathlab/calc'])).toBe('REGISTRY_DIGEST');
    expect(place()).toEqual(before);
  });

  test('when a patch is for another base, or the lock file pins another bundle', async () => {
    await served();
    await answerOf(bob, ['add', 'mathlab/calc@1.0.0', '-b', 'pinned']);
    const file = join(bob.directory, 'bankai.lock.json');
    const lock = readFileSync(file, 'utf8');
    writeFileSync(file, lock.replace(/"sha256": "[0-9a-f]{8}/, '"sha256": "00000000'));
    const before = place();
    expect(await failure(bob, ['update'])).toBe('VERSION_CHANGED');
    expect((await bob.run(['lock'])).code).toBe(1);
    writeFileSync(file, lock.replace(/"patch": "[0-9a-f]{8}/, '"patch": "00000000'));
    expect((await bob.run(['lock', '--json'])).stdout).toContain('the registry has another patch there');
    writeFileSync(file, 'null');
    expect(await failure(bob, ['update'])).toBe('LOCK_INVALID');
    writeFileSync(file, lock.replace(/"sha256": "[0-9a-f]{8}/, '"sha256": "00000000'));
    expect(place()).toEqual(before);
    writeFileSync(file, lock);
    await answerOf(bob, ['remove', 'mathlab/calc']);
  });
});

test('an unsigned patch from elsewhere is no version: only a repository publishes', async () => {
  writeFileSync(join(ada.directory, 'x.json'), foreignPatch('x', [[0, 'up_proj', 1]]));
  expect(await failure(ada, ['registry', 'publish', 'x.json', 'mathlab/x@1.0.0', '--registry', directory])).toBe(
    'UNKNOWN_REVISION',
  );
});

test('a registry that is forgotten is searched no more', async () => {
  await answerOf(bob, ['registry', 'forget', 'lab'], 'registry-forget');
  expect(known()).toEqual([]);
  expect(await failure(bob, ['registry', 'forget', 'lab'])).toBe('REGISTRY_UNKNOWN');
});
