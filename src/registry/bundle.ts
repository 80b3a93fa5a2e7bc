/**
 * Owns the bundle: one version of a patch as registries carry it, with everything that it rests on (docs/REGISTRY.md,
 * "Bundles"). It is canonical JSON, so the same content is the same file, and its digest names it.
 */
import { RegistryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { decodePatch, encodePatch, type Patch } from '../patch/patch.js';
import { formatBase64, parseBase64 } from '../trust/base64.js';
import { decodePublicKey } from '../trust/public-key.js';
import { formatName, type PackageVersion, parseVersion } from './names.js';

/** Bytes of the largest bundle. */
export const BUNDLE_BYTE_LIMIT = 64 * 2 ** 20;

/** A file that a patch rests on, as a repository's tree has it. */
export interface BundleFile {
  readonly kind: string;
  /** SHA-256 of the bytes, but for a `key` the key's id. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** One version of a patch. */
export interface Bundle extends PackageVersion {
  /** What it is for, in a line or a few. */
  readonly description: string;
  /** How the publisher calls the base model: for people, nothing is decided by it. */
  readonly baseName?: string;
  readonly patch: Patch;
  readonly evidence: readonly BundleFile[];
}

interface BundleDocument {
  readonly format: 'bankai.bundle/v1';
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly baseName?: string;
  readonly patch: object;
  readonly evidence: readonly { readonly kind: string; readonly content: string }[];
}

/** Encodes a bundle. Throws REGISTRY_INVALID when it would be too long. */
export function encodeBundle({ description, baseName, patch, evidence, ...at }: Bundle): Uint8Array {
  const document: BundleDocument = {
    format: 'bankai.bundle/v1',
    name: formatName(at),
    version: at.version,
    description,
    ...(baseName !== undefined && { baseName }),
    patch,
    evidence: inOrder(evidence).map(({ kind, bytes }) => ({ kind, content: formatBase64(bytes) })),
  };
  const bytes = canonicalBytes(document);
  if (bytes.length > BUNDLE_BYTE_LIMIT) throw invalid(`would have ${bytes.length} bytes (limit ${BUNDLE_BYTE_LIMIT})`);
  return bytes;
}

/** Decodes a bundle without believing what its evidence says. Throws REGISTRY_INVALID, PATCH_INVALID, KEY_INVALID. */
export function decodeBundle(bytes: Uint8Array): Bundle {
  const options = { byteLimit: BUNDLE_BYTE_LIMIT, schema: 'bundle', fail: invalid };
  const { name, version, description, baseName, ...document } = decodeCanonical(bytes, options) as BundleDocument;
  const evidence = document.evidence.map(({ kind, content }): BundleFile => {
    const decoded = parseBase64(content);
    if (!decoded) throw invalid(`has evidence of kind "${kind}" that is not in strict base64`);
    return { kind, digest: kind === 'key' ? decodePublicKey(decoded).id : sha256Hex(decoded), bytes: decoded };
  });
  for (let i = 1; i < evidence.length; i++) {
    if (compareFiles(evidence[i - 1], evidence[i]) >= 0) throw invalid('has evidence out of order, or twice');
  }
  return {
    ...parseVersion(`${name}@${version}`),
    description,
    ...(baseName !== undefined && { baseName }),
    patch: decodePatch(encodePatch(document.patch as Patch)),
    evidence,
  };
}

const inOrder = (files: readonly BundleFile[]): BundleFile[] => [...files].sort(compareFiles);

function compareFiles(a: BundleFile, b: BundleFile): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.digest === b.digest ? 0 : a.digest < b.digest ? -1 : 1;
}

function invalid(problem: string, cause?: unknown): RegistryError {
  return new RegistryError('REGISTRY_INVALID', `Bundle ${problem}`, {
    hint: 'It was not made by Bankai, or by a newer version: update, or tell its publisher.',
    cause,
  });
}
