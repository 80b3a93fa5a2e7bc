/** What `add` and `update` take out of a registry, and that they change nothing where the registry is not to be believed. */
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WeightsId } from '../../src/patch/ids.js';
import { publishIndex } from '../../src/registry/author.js';
import { addRegistry } from '../../src/registry/known-registries.js';
import { bundlePath, metadataPath } from '../../src/registry/layout.js';
import type { VersionEntry } from '../../src/registry/namespace-index.js';
import { openRegistryDirectory, readNamespaceIndex } from '../../src/registry/registry-directory.js';
import { init } from '../../src/workflows/init.js';
import { add, update } from '../../src/workflows/install.js';
import { searchRegistries } from '../../src/workflows/search-registries.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { fingerprint } from '../e2e/repository.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { endless, type HostileServer, type Lie, serveHostile } from '../registry/hostile-server.js';
import * as sample from '../registry/sample-registry.js';

const { author, bundleOf, forge, keys, metaOf, publish } = sample;

let repositoryTemplate: string;
let registryTemplate: string;
let weightsId: WeightsId;

/** Versions as they come over the years; the row makes each another patch. */
const published = ['1.0.0', '1.1.0', '1.1.5', '1.2.0-rc.1', '1.3.0', '2.0.0'];

beforeAll(async () => {
  repositoryTemplate = temporaryDirectory();
  await init({ directory: repositoryTemplate, model: fixtureModel, inPlace: false });
  ({ weightsId } = (await openWorkspace(repositoryTemplate)).state);
  registryTemplate = await sample.copyOfRegistry();
  for (const [row, version] of published.entries()) {
    await publish(registryTemplate, bundleOf('mathlab/tool', version, row, weightsId));
  }
  await change('mathlab', 'tool', '1.3.0', (entry) => ({ ...entry, yanked: 'broke fractions' }));
});

/** Signs another entry for a version, as its owner can. */
async function change(
  namespace: string,
  name: string,
  version: string,
  edit: (entry: VersionEntry) => VersionEntry,
  at = registryTemplate,
): Promise<void> {
  const registry = await openRegistryDirectory(at);
  const index = await readNamespaceIndex(registry, namespace);
  const versions = new Map(index.packages.get(name));
  versions.set(version, edit(versions.get(version) as VersionEntry));
  await publishIndex(registry, { ...index, packages: new Map(index.packages).set(name, versions) }, author);
}

let directory: string;
let registry: string;
let server: HostileServer;
let places: { configDirectory: string; cacheDirectory: string };

beforeEach(async () => {
  directory = join(temporaryDirectory(), 'work');
  registry = temporaryDirectory();
  cpSync(repositoryTemplate, directory, { recursive: true });
  cpSync(registryTemplate, registry, { recursive: true });
  server = await serveHostile(registry);
  places = { configDirectory: temporaryDirectory(), cacheDirectory: temporaryDirectory() };
  const bytes = readFileSync(join(registry, metadataPath('root', 1)));
  await addRegistry(places.configDirectory, { name: 'lab', url: server.url, first: { bytes } });
});

const recorder = () => ({
  keyDirectory: places.configDirectory,
  identity: { name: 'Ada', email: 'ada@example.org' },
  time: new Date('2026-01-02T03:04:05Z'),
  version: '1.2.3',
});

const install = (...wanted: string[]) => add(directory, { wanted }, places, recorder());
const versionIn = ({ changes }: { readonly changes: readonly { readonly to?: string }[] }) => changes[0]?.to;
const lockOf = (name: string): { range: string; version: string } =>
  (JSON.parse(readFileSync(join(directory, 'bankai.lock.json'), 'utf8')) as { packages: Record<string, never> })
    .packages[name];

describe('of the versions in a range the highest is taken', () => {
  test.each([
    ['mathlab/tool', '2.0.0', '^2.0.0'],
    ['mathlab/tool@latest', '2.0.0', '^2.0.0'],
    ['mathlab/tool@*', '2.0.0', '*'],
    ['mathlab/tool@^1', '1.1.5', '^1'],
    ['mathlab/tool@1', '1.1.5', '1'],
    ['mathlab/tool@1.x', '1.1.5', '1.x'],
    ['mathlab/tool@~1.0', '1.0.0', '~1.0'],
    ['mathlab/tool@>=1.1 <1.1.5', '1.1.0', '>=1.1 <1.1.5'],
    ['mathlab/tool@1.0.0 || ^2', '2.0.0', '1.0.0 || ^2'],
    ['mathlab/tool@^1.2.0-rc.0', '1.2.0-rc.1', '^1.2.0-rc.0'],
    ['mathlab/tool@1.2.0-rc.1', '1.2.0-rc.1', '1.2.0-rc.1'],
    // Yanked: only for who asks for exactly that.
    ['mathlab/tool@1.3.0', '1.3.0', '1.3.0'],
  ])('%s is %s, kept as %s', async (wanted, version, range) => {
    expect(versionIn(await install(wanted))).toBe(version);
    expect(lockOf('mathlab/tool')).toMatchObject({ version, range });
  });

  test('what no version is in is told', async () => {
    await expect(install('mathlab/tool@^3')).toFailWithCode('VERSION_UNKNOWN');
    await expect(install('mathlab/tool@>=1.2.0 <2')).toFailWithCode('VERSION_UNKNOWN');
    await expect(install('mathlab/tool@newest')).toFailWithCode('NAME_INVALID');
  });
});

