/** The checks of TUF's client workflow, one by one (specification 1.0.31, sections 5.2 to 5.7), against a server that lies. docs/REGISTRY.md says which tests which. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { createRegistry, delegate, refresh, rotate } from '../../src/registry/author.js';
import { obtainBundle } from '../../src/registry/bundle-cache.js';
import type { Network } from '../../src/registry/download.js';
import type { KnownRegistry } from '../../src/registry/known-registries.js';
import { bundlePath, metadataPath, targetPath } from '../../src/registry/layout.js';
import type { VersionEntry } from '../../src/registry/namespace-index.js';
import { openRegistryDirectory } from '../../src/registry/registry-directory.js';
import { openCatalogue } from '../../src/registry/trusted-metadata.js';
import { fingerprint } from '../e2e/repository.js';
import { temporaryDirectory } from '../paths.js';
import { dripping, endless, type HostileServer, serveHostile } from './hostile-server.js';
import * as sample from './sample-registry.js';

const { alone, author, bundleOf, forge, keys, metaOf, publish, ringOf } = sample;

/** Fair to nobody who drips. */
const impatient: Network = { patience: { idleMs: 30_000, graceMs: 100, bytesPerSecond: 100_000 } };

let directory: string;
let server: HostileServer;
let registry: KnownRegistry;

beforeEach(async () => {
  directory = await sample.copyOfRegistry();
  server = await serveHostile(directory);
  registry = sample.trustedRegistry(server.url, directory);
});

const fetchIndex = async () => (await openCatalogue(registry)).index('mathlab');
const calc = async (): Promise<ReadonlyMap<string, VersionEntry>> =>
  (await fetchIndex()).packages.get('calc') as ReadonlyMap<string, VersionEntry>;

/** Asserts that an attack is refused, and that nothing of what is refused is kept: only what had been verified before it. */
async function expectRefused(code: ErrorCode, refused: readonly string[] = []): Promise<void> {
  await expect(fetchIndex()).toFailWithCode(code);
  for (const role of refused) {
    const kept = join(registry.directory, 'metadata', `${role}.json`);
    const served = readdirSync(join(directory, 'metadata'))
      .filter((name) => name.endsWith(`${role}.json`))
      .map((name) => readFileSync(join(directory, 'metadata', name)))
      .at(-1);
    if (existsSync(kept)) expect(readFileSync(kept).equals(served as Buffer)).toBe(false);
  }
  expect(readdirSync(registry.directory).filter((name) => name.startsWith('.'))).toEqual([]);
}

/** As `sample.reseal`, of the registry at hand. */
const reseal = (...rest: Parameters<typeof sample.reseal> extends [string, ...infer Rest] ? Rest : never) =>
  sample.reseal(directory, ...rest);

const yesterday = '2020-01-01T00:00:00Z';

test('an honest registry is believed', async () => {
  expect([...(await calc()).keys()]).toEqual(['1.0.0']);
  await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2));
  expect([...(await calc()).keys()]).toEqual(['1.0.0', '1.1.0']);
});

describe('5.2 the root that is trusted first', () => {
  const expired = { ...author, time: new Date('2020-01-01'), days: 30 };

  test('5.2 may have expired, if a newer one has not', async () => {
    const roles = {
      root: alone(keys.root),
      targets: alone(keys.root),
      snapshot: alone(keys.online),
      timestamp: alone(keys.online),
    };
    directory = temporaryDirectory();
    await createRegistry(directory, roles, expired);
    await refresh(await openRegistryDirectory(directory), author);
    server.directory = directory;
    registry = sample.trustedRegistry(server.url, directory);
    expect((await openCatalogue(registry)).namespaces).toEqual([]);
  });

  test('5.2 must be signed by its own keys', async () => {
    const first = join(registry.directory, 'metadata', 'root.json');
    writeFileSync(first, readFileSync(first, 'utf8').replace('"version":1', '"version":7'));
    await expectRefused('REGISTRY_SIGNATURE');
    expect(server.asked).toEqual([]);
  });
});

