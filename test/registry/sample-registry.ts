/** Registries to fetch from: made in a directory, with keys that are never kept, and changed as an attacker could. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalBytes } from '../../src/patch/canonical.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { sha256Hex } from '../../src/patch/ids.js';
import { createPatch } from '../../src/patch/patch.js';
import { createRegistry, delegate, publishIndex } from '../../src/registry/author.js';
import { type Bundle, encodeBundle } from '../../src/registry/bundle.js';
import type { KnownRegistry } from '../../src/registry/known-registries.js';
import { bundlePath, metadataPath } from '../../src/registry/layout.js';
import { type KeyRing, type RoleKeys, tufKey } from '../../src/registry/metadata.js';
import { indexPath, type VersionEntry } from '../../src/registry/namespace-index.js';
import { openRegistryDirectory, readNamespaceIndex } from '../../src/registry/registry-directory.js';
import { writeRegistryFile } from '../../src/registry/revision.js';
import { summarize } from '../../src/registry/summary.js';
import { keyOfSeed, type SigningKey } from '../../src/trust/signing-key.js';
import { temporaryDirectory } from '../paths.js';

/** A key that is the same in every run. */
export const keyOf = (name: string): SigningKey => keyOfSeed(Buffer.from(sha256Hex(Buffer.from(name)), 'hex'));

/** What one key may sign alone. */
export const alone = (key: SigningKey): RoleKeys => ({ keys: [key.publicKey], threshold: 1 });

/** All keys that a person has at hand. */
export const ringOf =
  (...keys: readonly SigningKey[]): KeyRing =>
  async ({ keys: may, threshold }) =>
    keys.filter(({ id }) => may.some((key) => key.id === id)).slice(0, threshold);

export const keys = { root: keyOf('root'), online: keyOf('online'), ada: keyOf('ada'), bob: keyOf('bob') };

/** Long before now, and good for ever: tests do not depend on the day. */
export const author = { ring: ringOf(keys.root, keys.online, keys.ada, keys.bob), time: new Date(), days: 3650 };

const base = 'ab'.repeat(32) as WeightsId;

/** The bundle of a version; the row that its patch flips makes it another patch. */
export function bundleOf(name: string, version: string, row = 1, model: WeightsId = base): Bundle {
  const [namespace, short] = name.split('/');
  const patch = createPatch(model, [{ kind: 'row', tensor: 'blk.0.ffn_up.weight', row }]);
  return { namespace, name: short, version, description: `what ${name} is for`, patch, evidence: [] };
}

/** Makes a registry of Ada's and Bob's namespaces, with one version in Ada's. → its directory */
export async function makeRegistry(): Promise<string> {
  const path = temporaryDirectory();
  const roles = {
    root: alone(keys.root),
    targets: alone(keys.root),
    snapshot: alone(keys.online),
    timestamp: alone(keys.online),
  };
  const empty = await createRegistry(path, roles, author);
  await delegate(await delegate(empty, 'mathlab', alone(keys.ada), author), 'other', alone(keys.bob), author);
  await publish(path, bundleOf('mathlab/calc', '1.0.0'));
  return path;
}

let template: Promise<string> | undefined;

/** A registry as `makeRegistry` makes it. To make one takes seconds on a slow disk, so it is made once in a test file. */
export async function copyOfRegistry(): Promise<string> {
  template ??= makeRegistry();
  const path = temporaryDirectory();
  cpSync(await template, path, { recursive: true });
  return path;
}

/** Publishes a version, as the workflow does. → its entry in the index */
export async function publish(
  path: string,
  bundle: Bundle,
  by = author,
  signed: Parameters<typeof summarize>[1] = [],
): Promise<VersionEntry> {
  const registry = await openRegistryDirectory(path);
  const index = await readNamespaceIndex(registry, bundle.namespace);
  const bytes = encodeBundle(bundle);
  const entry: VersionEntry = { ...summarize(bundle, signed), sha256: sha256Hex(bytes), bytes: bytes.length };
  await writeRegistryFile(path, bundlePath(entry.sha256), bytes);
  const versions = new Map(index.packages.get(bundle.name)).set(bundle.version, entry);
  await publishIndex(registry, { ...index, packages: new Map(index.packages).set(bundle.name, versions) }, by);
  return entry;
}

/** What a person has who trusts a registry by its first root, and has fetched nothing yet. */
export function trustedRegistry(url: string, directory: string): KnownRegistry {
  const bytes = readFileSync(join(directory, metadataPath('root', 1)));
  const place = temporaryDirectory();
  mkdirSync(join(place, 'metadata'));
  writeFileSync(join(place, 'metadata', 'root.json'), bytes);
  return { name: 'lab', url, root: sha256Hex(bytes), directory: place };
}

/** A metadata file as an attacker sees it. */
export interface Document {
  signed: Record<string, unknown> & { version: number; expires: string };
  signatures: { keyid: string; sig: string }[];
}

/** Rewrites a metadata file, and signs it again with the keys given: with those that were stolen, or with none. */
export function forge(
  directory: string,
  path: string,
  change: (document: Document) => void,
  ...signers: readonly SigningKey[]
): void {
  const document = JSON.parse(readFileSync(join(directory, path), 'utf8')) as Document;
  change(document);
  if (signers.length > 0) {
    const bytes = canonicalBytes(document.signed);
    document.signatures = signers.map((key) => ({
      keyid: tufKey(key.publicKey).keyID,
      sig: Buffer.from(key.sign(bytes)).toString('hex'),
    }));
  }
  writeFileSync(join(directory, path), canonicalBytes(document));
}

/** The path of the metadata that a registry has now. */
export async function currentPaths(directory: string) {
  const { snapshot, targets, root } = await openRegistryDirectory(directory);
  const meta = snapshot.signed.meta;
  return {
    timestamp: 'metadata/timestamp.json',
    root: metadataPath('root', root.signed.version),
    snapshot: metadataPath('snapshot', snapshot.signed.version),
    targets: metadataPath('targets', targets.signed.version),
    mathlab: metadataPath('mathlab', meta['mathlab.json'].version),
    index: indexPath('mathlab'),
  };
}

/** Says of a file what metadata says of another file. */
export function metaOf(directory: string, path: string) {
  const bytes = readFileSync(join(directory, path));
  const { version } = (JSON.parse(bytes.toString('utf8')) as Document).signed;
  return { version, length: bytes.length, hashes: { sha256: sha256Hex(bytes) } };
}

/** Makes timestamp and snapshot say what the files are now: an attacker who has stolen the key that is online. */
export async function reseal(
  directory: string,
  changeSnapshot: (meta: Record<string, object>, document: Document) => void = () => undefined,
  known?: Awaited<ReturnType<typeof currentPaths>>,
) {
  const paths = known ?? (await currentPaths(directory));
  forge(
    directory,
    paths.snapshot,
    (document) => {
      const meta = document.signed.meta as Record<string, object>;
      for (const role of ['targets', 'mathlab'] as const) meta[`${role}.json`] = metaOf(directory, paths[role]);
      changeSnapshot(meta, document);
    },
    keys.online,
  );
  forge(
    directory,
    paths.timestamp,
    ({ signed }) => {
      signed.version += 1;
      (signed.meta as Record<string, object>)['snapshot.json'] = metaOf(directory, paths.snapshot);
    },
    keys.online,
  );
  return paths;
}
