/**
 * The thirteen attacks on whoever adds a patch, one by one, by the program itself: each is refused with a code of its own, and
 * afterwards every byte of repository, model, keys and caches is what it was. Of a registry, TUF's metadata as far as it
 * was verified is kept, as TUF wants it.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { type PatchId, sha256Hex, type WeightsId } from '../../src/patch/ids.js';
import { createPatch, encodePatch, patchId } from '../../src/patch/patch.js';
import { publishIndex } from '../../src/registry/author.js';
import { addRegistry } from '../../src/registry/known-registries.js';
import { metadataPath } from '../../src/registry/layout.js';
import type { VersionEntry } from '../../src/registry/namespace-index.js';
import { openRegistryDirectory, readNamespaceIndex } from '../../src/registry/registry-directory.js';
import type { EvidenceFile } from '../../src/repo/state.js';
import { loadOrCreateKey } from '../../src/trust/keys.js';
import { judgeEvidence } from '../../src/workflows/evidence.js';
import { searchRegistries } from '../../src/workflows/search-registries.js';
import { temporaryDirectory } from '../paths.js';
import { type HostileServer, serveHostile } from '../registry/hostile-server.js';
import * as sample from '../registry/sample-registry.js';
import { runGit } from '../repo/sandbox.js';
import { plant, revocation, sealed, type Target, targetOf, wrongStatements } from '../trust/hostile-evidence.js';
import { createCli } from './cli.js';
import { fingerprint, makeSampleRepository, recorderAt } from './repository.js';

const ada = createCli();
const victim = createCli();
const config = join(victim.env.XDG_CONFIG_HOME, 'bankai');
const cache = join(victim.env.XDG_CACHE_HOME, 'bankai');
const places = { configDirectory: config, cacheDirectory: cache };

/** Ada's repository, in which Mallory can write, and whose statements registries publish. */
let target: Target;
let registries = 0;

beforeAll(async () => {
  await makeSampleRepository(ada);
  target = await targetOf(ada.directory);
  cpSync(ada.directory, victim.directory, { recursive: true });
  runGit(victim.directory, 'remote', 'add', 'mallory', ada.directory);
});

/** A registry that the victim trusts by its first root. */
interface Attacked {
  readonly name: string;
  readonly directory: string;
  readonly server: HostileServer;
}

/** What an owner publishes as `mathlab/evil@1.0.0`, signed as it is. */
interface Publication {
  readonly evidence?: readonly EvidenceFile[];
  readonly patch?: typeof target.patch;
  /** What the index says instead of what follows from the bundle. */
  readonly entry?: Partial<VersionEntry>;
}

async function attacked({ evidence, patch = target.patch, entry = {} }: Publication = {}): Promise<Attacked> {
  const directory = await sample.copyOfRegistry();
  const files = evidence ?? [sealed(target.envelope), target.key];
  const bundle = { namespace: 'mathlab', name: 'evil', version: '1.0.0', description: '', patch, evidence: files };
  const { statements } = judgeEvidence(files, patchId(patch));
  const holding = statements.flatMap((check) => ('error' in check ? [] : [check]));
  const honest = await sample.publish(directory, bundle, sample.author, holding);
  if (Object.keys(entry).length > 0) {
    const registry = await openRegistryDirectory(directory);
    const index = await readNamespaceIndex(registry, 'mathlab');
    const packages = new Map(index.packages).set('evil', new Map([['1.0.0', { ...honest, ...entry }]]));
    await publishIndex(registry, { ...index, packages }, sample.author);
  }
  const server = await serveHostile(directory);
  const name = `registry-${++registries}`;
  const root = sha256Hex(readFileSync(join(directory, metadataPath('root', 1))));
  await addRegistry(config, { name, url: server.url, first: { digest: root } });
  return { name, directory, server };
}