describe('5.3 root', () => {
  const next = metadataPath('root', 2);
  const forgeRoot = (change: (document: sample.Document) => void, ...signers: Parameters<typeof forge>[3][]) => {
    cpSync(join(directory, metadataPath('root', 1)), join(directory, next));
    forge(directory, next, change, ...signers);
  };

  test('5.3.3 is not read without end', async () => {
    server.lies.set(next, endless);
    await expectRefused('REGISTRY_TOO_LONG');
  });

  test('5.3.4 must be signed by the keys of the root before', async () => {
    forgeRoot(({ signed }) => (signed.version = 2), keys.ada);
    await expectRefused('REGISTRY_SIGNATURE', ['root']);
  });

  test('5.3.4 must be signed by a threshold of keys', async () => {
    const both = { keys: [keys.root.publicKey, keys.bob.publicKey], threshold: 2 };
    await rotate(await openRegistryDirectory(directory), 'root', both, author);
    forge(directory, next, () => undefined, keys.root);
    await expectRefused('REGISTRY_SIGNATURE', ['root']);
  });

  test('5.3.4 must be signed by its own keys as well', async () => {
    const fresh = sample.keyOf('fresh');
    const all = { ...author, ring: ringOf(keys.root, keys.online, fresh) };
    await rotate(await openRegistryDirectory(directory), 'root', alone(fresh), all);
    forge(directory, next, () => undefined, keys.root);
    await expectRefused('REGISTRY_SIGNATURE', ['root']);
  });

  test('5.3.4 counts a key once, however often it signs', async () => {
    const both = { keys: [keys.root.publicKey, keys.bob.publicKey], threshold: 2 };
    await rotate(await openRegistryDirectory(directory), 'root', both, author);
    forge(directory, next, () => undefined, keys.root, keys.root);
    await expectRefused('REGISTRY_INVALID', ['root']);
  });

  test('5.3.3 is not followed without end', async () => {
    let document = readFileSync(join(directory, metadataPath('root', 1)), 'utf8');
    for (let version = 2; version <= 258; version++) {
      document = document.replace(/"version":\d+/, `"version":${version}`);
      writeFileSync(join(directory, metadataPath('root', version)), document);
      forge(directory, metadataPath('root', version), () => undefined, keys.root);
    }
    await fetchIndex();
    expect(server.asked.filter((path) => path.endsWith('.root.json'))).toHaveLength(256);
  });

  test('5.3.5 must have the next version: an old one is a rollback', async () => {
    forgeRoot(() => undefined, keys.root);
    await expectRefused('REGISTRY_ROLLBACK');
  });

  test('5.3.5 may not leave a version out', async () => {
    forgeRoot(({ signed }) => (signed.version = 3), keys.root);
    await expectRefused('REGISTRY_ROLLBACK', ['root']);
  });

  test('5.3.6 may have expired, if the next one has not', async () => {
    forgeRoot(({ signed }) => Object.assign(signed, { version: 2, expires: yesterday }), keys.root);
    cpSync(join(directory, next), join(directory, metadataPath('root', 3)));
    const change = ({ signed }: sample.Document) =>
      Object.assign(signed, { version: 3, expires: '2100-01-01T00:00:00Z' });
    forge(directory, metadataPath('root', 3), change, keys.root);
    expect([...(await calc()).keys()]).toEqual(['1.0.0']);
  });

  test('5.3.8 is kept as soon as it is verified: the keys before sign nothing from then on', async () => {
    const fresh = sample.keyOf('fresh');
    const all = { ...author, ring: ringOf(keys.root, keys.online, fresh) };
    await rotate(await openRegistryDirectory(directory), 'root', alone(fresh), all);
    server.lies.set('metadata/timestamp.json', (_, response) => response.writeHead(500).end());
    await expect(fetchIndex()).toFailWithCode('REGISTRY_UNREACHABLE');
    server.lies.clear();
    cpSync(join(directory, metadataPath('root', 1)), join(directory, metadataPath('root', 3)));
    forge(directory, metadataPath('root', 3), ({ signed }) => (signed.version = 3), keys.root);
    await expectRefused('REGISTRY_SIGNATURE');
  });

  test('5.3.10 may not have expired', async () => {
    forgeRoot(({ signed }) => Object.assign(signed, { version: 2, expires: yesterday }), keys.root);
    await expectRefused('REGISTRY_EXPIRED');
  });

  test('5.3.11 heals a stolen online key: what the thief signed for the future does not stay', async () => {
    forge(directory, 'metadata/timestamp.json', ({ signed }) => (signed.version = 2 ** 40), keys.online);
    await fetchIndex();
    const clean = await sample.copyOfRegistry();
    server.directory = clean;
    await expectRefused('REGISTRY_ROLLBACK');
    const fresh = sample.keyOf('fresh');
    const by = { ...author, ring: ringOf(keys.root, fresh) };
    for (const role of ['timestamp', 'snapshot'] as const) {
      const all = { ...author, ring: ringOf(keys.root, keys.online, fresh) };
      await rotate(await openRegistryDirectory(clean), role, alone(fresh), role === 'timestamp' ? all : by);
    }
    expect([...(await calc()).keys()]).toEqual(['1.0.0']);
    expect(readFileSync(join(registry.directory, 'metadata', 'root.json'), 'utf8')).toContain('"version":3');
  });

  test('5.3.12 may not give consistent snapshots up', async () => {
    forgeRoot(({ signed }) => Object.assign(signed, { version: 2, consistent_snapshot: false }), keys.root);
    await expectRefused('REGISTRY_INVALID', ['root']);
  });

  test('a key that was rotated away signs nothing any more', async () => {
    await fetchIndex();
    const fresh = sample.keyOf('fresh');
    const all = { ...author, ring: ringOf(keys.root, keys.online, fresh) };
    await rotate(await openRegistryDirectory(directory), 'timestamp', alone(fresh), all);
    forge(directory, 'metadata/timestamp.json', ({ signed }) => (signed.version += 1), keys.online);
    await expectRefused('REGISTRY_SIGNATURE', ['timestamp']);
  });
});

