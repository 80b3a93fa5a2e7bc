/**
 * Owns the index of a namespace: which versions of which patches it has, where their bundles are, and what a search needs
 * to know of each (docs/REGISTRY.md, "The index of a namespace"). It is the one target of its namespace's TUF role.
 */
import { RegistryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import { isName, isVersion } from './names.js';

/** Bytes of the largest index: some 20,000 versions. */
export const INDEX_BYTE_LIMIT = 16 * 2 ** 20;

/** What is told of a version before anything of it is fetched. All but `yanked` follows from its bundle. */
export interface VersionEntry extends Summary {
  /** SHA-256 of the bundle: 64 hexadecimal digits. */
  readonly sha256: string;
  /** Of the bundle. */
  readonly bytes: number;
  /** Why nobody should begin to use it. */
  readonly yanked?: string;
}

/** What a bundle says, in short. */
export interface Summary {
  readonly patch: PatchId;
  readonly base: WeightsId;
  readonly baseName?: string;
  readonly description: string;
  readonly flips: number;
  /** Of the probes that were measured, ascending. */
  readonly categories: readonly string[];
  /** What was measured on held-out probes of the patch alone, compared with the base; one entry a probe file. */
  readonly heldOut: readonly HeldOut[];
  readonly texts: readonly MeasuredText[];
  /** Ids of the keys that signed the statements, ascending. */
  readonly signers: readonly string[];
}

/** Answers to one held-out probe file. */
export interface HeldOut {
  readonly name: string;
  readonly sha256: string;
  readonly fixed: number;
  readonly broke: number;
  readonly keptRight: number;
  readonly keptWrong: number;
}

/** How well a text is predicted; perplexities are decimals as text. */
export interface MeasuredText {
  readonly name: string;
  readonly sha256: string;
  readonly perplexityBefore: string;
  readonly perplexityAfter: string;
}

/** The versions of a namespace, by name, then by version. */
export interface NamespaceIndex {
  readonly namespace: string;
  readonly packages: ReadonlyMap<string, ReadonlyMap<string, VersionEntry>>;
}

interface IndexDocument {
  readonly format: 'bankai.index/v1';
  readonly namespace: string;
  readonly packages: Readonly<Record<string, Readonly<Record<string, VersionEntry>>>>;
}

/** The path of a namespace's index among the targets. */
export const indexPath = (namespace: string): string => `${namespace}/index.json`;

/** The index of a namespace that has nothing yet. */
export const emptyIndex = (namespace: string): NamespaceIndex => ({ namespace, packages: new Map() });

/** Encodes an index. Throws REGISTRY_INVALID when it would be too long. */
export function encodeIndex({ namespace, packages }: NamespaceIndex): Uint8Array {
  const document: IndexDocument = {
    format: 'bankai.index/v1',
    namespace,
    packages: Object.fromEntries([...packages].map(([name, versions]) => [name, Object.fromEntries(versions)])),
  };
  const bytes = canonicalBytes(document);
  if (bytes.length > INDEX_BYTE_LIMIT) {
    throw invalid(namespace, `would have ${bytes.length} bytes (limit ${INDEX_BYTE_LIMIT})`);
  }
  return bytes;
}

/** Decodes the index of a namespace. Throws REGISTRY_INVALID, and REGISTRY_DELEGATION when it is another one's. */
export function decodeIndex(bytes: Uint8Array, namespace: string): NamespaceIndex {
  const document = decodeCanonical(bytes, {
    byteLimit: INDEX_BYTE_LIMIT,
    schema: 'registry-index',
    fail: (problem, cause) => invalid(namespace, problem, cause),
  }) as IndexDocument;
  if (document.namespace !== namespace) {
    throw new RegistryError(
      'REGISTRY_DELEGATION',
      `Namespace "${namespace}" serves the index of "${document.namespace}"`,
      {
        hint: 'Nobody may publish in a namespace that is not theirs. Tell the keeper of the registry.',
        data: { namespace, claimed: document.namespace },
      },
    );
  }
  for (const [name, versions] of Object.entries(document.packages)) {
    if (!isName(name)) throw invalid(namespace, `has a patch called "${name}"`);
    const odd = Object.keys(versions).find((version) => !isVersion(version));
    if (odd !== undefined) throw invalid(namespace, `has a version "${odd}" of "${name}"`);
  }
  return indexOf(document);
}

/** Decodes once more what `decodeIndex` has decoded before, to the byte: nothing is checked. */
export const decodeKnownIndex = (bytes: Uint8Array): NamespaceIndex =>
  indexOf(JSON.parse(new TextDecoder().decode(bytes)) as IndexDocument);

const indexOf = ({ namespace, packages }: IndexDocument): NamespaceIndex => ({
  namespace,
  packages: new Map(
    Object.entries(packages).map(([name, versions]) => [name, new Map(Object.entries(versions))] as const),
  ),
});

function invalid(namespace: string, problem: string, cause?: unknown): RegistryError {
  return new RegistryError('REGISTRY_INVALID', `Index of namespace "${namespace}" ${problem}`, {
    hint: 'It was not made by Bankai, or by a newer version: update, or tell the keeper of the registry.',
    data: { namespace },
    cause,
  });
}
