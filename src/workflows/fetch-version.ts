/** Owns the way of a version from a registry to what can be recorded: found, fetched, and held to what its index says. */
import { CompatibilityError, FormatError, RegistryError } from '../errors.js';
import { canonicalBytes } from '../patch/canonical.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import { patchId } from '../patch/patch.js';
import { obtainBundle } from '../registry/bundle-cache.js';
import { type Bundle, decodeBundle } from '../registry/bundle.js';
import { findRegistry, type KnownRegistry } from '../registry/known-registries.js';
import type { Lock, LockedVersion } from '../registry/lock-file.js';
import { formatName, highestVersion, newestFirst, type PackageRange } from '../registry/names.js';
import type { NamespaceIndex, VersionEntry } from '../registry/namespace-index.js';
import { summarize } from '../registry/summary.js';
import { isEvidenceKind } from '../repo/state.js';
import type { Origin } from '../trust/trust.js';
import type { Catalogues } from './catalogues.js';
import { judgeEvidence } from './evidence.js';
import type { RegistryPlaces } from './search-registries.js';

/** A version that was fetched, verified, and found to fit. */
export interface Fetched {
  readonly name: string;
  /** Where it came from, as the scopes of trusted keys have it. */
  readonly origin: Origin;
  readonly locked: LockedVersion;
  readonly bundle: Bundle;
  /** Of the bundle. */
  readonly bytes: Uint8Array;
}

/** Finds the registry: the one named, the one that the lock file pins, or the only one that has the namespace. */
export async function registryOf(
  { namespace }: PackageRange,
  name: string | undefined,
  locked: LockedVersion | undefined,
  { configDirectory }: RegistryPlaces,
  catalogues: Catalogues,
): Promise<KnownRegistry> {
  if (name !== undefined) return findRegistry(configDirectory, name);
  const known = await catalogues.known();
  const pinned = locked && known.find(({ root, url }) => root === locked.registry.root || url === locked.registry.url);
  if (pinned) return pinned;
  if (locked) {
    throw new RegistryError(
      'REGISTRY_UNKNOWN',
      `The registry ${locked.registry.url} of the lock file is not trusted here`,
      {
        hint: `If you trust it: "bankai registry add ${locked.registry.url} --root ${locked.registry.root}".`,
        data: { ...locked.registry },
      },
    );
  }
  if (known.length < 2) return findRegistry(configDirectory);
  const having: KnownRegistry[] = [];
  for (const registry of known) {
    if ((await catalogues.open(registry)).namespaces.includes(namespace)) having.push(registry);
  }
  if (having.length === 1) return having[0];
  throw new RegistryError(
    'NAMESPACE_UNKNOWN',
    `${having.length === 0 ? 'No' : 'More than one'} trusted registry has a namespace "${namespace}"`,
    {
      hint: `Say which one with --registry: ${known.map((registry) => registry.name).join(', ')}.`,
      data: { namespace },
    },
  );
}

/** Fetches the highest version in a range that fits a base, and verifies all that is said of it; nothing is kept. Throws as `add`. */
export async function fetchNewest(
  registry: KnownRegistry,
  range: PackageRange,
  base: WeightsId,
  lock: Lock,
  { cacheDirectory, network }: RegistryPlaces,
  catalogues: Catalogues,
): Promise<Fetched> {
  const name = formatName(range);
  const index = await catalogues.index(registry, range.namespace);
  const [version, entry] = newestFor(index, range, base, lock.get(name));
  const locked = lock.get(name);
  if (locked?.version === version && locked.sha256 !== entry.sha256) throw changed(name, version, registry.url);
  const bytes = await obtainBundle(cacheDirectory, registry.url, entry, network);
  const bundle = decodeBundle(bytes);
  assertHonest(bundle, name, version, entry);
  const pin = { sha256: entry.sha256, bytes: entry.bytes, patch: patchId(bundle.patch), base: bundle.patch.base };
  const { url, root } = registry;
  const kept = range.isOpen ? `^${version}` : range.range;
  const origin = [`namespace:${range.namespace}`, `registry:${registry.name}`];
  return { name, origin, bundle, bytes, locked: { registry: { url, root }, range: kept, version, ...pin } };
}