describe('5.4 timestamp', () => {
  const path = 'metadata/timestamp.json';

  test('5.4.1 is not read without end', async () => {
    server.lies.set(path, endless);
    await expectRefused('REGISTRY_TOO_LONG');
  });

  test('5.4.1 is not waited for without end', async () => {
    server.lies.set(path, dripping);
    await expect(openCatalogue(registry, impatient)).toFailWithCode('REGISTRY_SLOW');
  });

  test('5.4.1 is not waited for at all where nothing comes', async () => {
    server.lies.set(path, () => undefined);
    await expect(openCatalogue(registry, { patience: { ...impatient.patience!, idleMs: 50 } })).toFailWithCode(
      'REGISTRY_SLOW',
    );
  });

  test('5.4.2 must be signed by its key', async () => {
    forge(directory, path, ({ signed }) => (signed.version += 1), keys.ada);
    await expectRefused('REGISTRY_SIGNATURE', ['timestamp']);
  });

  test('5.4.2 must be signed at all', async () => {
    forge(directory, path, (document) => (document.signatures = []));
    await expectRefused('REGISTRY_SIGNATURE', ['timestamp']);
  });

  test('5.4.2 may not be changed after it was signed', async () => {
    forge(directory, path, ({ signed }) => (signed.expires = '2100-01-01T00:00:00Z'));
    await expectRefused('REGISTRY_SIGNATURE', ['timestamp']);
  });

  test('5.4.2 may not be another role, however well signed', async () => {
    const { snapshot } = await sample.currentPaths(directory);
    cpSync(join(directory, snapshot), join(directory, path));
    await expectRefused('REGISTRY_INVALID', ['timestamp']);
  });

  test('5.4.3.1 may not be older than the one before', async () => {
    const before = temporaryDirectory();
    cpSync(directory, before, { recursive: true });
    await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2));
    await fetchIndex();
    server.directory = before;
    await expectRefused('REGISTRY_ROLLBACK');
  });

  test('5.4.3.1 of the same version changes nothing: what was seen first counts', async () => {
    await fetchIndex();
    const kept = join(registry.directory, 'metadata', 'timestamp.json');
    const before = readFileSync(kept);
    const change = ({ signed }: sample.Document) => (signed.expires = '2100-01-01T00:00:00Z');
    forge(directory, path, change, keys.online);
    expect([...(await calc()).keys()]).toEqual(['1.0.0']);
    expect(readFileSync(kept).equals(before)).toBe(true);
  });

  test('5.4.3.2 may not go back to an older snapshot', async () => {
    await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2));
    await fetchIndex();
    const { snapshot } = await sample.currentPaths(directory);
    const older = snapshot.replace(/\d+/, (version) => String(Number(version) - 1));
    const change = ({ signed }: sample.Document) => {
      signed.version += 1;
      (signed.meta as Record<string, object>)['snapshot.json'] = metaOf(directory, older);
    };
    forge(directory, path, change, keys.online);
    await expectRefused('REGISTRY_ROLLBACK', ['timestamp']);
  });

  test('5.4.4 may not have expired', async () => {
    forge(
      directory,
      path,
      ({ signed }) => Object.assign(signed, { version: signed.version + 1, expires: yesterday }),
      keys.online,
    );
    await expectRefused('REGISTRY_FROZEN');
  });

  test('5.4.4 may not be frozen: what was good has its time', async () => {
    await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2), {
      ...author,
      time: new Date('2020-01-01'),
      days: 30,
    });
    await expectRefused('REGISTRY_FROZEN');
  });

  test('may not expire at no time at all, which would be never', async () => {
    forge(directory, path, ({ signed }) => (signed.expires = '2020-99-99T00:00:00Z'), keys.online);
    await expectRefused('REGISTRY_INVALID', ['timestamp']);
  });
});

