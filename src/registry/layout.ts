/** Owns where a registry's files are, below its address or its directory (docs/REGISTRY.md, "Files"). */

/** The only metadata that is overwritten; all else has its version or its digest in its name. */
export const TIMESTAMP_PATH = 'metadata/timestamp.json';

/** The metadata of a role in one version. */
export const metadataPath = (role: string, version: number): string => `metadata/${version}.${role}.json`;

/** A target of TUF, under its digest, as consistent snapshots have it. */
export function targetPath(path: string, sha256: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `targets/${path.slice(0, slash)}${sha256}.${path.slice(slash)}`;
}

/** The bundle of a digest. */
export const bundlePath = (sha256: string): string => `bundles/${sha256.slice(0, 2)}/${sha256.slice(2)}.json`;

/** Bytes of the largest metadata file of each role. */
export const metadataLimits = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 } as const;

/** Days for which a role's signature is good, unless its signer says otherwise. */
export const lifetimes = { root: 365, targets: 365, snapshot: 30, timestamp: 30 } as const;

export type TopRole = keyof typeof lifetimes;
