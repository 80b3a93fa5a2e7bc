/** Without a network: one error that says so, nothing changes, and what was fetched before still works. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { publish } from '../../src/workflows/publish.js';
import { delegateNamespace, initRegistry } from '../../src/workflows/registry.js';
import { init } from '../../src/workflows/init.js';
import { serveHostile } from '../registry/hostile-server.js';
import { fixtureModel } from '../paths.js';
import { createCli } from './cli.js';
import { answerOf, fingerprint, makeSampleRepository, recorderAt } from './repository.js';

const ada = createCli();
const bob = createCli();
const cache = join(bob.env.XDG_CACHE_HOME, 'bankai');

/** Bob has fetched one of two packages from a registry that is gone since, and has a remote that nobody serves. */
beforeAll(async () => {
  const directory = join(ada.directory, 'registry');
  const author = { ...recorderAt(ada), time: new Date(), days: 3650 };
  await makeSampleRepository(ada);
  const { root } = await initRegistry({ directory, rootKeys: [], threshold: 1, onlineKeys: [] }, author);
  await delegateNamespace(directory, { namespace: 'lab', keys: ['personal'], threshold: 1 }, author);
  await publish(ada.directory, { patch: 'calc', as: 'lab/calc@1.0.0', registry: directory }, author);
  await publish(ada.directory, { patch: 'math', as: 'lab/math@1.0.0', registry: directory }, author);
  await init({ directory: bob.directory, model: fixtureModel, inPlace: false });
  const server = await serveHostile(directory);
  await answerOf(bob, ['registry', 'add', server.url, '--root', root, '--as', 'lab'], 'registry-add');
  await answerOf(bob, ['add', 'lab/calc', '-b', 'calc']);
  await bob.git(['remote', 'add', 'origin', `${server.url}/patches.git`]);
  await bob.git(['config', 'branch.calc.remote', 'origin']);
  await bob.git(['config', 'branch.calc.merge', 'refs/heads/main']);
  await server.close();
});

describe('is told in one error, and nothing changes', () => {
  test.each([
    ['fetch', ['fetch'], /^error: Cannot reach 127\.0\.0\.1:\d+: nothing listens there\nhint: [^\n]+\n$/],
    ['pull', ['pull'], /^error: Cannot reach 127\.0\.0\.1:\d+: nothing listens there\nhint: [^\n]+\n$/],
    ['push', ['push'], /^error: Cannot reach 127\.0\.0\.1:\d+: nothing listens there\nhint: [^\n]+\n$/],
    [
      'clone',
      ['clone', 'http://127.0.0.1:9/a.git', 'new'],
      /^error: Cannot reach 127\.0\.0\.1:9: [^\n]+\nhint: [^\n]+\n$/,
    ],
    [
      'add of what was not fetched',
      ['add', 'lab/math'],
      /^error: http:[^\n]+ cannot be fetched: [^\n]+\nhint: [^\n]+\n$/,
    ],
  ])('%s', async (_, args, message) => {
    const before = fingerprint(bob.directory);
    const { code, stdout, stderr } = await bob.run(args);
    expect([code, stdout]).toEqual([128, '']);
    expect(stderr).toMatch(message);
    expect(fingerprint(bob.directory)).toEqual(before);
  });
});

describe('what was fetched before', () => {
  test('is found, is up to date as far as is known, and is called offline where that counts', async () => {
    expect(await answerOf(bob, ['search'])).toMatchObject({ offline: ['lab'], results: [{}, {}] });
    const before = fingerprint(bob.directory);
    expect(await answerOf(bob, ['update'])).toMatchObject({ changes: [{ from: '1.0.0', to: '1.0.0' }] });
    expect(fingerprint(bob.directory)).toEqual(before);
    expect(await answerOf(bob, ['lock'])).toMatchObject({ ok: true });
  });

  test('is added to another branch from the cache, and not without it', async () => {
    await answerOf(bob, ['add', 'lab/calc', '-b', 'again']);
    await answerOf(bob, ['remove', 'lab/calc']);
    rmSync(cache, { recursive: true });
    const before = fingerprint(bob.directory);
    const { code, stderr } = await bob.run(['add', 'lab/calc']);
    expect([code, stderr]).toEqual([128, expect.stringMatching(/^error: http:[^\n]+\nhint: [^\n]+\n$/)]);
    expect(fingerprint(bob.directory)).toEqual(before);
  });
});