describe('5.5 snapshot', () => {
  test('5.5.1 is not read further than the timestamp says', async () => {
    server.lies.set((await sample.currentPaths(directory)).snapshot, endless);
    await expectRefused('REGISTRY_TOO_LONG');
  });

  test('5.5.2 must be the one of the timestamp', async () => {
    const { snapshot } = await sample.currentPaths(directory);
    forge(directory, snapshot, ({ signed }) => (signed.expires = '2035-01-01T00:00:00Z'), keys.online);
    await expectRefused('REGISTRY_DIGEST', ['snapshot']);
  });

  test('5.5.3 must be signed by its key', async () => {
    const { snapshot, timestamp } = await sample.currentPaths(directory);
    forge(directory, snapshot, () => undefined, keys.ada);
    const change = ({ signed }: sample.Document) =>
      ((signed.meta as Record<string, object>)['snapshot.json'] = metaOf(directory, snapshot));
    forge(directory, timestamp, change, keys.online);
    await expectRefused('REGISTRY_SIGNATURE', ['snapshot']);
  });

  test('5.5.4 must have the version that the timestamp says', async () => {
    const { snapshot, timestamp } = await sample.currentPaths(directory);
    const change = ({ signed }: sample.Document) =>
      ((signed.meta as Record<string, { version: number }>)['snapshot.json'].version += 1);
    forge(directory, timestamp, change, keys.online);
    cpSync(
      join(directory, snapshot),
      join(
        directory,
        snapshot.replace(/\d+/, (v) => String(Number(v) + 1)),
      ),
    );
    await expectRefused('REGISTRY_MIXED', ['snapshot']);
  });

  test.each(['mathlab', 'targets'] as const)('5.5.5 may not go back to an older "%s"', async (role) => {
    await delegate(await openRegistryDirectory(directory), 'third', alone(keys.bob), author);
    await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2));
    await fetchIndex();
    const paths = await sample.currentPaths(directory);
    const older = paths[role].replace(/\d+/, (version) => String(Number(version) - 1));
    const newer = paths.snapshot.replace(/\d+/, (version) => String(Number(version) + 1));
    cpSync(join(directory, paths.snapshot), join(directory, newer));
    const change = ({ signed }: sample.Document) => {
      signed.version += 1;
      (signed.meta as Record<string, object>)[`${role}.json`] = metaOf(directory, older);
    };
    forge(directory, newer, change, keys.online);
    const stamp = ({ signed }: sample.Document) => {
      signed.version += 1;
      (signed.meta as Record<string, object>)['snapshot.json'] = metaOf(directory, newer);
    };
    forge(directory, paths.timestamp, stamp, keys.online);
    await expectRefused('REGISTRY_ROLLBACK', ['snapshot']);
  });

  test('5.5.5 may not lose a namespace', async () => {
    await fetchIndex();
    const { snapshot, timestamp } = await sample.currentPaths(directory);
    const newer = snapshot.replace(/\d+/, (version) => String(Number(version) + 1));
    cpSync(join(directory, snapshot), join(directory, newer));
    const change = ({ signed }: sample.Document) => {
      signed.version += 1;
      delete (signed.meta as Record<string, object>)['mathlab.json'];
    };
    forge(directory, newer, change, keys.online);
    const stamp = ({ signed }: sample.Document) => {
      signed.version += 1;
      (signed.meta as Record<string, object>)['snapshot.json'] = metaOf(directory, newer);
    };
    forge(directory, timestamp, stamp, keys.online);
    await expectRefused('REGISTRY_ROLLBACK', ['snapshot']);
  });

  test('5.5.6 may not have expired', async () => {
    await reseal((_, { signed }) => (signed.expires = yesterday));
    await expectRefused('REGISTRY_EXPIRED');
  });
});

