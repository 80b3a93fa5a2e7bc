/**
 * Owns TUF metadata as we write it and let it in: one spelling, Ed25519 keys without flaws under their own ids, and
 * delegations of nothing but a namespace to its owner (docs/REGISTRY.md, "Metadata").
 */
import {
  Key,
  Metadata,
  MetadataKind,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';
import { RegistryError } from '../errors.js';
import { canonicalBytes, parseJson } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { schemaViolation } from '../schema.js';
import { createPublicKey, type PublicKey } from '../trust/public-key.js';
import type { SigningKey } from '../trust/signing-key.js';
import { metadataLimits, type TopRole } from './layout.js';

/** The metadata of each kind. */
interface Kinds {
  readonly root: Root;
  readonly timestamp: Timestamp;
  readonly snapshot: Snapshot;
  readonly targets: Targets;
}

/** What may sign for a role, and how many of it must. */
export interface RoleKeys {
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
}

/** Gives the keys at hand among those that may sign: as many as the threshold asks for, or fewer. */
export type KeyRing = (may: RoleKeys) => Promise<readonly SigningKey[]>;

const kinds = {
  root: MetadataKind.Root,
  timestamp: MetadataKind.Timestamp,
  snapshot: MetadataKind.Snapshot,
  targets: MetadataKind.Targets,
} as const;

/** The path patterns of a namespace's delegation: its own targets, and nothing below or beside them. */
export const namespacePaths = (namespace: string): string[] => [`${namespace}/*`];

/** Makes TUF's form of a public key. Its id there is the digest of that form, not our key id. */
export function tufKey(key: PublicKey): Key {
  const form = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: Buffer.from(key.bytes).toString('hex') } };
  return new Key({
    keyID: sha256Hex(canonicalBytes(form)),
    keyType: form.keytype,
    scheme: form.scheme,
    keyVal: form.keyval,
  });
}

/** Reads TUF's form of a public key. Throws KEY_INVALID for a flawed key, REGISTRY_INVALID for a wrong id. */
export function publicKeyOf(key: Key): PublicKey {
  const publicKey = createPublicKey(Buffer.from(key.keyVal.public, 'hex'));
  if (tufKey(publicKey).keyID !== key.keyID) throw invalid('metadata', `has key ${key.keyID} under a wrong id`);
  return publicKey;
}

/** Names the keys of a role, out of the keys of its delegator. */
export function roleKeys(
  { keyIDs, threshold }: { readonly keyIDs: readonly string[]; readonly threshold: number },
  keys: Readonly<Record<string, Key>>,
): RoleKeys {
  return { keys: keyIDs.flatMap((id) => (Object.hasOwn(keys, id) ? [publicKeyOf(keys[id])] : [])), threshold };
}

/** Encodes metadata as the bytes of its file. */
export function encodeMetadata(metadata: Metadata<Root | Timestamp | Snapshot | Targets>): Uint8Array {
  return canonicalBytes(metadata.toJSON());
}

/**
 * Decodes a metadata file, unverified. Throws REGISTRY_INVALID for what is not as this document says, however well it is
 * signed, and REGISTRY_DELEGATION for a delegation of more than a namespace.
 */
export function decodeMetadata<Kind extends TopRole>(
  kind: Kind,
  bytes: Uint8Array,
  name: string = kind,
): Metadata<Kinds[Kind]> {
  const fail = (problem: string, cause?: unknown) => invalid(name, problem, cause);
  const json = parseJson(bytes, metadataLimits[kind], fail);
  const violation = schemaViolation(`tuf-${kind}`, json);
  if (violation !== undefined) throw fail(`does not fit its schema: ${violation}`);
  let metadata: Metadata<Root | Timestamp | Snapshot | Targets>;
  try {
    metadata = Metadata.fromJSON(kinds[kind] as MetadataKind.Root, json as never);
  } catch (error) {
    throw fail(`is not understood: ${(error as Error).message}`, error);
  }
  if (Buffer.compare(encodeMetadata(metadata), bytes) !== 0) throw fail('is not in canonical form (RFC 8785)');
  if (Number.isNaN(Date.parse(metadata.signed.expires))) throw fail('expires at no time that there is');
  assertKeys(metadata.signed);
  if (metadata.signed.type === MetadataKind.Targets) assertPlace(name, metadata.signed as Targets);
  return metadata as Metadata<Kinds[Kind]>;
}

