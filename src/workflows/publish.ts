/** Owns `bankai registry publish` and `yank`: a patch of a repository becomes a version in a registry, or is warned of. */
import { resolve } from 'node:path';
import { RegistryError, UsageError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { publishIndex } from '../registry/author.js';
import { type Bundle, encodeBundle } from '../registry/bundle.js';
import { bundlePath } from '../registry/layout.js';
import { formatName, type PackageVersion, parseVersion } from '../registry/names.js';
import type { NamespaceIndex, VersionEntry } from '../registry/namespace-index.js';
import {
  openRegistryDirectory,
  ownersOf,
  readNamespaceIndex,
  readPublishedIndex,
  type RegistryDirectory,
} from '../registry/registry-directory.js';
import { writeRegistryFile } from '../registry/revision.js';
import { summarize } from '../registry/summary.js';
import type { CommitId } from '../repo/ids.js';
import { readEvidence } from '../repo/state.js';
import { choosePatches } from './chosen-patches.js';
import { judgeEvidence } from './evidence.js';
import { changeRegistry } from './registry.js';
import { authorOf, type RegistryAuthor } from './registry-keys.js';
import { messageOf } from './show.js';
import { baseName } from './status.js';
import { openWorkspace } from './workspace.js';

/** Characters of a description that an index takes. */
const DESCRIPTION_LIMIT = 1000;

export interface PublishRequest {
  /** The first digits of a patch id, or a stack of one patch. */
  readonly patch: string;
  /** `NAMESPACE/NAME@VERSION` */
  readonly as: string;
  readonly registry: string;
  /** By default the message of the commit that added the patch. */
  readonly description?: string;
}

/**
 * Publishes a patch with its evidence. Throws VERSION_EXISTS, NAMESPACE_UNKNOWN, REGISTRY_KEYS, NAME_INVALID, USAGE (not one
 * patch), SIGNATURE_INVALID and other codes of statements that do not hold.
 */
export async function publish(directory: string, request: PublishRequest, author: RegistryAuthor) {
  const at = parseVersion(request.as);
  const { bundle, signed } = await bundleOf(directory, at, request);
  const bytes = encodeBundle(bundle);
  const entry: VersionEntry = { ...summarize(bundle, signed), sha256: sha256Hex(bytes), bytes: bytes.length };
  const waiting = await changeIndex(request.registry, at, author, async (registry, versions) => {
    const before = versions.get(at.version);
    // What was interrupted, or waits, is gone on with; nobody has seen it yet.
    if (before && (before.sha256 !== entry.sha256 || (await isPublished(registry, at)))) throw exists(at);
    await writeRegistryFile(registry.path, bundlePath(entry.sha256), bytes);
    return entry;
  });
  return { name: formatName(at), version: at.version, ...entry, evidence: bundle.evidence.length, waiting };
}

/** Says of a version that nobody should begin to use it, or takes that back. Throws VERSION_UNKNOWN, REGISTRY_KEYS, …. */
export async function yank(
  request: { readonly version: string; readonly registry: string; readonly reason?: string },
  author: RegistryAuthor,
) {
  const at = parseVersion(request.version);
  const { reason } = request;
  const waiting = await changeIndex(request.registry, at, author, async (_, versions) => {
    const entry = versions.get(at.version);
    if (!entry) throw unknownVersion(at, [...versions.keys()]);
    const { yanked: _before, ...rest } = entry;
    return { ...rest, ...(reason !== undefined && { yanked: reason }) };
  });
  return { name: formatName(at), version: at.version, ...(reason !== undefined && { yanked: reason }), waiting };
}

/** Changes one version of an index and publishes that. → whether it waits for the keeper of the registry */
async function changeIndex(
  directory: string,
  { namespace, name, version }: PackageVersion,
  author: RegistryAuthor,
  change: (registry: RegistryDirectory, versions: ReadonlyMap<string, VersionEntry>) => Promise<VersionEntry>,
): Promise<boolean> {
  const path = resolve(directory);
  return changeRegistry(path, async () => {
    const registry = await openRegistryDirectory(path);
    const writer = authorOf(author);
    const owners = ownersOf(registry, namespace);
    const index = await readNamespaceIndex(registry, namespace);
    // Asked for now: nothing is to be written for somebody who may not sign.
    if ((await writer.ring(owners)).length < owners.threshold) throw notOwner(namespace, owners.keys);
    const versions = index.packages.get(name) ?? new Map<string, VersionEntry>();
    const entry = await change(registry, versions);
    const packages = new Map(index.packages).set(name, new Map(versions).set(version, entry));
    const next: NamespaceIndex = { ...index, packages };
    return (await publishIndex(registry, next, writer)).waiting;
  });
}

async function isPublished(
  registry: RegistryDirectory,
  { namespace, name, version }: PackageVersion,
): Promise<boolean> {
  return (await readPublishedIndex(registry, namespace)).packages.get(name)?.has(version) === true;
}

async function bundleOf(directory: string, at: PackageVersion, request: PublishRequest) {
  const workspace = await openWorkspace(directory);
  const { repository, state } = workspace;
  const { name, loaded, commitOf } = await choosePatches(repository, request.patch);
  if (loaded.size !== 1) throw notOne(name, loaded.size);
  const [[id, patch]] = loaded;
  const commit = commitOf.get(id) as CommitId;
  const evidence = await readEvidence(repository, commit, id);
  const signed = judgeEvidence(evidence, id, state.weightsId).statements.map((check) => {
    if ('error' in check) throw check.error;
    return check;
  });
  const called = await baseName(workspace);
  const description = request.description ?? (await messageOf(repository, commit, id)) ?? '';
  const bundle: Bundle = {
    ...at,
    // Not cut in the middle of a character.
    description: Buffer.from(description.slice(0, DESCRIPTION_LIMIT)).toString('utf8'),
    ...(called !== undefined && { baseName: called.slice(0, 200) }),
    patch,
    evidence,
  };
  return { bundle, signed };
}

function exists(at: PackageVersion): RegistryError {
  return new RegistryError('VERSION_EXISTS', `${formatName(at)}@${at.version} is published already`, {
    hint: 'A version never changes. Publish a higher one; warn of this one with "bankai registry yank".',
    data: { name: formatName(at), version: at.version },
  });
}

/** The error for a version that an index does not have. */
export function unknownVersion(at: PackageVersion, known: readonly string[]): RegistryError {
  return new RegistryError('VERSION_UNKNOWN', `There is no ${formatName(at)}@${at.version}`, {
    hint: known.length === 0 ? 'It has no version yet.' : `There is ${known.slice(-10).join(', ')}.`,
    data: { name: formatName(at), version: at.version },
  });
}

function notOwner(namespace: string, keys: readonly { readonly id: string }[]): RegistryError {
  const ids = keys.map(({ id }) => id);
  return new RegistryError(
    'REGISTRY_KEYS',
    `Namespace "${namespace}" belongs to ${ids.map((id) => id.slice(0, 16)).join(', ')}`,
    {
      hint: 'None of your keys is that one: see "bankai key list". Ask the keeper to give you a namespace.',
      data: { namespace, keys: ids },
    },
  );
}

function notOne(name: string, count: number): UsageError {
  return new UsageError(
    'USAGE',
    `${name} has ${count === 0 ? 'no patch' : `${count} patches`}; a version is one patch`,
    {
      hint:
        count === 0
          ? 'Name a branch that has one.'
          : 'Give the first digits of one id, or make one of them with "bankai squash".',
    },
  );
}