describe.each(['targets', 'mathlab'] as const)('5.6 targets: "%s"', (role) => {
  const owner = role === 'targets' ? keys.root : keys.ada;

  test('5.6.1 is not read further than the snapshot says', async () => {
    server.lies.set((await sample.currentPaths(directory))[role], endless);
    await expectRefused('REGISTRY_TOO_LONG');
  });

  test('5.6.2 must be the one of the snapshot', async () => {
    const paths = await sample.currentPaths(directory);
    forge(directory, paths[role], ({ signed }) => (signed.expires = '2035-01-01T00:00:00Z'), owner);
    await expectRefused('REGISTRY_DIGEST', [role]);
  });

  test('5.6.3 must be signed by its owner, whatever the keeper signs', async () => {
    const paths = await sample.currentPaths(directory);
    forge(directory, paths[role], () => undefined, keys.online, keys.bob);
    await reseal();
    await expectRefused('REGISTRY_SIGNATURE', [role]);
  });

  test('5.6.4 must have the version that the snapshot says', async () => {
    const paths = await reseal((meta) => ((meta[`${role}.json`] as { version: number }).version += 1));
    const { version } = metaOf(directory, paths[role]);
    cpSync(join(directory, paths[role]), join(directory, metadataPath(role, version + 1)));
    await expectRefused('REGISTRY_MIXED', [role]);
  });

  test('5.6.5 may not have expired', async () => {
    const paths = await sample.currentPaths(directory);
    forge(directory, paths[role], ({ signed }) => (signed.expires = yesterday), owner);
    await reseal();
    await expectRefused('REGISTRY_EXPIRED', [role]);
  });
});