/** Asserts that the top role has delegations alone, and the owner of a namespace none. */
function assertPlace(name: string, { targets, delegations }: Targets): void {
  if (name === 'targets' && Object.keys(targets).length > 0) throw overreaching();
  if (name === 'targets' || delegations === undefined) return;
  throw new RegistryError('REGISTRY_DELEGATION', `Namespace "${name}" is given on by its owner`, {
    hint: 'Only the keeper of the registry says whose a namespace is. Tell its owner.',
    data: { namespace: name },
  });
}

function overreaching(): RegistryError {
  return new RegistryError('REGISTRY_DELEGATION', 'The top role of the registry speaks for a namespace itself', {
    hint: 'Only its owner may publish in a namespace. Tell the keeper of the registry.',
  });
}

function assertKeys(signed: Root | Timestamp | Snapshot | Targets): void {
  if (signed.type === MetadataKind.Root) for (const key of Object.values(signed.keys)) publicKeyOf(key);
  if (signed.type !== MetadataKind.Targets || !signed.delegations) return;
  for (const key of Object.values(signed.delegations.keys)) publicKeyOf(key);
  for (const { name, paths } of Object.values(signed.delegations.roles ?? {})) {
    if (paths?.join() === namespacePaths(name).join()) continue;
    throw new RegistryError('REGISTRY_DELEGATION', `Role "${name}" is trusted with ${paths?.join(', ') ?? 'nothing'}`, {
      hint: `A namespace is trusted with "${namespacePaths(name).join()}" alone. Tell the keeper of the registry.`,
      data: { namespace: name },
    });
  }
}

/**
 * Signs metadata anew with the keys at hand. Throws REGISTRY_KEYS when they are too few; `roles` are all whose threshold
 * must be met: the old and the new one of a root.
 */
export async function signMetadata(
  metadata: Metadata<Root | Timestamp | Snapshot | Targets>,
  name: string,
  roles: readonly RoleKeys[],
  ring: KeyRing,
): Promise<void> {
  metadata.signatures = {};
  for (const role of roles) {
    const keys = await ring(role);
    if (keys.length < role.threshold) throw tooFewKeys(name, role, keys.length);
    for (const key of keys) metadata.sign((bytes) => signatureOf(key, bytes));
  }
}

function signatureOf(key: SigningKey, bytes: Uint8Array): Signature {
  return new Signature({ keyID: tufKey(key.publicKey).keyID, sig: Buffer.from(key.sign(bytes)).toString('hex') });
}

/** Writes a time as TUF does: whole seconds, UTC. */
export function expiryAfter(time: Date, days: number): string {
  return new Date(time.getTime() + days * 86_400_000).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** The error for a role that cannot be signed here. */
function tooFewKeys(name: string, { keys, threshold }: RoleKeys, found: number): RegistryError {
  const ids = keys.map(({ id }) => id);
  const wanted = ids.map((id) => id.slice(0, 16)).join(', ');
  return new RegistryError('REGISTRY_KEYS', `"${name}" takes ${threshold} of the keys ${wanted}; ${found} are here`, {
    hint: 'Use "bankai key list" to see your keys. Ask the holder of the key to do this, or the keeper to rotate keys.',
    data: { role: name, threshold, keys: ids },
  });
}

function invalid(name: string, problem: string, cause?: unknown): RegistryError {
  return new RegistryError('REGISTRY_INVALID', `Registry metadata "${name}" ${problem}`, {
    hint: 'It was not made by Bankai, or by a newer version: update, or tell the keeper of the registry.',
    data: { role: name },
    cause,
  });
}