/** Everything that an attack could leave something in. */
const everything = () => ({
  repository: fingerprint(victim.directory),
  cache: existsSync(cache) ? fingerprint(cache) : {},
  keys: Object.fromEntries(Object.entries(fingerprint(config)).filter(([path]) => !/^registries\b/.test(path))),
});

async function refusal(args: readonly string[]): Promise<string> {
  const { code, stdout } = await victim.run([...args, '--json']);
  expect([args[0], code]).toEqual([args[0], 128]);
  return (JSON.parse(stdout) as { error: { code: string } }).error.code;
}

/** What `add` refuses a registry with. It has made room for a download, and nothing is in there. */
async function addingFrom({ name }: Attacked): Promise<string> {
  const before = everything();
  const code = await refusal(['add', 'mathlab/evil', '-b', 'added', '--registry', name]);
  const { cache: kept, ...rest } = everything();
  expect({ ...rest, cache: {} }).toEqual({ ...before, cache: {} });
  expect(Object.keys(kept).filter((path) => path !== '' && path !== 'partial')).toEqual([]);
  return code;
}

/** What the other commands refuse the same with, where it lies in the repository of somebody else. */
async function takingFrom(remote: string, after: string): Promise<readonly string[]> {
  const before = fingerprint(victim.directory);
  const codes = [await refusal(['pull', remote, 'evil'])];
  if (after === 'nothing') expect(fingerprint(victim.directory)).toEqual(before);
  // What holds is fetched, and goes no further.
  else codes.push(await refusal(['merge', 'mallory/evil']), await refusal(['checkout', 'mallory/evil']));
  expect(runGit(victim.directory, 'for-each-ref', 'refs/heads').includes('evil')).toBe(false);
  return codes;
}

const planted = async (
  evidence: readonly EvidenceFile[],
  content = encodePatch(target.patch),
  at: PatchId = target.id,
): Promise<void> => plant(target, content, at, evidence);

/** Ways of attack by what is said about a patch: from a registry, and from a repository. */
const byStatement = (name: Parameters<typeof statementOf>[0]) => async () => {
  const evidence = statementOf(name);
  await planted(evidence);
  return { from: await attacked({ evidence }), taken: 'nothing' };
};

const statementOf = (what: ReturnType<typeof wrongStatements>[number]['name']): readonly EvidenceFile[] =>
  wrongStatements(target).find(({ name }) => name === what)?.evidence ?? [];

const foreign = () =>
  createPatch('b'.repeat(64) as WeightsId, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 1 }]);
const other = () => createPatch(target.base, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row: 1 }]);
const timestamp = 'metadata/timestamp.json';

interface Attack {
  readonly from: Attacked;
  /** What git's way leaves, where the attack can go it too. */
  readonly taken?: string;
}