describe('what was verified is kept, whatever comes after it', () => {
  const roles = ['timestamp', 'snapshot', 'targets', 'mathlab'] as const;

  test.each([
    ['5.4.5', 'timestamp', 'snapshot'],
    ['5.5.7', 'snapshot', 'targets'],
    ['5.6.6', 'targets', 'mathlab'],
  ] as const)('%s the %s is kept before the %s is asked for', async (_, last, refused) => {
    await fetchIndex();
    await delegate(await openRegistryDirectory(directory), 'third', alone(keys.bob), author);
    await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2));
    const paths = await sample.currentPaths(directory);
    server.lies.set(paths[refused], (_, response, bytes) =>
      response.end(Buffer.from(String(bytes).replace('"version":', '"version": '))),
    );
    const before = roles.map((role) => readFileSync(join(registry.directory, 'metadata', `${role}.json`)));
    await expect(fetchIndex()).rejects.toThrow();
    const isKept = roles.map((role, i) => {
      const now = readFileSync(join(registry.directory, 'metadata', `${role}.json`));
      if (!now.equals(readFileSync(join(directory, paths[role])))) expect(now.equals(before[i])).toBe(true);
      return !now.equals(before[i]);
    });
    expect(isKept).toEqual(roles.map((_, i) => i <= roles.indexOf(last)));
    server.lies.clear();
    expect([...(await calc()).keys()]).toEqual(['1.0.0', '1.1.0']);
  });
});

describe('5.6.7 delegations', () => {
  test('5.6.7 what leads to a target must be there to be verified', async () => {
    const { mathlab } = await sample.currentPaths(directory);
    server.lies.set(mathlab, (_, response) => response.writeHead(404).end());
    await expectRefused('REGISTRY_UNREACHABLE');
  });

  test('5.6.7.1 nobody is led in circles: an owner delegates nothing', async () => {
    const paths = await sample.currentPaths(directory);
    const top = JSON.parse(readFileSync(join(directory, paths.targets), 'utf8')) as sample.Document;
    const change = ({ signed }: sample.Document) =>
      Object.assign(signed, { targets: {}, delegations: top.signed.delegations });
    forge(directory, paths.mathlab, change, keys.ada);
    await reseal();
    await expectRefused('REGISTRY_DELEGATION', ['mathlab']);
  });

  test('5.6.7.2 one owner says nothing about the namespace of another', async () => {
    await publish(directory, bundleOf('other/own', '1.0.0', 3));
    const { snapshot } = await openRegistryDirectory(directory);
    const path = metadataPath('other', snapshot.signed.meta['other.json'].version);
    const trap = Buffer.from('{"format":"bankai.index/v1","namespace":"mathlab","packages":{}}');
    const change = ({ signed }: sample.Document) =>
      Object.assign(signed.targets as object, {
        'mathlab/index.json': { length: trap.length, hashes: { sha256: 'f'.repeat(64) } },
      });
    forge(directory, path, change, keys.bob);
    await reseal((meta) => (meta['other.json'] = metaOf(directory, path)));
    expect([...(await calc()).keys()]).toEqual(['1.0.0']);
  });

  test('an owner cannot serve an index that claims another namespace', async () => {
    const paths = await sample.currentPaths(directory);
    const bytes = Buffer.from('{"format":"bankai.index/v1","namespace":"other","packages":{}}');
    const { createHash } = await import('node:crypto');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const change = ({ signed }: sample.Document) =>
      (signed.targets = { [paths.index]: { length: bytes.length, hashes: { sha256 } } });
    forge(directory, paths.mathlab, change, keys.ada);
    await reseal();
    writeFileSync(join(directory, targetPath(paths.index, sha256)), bytes);
    await expectRefused('REGISTRY_DELEGATION');
  });

  test('the keeper says nothing about a namespace that is another’s', async () => {
    const paths = await sample.currentPaths(directory);
    const change = ({ signed }: sample.Document) =>
      (signed.targets = { [paths.index]: { length: 2, hashes: { sha256: 'f'.repeat(64) } } });
    forge(directory, paths.targets, change, keys.root);
    await reseal(undefined, paths);
    await expectRefused('REGISTRY_DELEGATION', ['targets']);
  });

  test('5.6.7.2 nobody is trusted with more than a namespace', async () => {
    const paths = await sample.currentPaths(directory);
    const change = ({ signed }: sample.Document) => {
      const { roles } = signed.delegations as { roles: { name: string; paths: string[] }[] };
      roles[1].paths = ['*/*'];
    };
    forge(directory, paths.targets, change, keys.root);
    await reseal(undefined, paths);
    await expectRefused('REGISTRY_DELEGATION', ['targets']);
  });

  test('a key of small order, which everybody can sign with, is no owner', async () => {
    const paths = await sample.currentPaths(directory);
    const change = ({ signed }: sample.Document) => {
      const { keys: known } = signed.delegations as { keys: Record<string, { keyval: { public: string } }> };
      Object.values(known)[0].keyval.public = '01'.padEnd(64, '0');
    };
    forge(directory, paths.targets, change, keys.root);
    await reseal(undefined, paths);
    await expect(fetchIndex()).toFailWithCode('KEY_WEAK');
  });

  test('a stolen key of an owner is taken away by the keeper', async () => {
    await fetchIndex();
    const fresh = sample.keyOf('fresh');
    const keeper = { ...author, ring: ringOf(keys.root, keys.online) };
    await delegate(await openRegistryDirectory(directory), 'mathlab', alone(fresh), keeper);
    await expectRefused('REGISTRY_SIGNATURE');
    await expect(
      publish(directory, bundleOf('mathlab/calc', '6.6.6', 6), { ...author, ring: ringOf(keys.ada, keys.online) }),
    ).toFailWithCode('REGISTRY_KEYS');
    const owner = { ...author, ring: ringOf(fresh, keys.online) };
    await publish(directory, bundleOf('mathlab/calc', '1.1.0', 2), owner);
    expect([...(await calc()).keys()]).toEqual(['1.0.0', '1.1.0']);
  });
});