/** The highest version in a range that is for a base: what is yanked only when it is installed, or asked for by its number. */
export function newestFor(
  { packages, namespace }: NamespaceIndex,
  { name, range }: PackageRange,
  base: WeightsId,
  locked?: LockedVersion,
): [string, VersionEntry] {
  const full = `${namespace}/${name}`;
  const versions = packages.get(name);
  if (!versions) {
    throw new RegistryError('PACKAGE_UNKNOWN', `There is no ${full}`, {
      hint:
        packages.size === 0
          ? `Nothing is published in "${namespace}" yet.`
          : `Namespace "${namespace}" has ${[...packages.keys()].slice(0, 20).join(', ')}.`,
      data: { name: full },
    });
  }
  const offered = [...versions].filter(
    ([version, { yanked }]) => yanked === undefined || version === range || version === locked?.version,
  );
  const fitting = offered.filter(([, entry]) => entry.base === base);
  const version = highestVersion(
    fitting.map(([each]) => each),
    range,
  );
  if (version !== undefined) return [version, versions.get(version) as VersionEntry];
  const other = highestVersion(
    offered.map(([each]) => each),
    range,
  );
  if (other !== undefined) {
    const theirs = versions.get(other) as VersionEntry;
    throw new CompatibilityError(
      'BASE_MISMATCH',
      `${full}@${other} is for base ${theirs.base.slice(0, 12)}${theirs.baseName === undefined ? '' : ` (${theirs.baseName})`}, not ${base.slice(0, 12)}`,
      {
        hint: `Use "bankai search --base ${base.slice(0, 12)}" to see what there is for your model.`,
        data: { name: full, version: other, theirs: theirs.base, ours: base },
      },
    );
  }
  throw new RegistryError('VERSION_UNKNOWN', `No version of ${full} is in the range ${range}`, {
    hint: `There is ${newestFirst(versions.keys())
      .slice(0, 10)
      .map((each) => (versions.get(each)?.yanked === undefined ? each : `${each} (yanked)`))
      .join(', ')}.`,
    data: { name: full, range },
  });
}

/** Asserts that a bundle is what its index says, and that every statement in it holds. */
function assertHonest(bundle: Bundle, name: string, version: string, entry: VersionEntry): void {
  if (formatName(bundle) !== name || bundle.version !== version) {
    throw lying(name, version, `its bundle is ${formatName(bundle)}@${bundle.version}`);
  }
  const unknown = bundle.evidence.find(({ kind }) => !isEvidenceKind(kind));
  if (unknown) throw lying(name, version, `nobody knows evidence of the kind "${unknown.kind}"`);
  const id = patchId(bundle.patch);
  if (id !== entry.patch) throw otherPatch(name, version, id, entry.patch);
  const { statements } = judgeEvidence(bundle.evidence, id, bundle.patch.base);
  const signed = statements.map((check) => {
    if ('error' in check) throw check.error;
    return check;
  });
  const { sha256: _sha256, bytes: _bytes, yanked: _yanked, ...claimed } = entry;
  const found: object = summarize(bundle, signed);
  const spelt = (summary: object, key: string): string =>
    Buffer.from(canonicalBytes([(summary as Record<string, unknown>)[key] ?? null])).toString();
  const odd = Object.keys({ ...claimed, ...found }).find((key) => spelt(found, key) !== spelt(claimed, key));
  if (odd !== undefined) throw lying(name, version, `its "${odd}" is not what its statements say`);
}

function lying(name: string, version: string, fact: string): RegistryError {
  return new RegistryError(
    'REGISTRY_INVALID',
    `The registry does not tell the truth about ${name}@${version}: ${fact}`,
    {
      hint: 'Tell its publisher. Nothing was added.',
      data: { name, version },
    },
  );
}

function otherPatch(name: string, version: string, id: PatchId, expectedId: PatchId): FormatError {
  return new FormatError(
    'PATCH_ID_MISMATCH',
    `${name}@${version} holds patch ${id.slice(0, 12)}, not patch ${expectedId.slice(0, 12)} as its registry says`,
    { hint: 'Tell its publisher. Nothing was added.', data: { name, version, id, expectedId } },
  );
}

/** The error for a version that is not what it was. */
export function changed(name: string, version: string, url: string): RegistryError {
  return new RegistryError('VERSION_CHANGED', `${url} serves another ${name}@${version} than the lock file pins`, {
    hint: 'A version never changes: somebody exchanged it. Tell the keeper of the registry. Nothing was changed here.',
    data: { name, version },
  });
}