const attacks: readonly (readonly [name: string, code: ErrorCode, prepare: () => Promise<Attack>])[] = [
  ['forged', 'SIGNATURE_INVALID', byStatement('forged: another signature')],
  ['truncated', 'STATEMENT_INVALID', byStatement('truncated')],
  ['replayed', 'STATEMENT_MISMATCH', byStatement('replayed from another patch')],
  ['type-confused', 'PAYLOAD_TYPE', byStatement('signed as something else')],
  ['malleable', 'SIGNATURE_MALLEABLE', byStatement('signed with S + L')],
  ['small-order key', 'KEY_WEAK', byStatement('signed by a key of small order')],
  [
    'wrong base',
    'BASE_MISMATCH',
    async () => {
      await planted([], encodePatch(foreign()), patchId(foreign()));
      return { from: await attacked({ patch: foreign(), evidence: [] }), taken: 'nothing' };
    },
  ],
  [
    'wrong id',
    'PATCH_ID_MISMATCH',
    async () => {
      await planted([], encodePatch(other()));
      return { from: await attacked({ patch: other(), evidence: [], entry: { patch: target.id } }), taken: 'nothing' };
    },
  ],
  [
    'revoked',
    'REVOKED',
    async () => {
      const author = await loadOrCreateKey(recorderAt(ada).keyDirectory);
      const evidence = [sealed(target.envelope), target.key, revocation(target, 'patch', target.id, author)[0]];
      await planted(evidence);
      return { from: await attacked({ evidence }), taken: 'fetched' };
    },
  ],
  [
    'expired',
    'REGISTRY_EXPIRED',
    async () => {
      const from = await attacked();
      const { mathlab } = await sample.currentPaths(from.directory);
      sample.forge(from.directory, mathlab, ({ signed }) => (signed.expires = '2020-01-01T00:00:00Z'), sample.keys.ada);
      await sample.reseal(from.directory);
      return { from };
    },
  ],
  [
    'downgraded',
    'REGISTRY_ROLLBACK',
    async () => {
      const from = await attacked();
      const before = temporaryDirectory();
      cpSync(from.directory, before, { recursive: true });
      await sample.publish(from.directory, sample.bundleOf('mathlab/other', '1.0.0', 2));
      await searchRegistries({ all: true, registry: from.name }, places);
      from.server.directory = before;
      return { from };
    },
  ],
  [
    'frozen',
    'REGISTRY_FROZEN',
    async () => {
      const from = await attacked();
      const expire = ({ signed }: sample.Document) => (signed.expires = '2020-01-01T00:00:00Z');
      sample.forge(from.directory, timestamp, expire, sample.keys.online);
      return { from };
    },
  ],
  [
    'mix-and-match',
    'REGISTRY_MIXED',
    async () => {
      const from = await attacked();
      const { snapshot } = await sample.currentPaths(from.directory);
      const next = snapshot.replace(/\d+/, (version) => String(Number(version) + 1));
      cpSync(join(from.directory, snapshot), join(from.directory, next));
      const change = ({ signed }: sample.Document) => {
        const meta = sample.metaOf(from.directory, snapshot);
        Object.assign(signed, {
          version: signed.version + 1,
          meta: { 'snapshot.json': { ...meta, version: meta.version + 1 } },
        });
      };
      sample.forge(from.directory, timestamp, change, sample.keys.online);
      return { from };
    },
  ],
];

describe('what is', () => {
  test.each(attacks)('%s is refused with %s', async (_, code, prepare) => {
    const { from, taken } = await prepare();
    expect(await addingFrom(from)).toBe(code);
    if (taken !== undefined) for (const found of await takingFrom('mallory', taken)) expect(found).toBe(code);
    else {
      const { problems } = await searchRegistries({ all: true, registry: from.name }, places);
      expect(problems).toMatchObject([{ code }]);
    }
  });

  test('so refused has thirteen codes', () => {
    expect(new Set(attacks.map(([, code]) => code)).size).toBe(13);
  });
});

test('the same registry without an attack is added from', async () => {
  const { name } = await attacked();
  const { code, stderr } = await victim.run(['add', 'mathlab/evil', '-b', 'added', '--registry', name]);
  expect([code, stderr]).toEqual([0, '']);
  expect(runGit(victim.directory, 'branch', '--list', 'added')).toContain('added');
  expect(Object.keys(fingerprint(cache)).some((path) => /^bundles.[0-9a-f]{2}.[0-9a-f]{62}\.json$/.test(path))).toBe(
    true,
  );
});

test('a patch file for another base is not imported either', async () => {
  const file = join(temporaryDirectory(), 'foreign.json');
  writeFileSync(file, encodePatch(foreign()));
  const before = fingerprint(victim.directory);
  expect(await refusal(['import', file, '-b', 'imported'])).toBe('BASE_MISMATCH');
  writeFileSync(file, encodePatch(target.patch).subarray(0, -1));
  expect(await refusal(['import', file, '-b', 'imported'])).toBe('PATCH_INVALID');
  expect(fingerprint(victim.directory)).toEqual(before);
});