test('an update stays in the range, and with a version that was yanked since for as long as there is no better one', async () => {
  await install('mathlab/tool@~1.1.0');
  await publish(registry, bundleOf('mathlab/tool', '1.1.9', 20, weightsId));
  await publish(registry, bundleOf('mathlab/tool', '1.4.0', 21, weightsId));
  expect(versionIn(await update(directory, [], places, recorder()))).toBe('1.1.9');
  await change('mathlab', 'tool', '1.1.9', (entry) => ({ ...entry, yanked: 'worse' }), registry);
  expect(versionIn(await update(directory, [], places, recorder()))).toBe('1.1.9');
  await publish(registry, bundleOf('mathlab/tool', '1.1.10', 22, weightsId));
  expect(versionIn(await update(directory, ['mathlab/tool'], places, recorder()))).toBe('1.1.10');
  expect(lockOf('mathlab/tool')).toMatchObject({ range: '~1.1.0' });
});

describe('nothing is written', () => {
  const wanted = 'mathlab/tool@^1';

  /** Asserts that it is refused, and that repository, model, lock file and cache of bundles are what they were. */
  async function expectRefused(code: Parameters<ReturnType<typeof expect>['toFailWithCode']>[0], name = wanted) {
    const before = fingerprint(directory);
    await expect(install(name)).toFailWithCode(code);
    expect(fingerprint(directory)).toEqual(before);
    expect(existsSync(join(places.cacheDirectory, 'bundles'))).toBe(false);
  }

  const seen = () => searchRegistries({ all: true }, places);
  const bundleOfTool = async (): Promise<string> => {
    const index = await readNamespaceIndex(await openRegistryDirectory(registry), 'mathlab');
    return bundlePath((index.packages.get('tool')?.get('1.1.5') as VersionEntry).sha256);
  };
  const lieAboutBundle = async (lie: Lie): Promise<void> => void server.lies.set(await bundleOfTool(), lie);
  const timestamp = 'metadata/timestamp.json';

  test('when the registry is downgraded', async () => {
    await publish(registry, bundleOf('mathlab/other', '1.0.0', 9, weightsId));
    await seen();
    server.directory = registryTemplate;
    await expectRefused('REGISTRY_ROLLBACK');
  });

  test('when it is frozen', async () => {
    await publish(registry, bundleOf('mathlab/other', '1.0.0', 9, weightsId), {
      ...author,
      time: new Date('2020-01-01'),
      days: 30,
    });
    await expectRefused('REGISTRY_FROZEN');
  });

  test('when it is mixed of two publications', async () => {
    const { snapshot } = await sample.currentPaths(registry);
    forge(
      registry,
      timestamp,
      ({ signed }) => {
        const meta = { ...metaOf(registry, snapshot), version: metaOf(registry, snapshot).version + 1 };
        Object.assign(signed, { meta: { 'snapshot.json': meta }, version: signed.version + 1 });
      },
      keys.online,
    );
    const next = snapshot.replace(/\d+/, (version) => String(Number(version) + 1));
    cpSync(join(registry, snapshot), join(registry, next));
    await expectRefused('REGISTRY_MIXED');
  });

  test('when it is forged', async () => {
    forge(registry, timestamp, ({ signed }) => (signed.version += 1), keys.bob);
    await expectRefused('REGISTRY_SIGNATURE');
  });

  test('when a bundle is another one', async () => {
    await lieAboutBundle((_, response, bytes) => response.end(Buffer.alloc(bytes?.length ?? 0, 0x20)));
    await expectRefused('REGISTRY_DIGEST');
  });

  test('when a bundle is cut short, or goes on for ever', async () => {
    await lieAboutBundle((_, response, bytes) => response.end(bytes?.subarray(0, 20)));
    await expectRefused('REGISTRY_UNREACHABLE');
    await lieAboutBundle(endless);
    await expectRefused('REGISTRY_TOO_LONG');
  });

  test('when an owner says of a bundle what is not in it', async () => {
    await change('mathlab', 'tool', '1.1.5', (entry) => ({ ...entry, flips: 2 }), registry);
    const before = fingerprint(directory);
    await expect(install(wanted)).toFailWithCode('REGISTRY_INVALID');
    expect(fingerprint(directory)).toEqual(before);
  });

  test('when a patch is for another base', async () => {
    await expectRefused('BASE_MISMATCH', 'mathlab/calc');
  });

  test('when a version is not what the lock file pins', async () => {
    await install(wanted);
    const file = join(directory, 'bankai.lock.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"sha256": "[0-9a-f]{8}/, '"sha256": "00000000'));
    const before = fingerprint(directory);
    await expect(install(wanted)).toFailWithCode('VERSION_CHANGED');
    await expect(update(directory, [], places, recorder())).toFailWithCode('VERSION_CHANGED');
    expect(fingerprint(directory)).toEqual(before);
  });

  test('when nobody answers who was never seen', async () => {
    await server.close();
    await expectRefused('REGISTRY_UNREACHABLE');
  });
});