describe('5.7 targets themselves', () => {
  test('5.7.2 what no metadata speaks of is not fetched', async () => {
    const { mathlab } = await sample.currentPaths(directory);
    forge(directory, mathlab, ({ signed }) => (signed.targets = {}), keys.ada);
    await reseal();
    expect((await fetchIndex()).packages.size).toBe(0);
    await expect((await openCatalogue(registry)).index('nobody')).toFailWithCode('NAMESPACE_UNKNOWN');
    expect(server.asked.filter((path) => path.startsWith('targets/'))).toEqual([]);
  });

  test('5.7.3 an index is not read further than was signed', async () => {
    const { mathlab, index } = await sample.currentPaths(directory);
    const { targets } = (
      JSON.parse(readFileSync(join(directory, mathlab), 'utf8')) as {
        signed: { targets: Record<string, { hashes: { sha256: string } }> };
      }
    ).signed;
    server.lies.set(targetPath(index, targets[index].hashes.sha256), endless);
    await expectRefused('REGISTRY_TOO_LONG');
  });

  test('5.7.3 an index must be the one that was signed', async () => {
    const { mathlab, index } = await sample.currentPaths(directory);
    const { targets } = (
      JSON.parse(readFileSync(join(directory, mathlab), 'utf8')) as {
        signed: { targets: Record<string, { hashes: { sha256: string } }> };
      }
    ).signed;
    server.lies.set(targetPath(index, targets[index].hashes.sha256), (_, response, bytes) =>
      response.end(Buffer.from(String(bytes).replace('what', 'that'))),
    );
    await expectRefused('REGISTRY_DIGEST');
  });

  test('5.7.3 a bundle must be the one of the index, and leaves nothing behind when it is not', async () => {
    const entry = (await calc()).get('1.0.0') as VersionEntry;
    const cache = temporaryDirectory();
    const before = fingerprint(cache);
    server.lies.set(bundlePath(entry.sha256), (_, response, bytes) =>
      response.end(Buffer.alloc(bytes?.length ?? 0, 0x20)),
    );
    await expect(obtainBundle(cache, server.url, entry)).toFailWithCode('REGISTRY_DIGEST');
    server.lies.set(bundlePath(entry.sha256), endless);
    await expect(obtainBundle(cache, server.url, entry)).toFailWithCode('REGISTRY_TOO_LONG');
    expect(fingerprint(cache)).toEqual({ ...before, partial: expect.any(String) });
  });
});
