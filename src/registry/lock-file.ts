/**
 * Owns `bankai.lock.json`: which versions from which registries a repository's state has, pinned by digest (docs/REGISTRY.md,
 * "The lock file"). It lies in the worktree for people to commit, and is spelt for them: two spaces, keys in order.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryError } from '../errors.js';
import { parseJson } from '../patch/canonical.js';
import type { PatchId, WeightsId } from '../patch/ids.js';
import { schemaViolation } from '../schema.js';
import { parseRange, parseVersion } from './names.js';

/** Its name in the worktree. */
export const LOCK_FILE = 'bankai.lock.json';

const FORMAT = 'bankai.lock/v1';
const BYTE_LIMIT = 2 ** 20;

/** One version that is installed. */
export interface LockedVersion {
  /** The registry: its address, and the digest of the root that was trusted first. */
  readonly registry: { readonly url: string; readonly root: string };
  /** What was asked for; where that was nothing, a caret and the version found. */
  readonly range: string;
  readonly version: string;
  /** SHA-256 of the bundle. */
  readonly sha256: string;
  readonly bytes: number;
  readonly patch: PatchId;
  readonly base: WeightsId;
}

/** What is installed, by `NAMESPACE/NAME`. */
export type Lock = ReadonlyMap<string, LockedVersion>;

/** Reads the lock file of a worktree; none is an empty one. Throws LOCK_INVALID. */
export async function readLock(directory: string): Promise<Lock> {
  const bytes = await readFile(join(directory, LOCK_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes === undefined) return new Map();
  const document = parseJson(bytes, BYTE_LIMIT, invalid);
  const violation = schemaViolation('lock-file', document);
  if (violation !== undefined) throw invalid(`does not fit its schema: ${violation}`);
  const { packages } = document as { packages: Record<string, LockedVersion> };
  for (const [name, { range, version }] of Object.entries(packages)) {
    try {
      parseRange(`${name}@${range}`);
      parseVersion(`${name}@${version}`);
    } catch (error) {
      throw invalid(`has an entry that cannot be: ${(error as Error).message}`, error);
    }
  }
  return new Map(Object.entries(packages));
}

/** The text of a lock file. */
export function encodeLock(lock: Lock): string {
  const packages = Object.fromEntries([...lock].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: FORMAT, packages: ordered(packages) }, null, 2)}\n`;
}

/** The same with the keys of every object in order, so that equal locks are equal files. */
function ordered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]));
}

function invalid(problem: string, cause?: unknown): RegistryError {
  return new RegistryError('LOCK_INVALID', `${LOCK_FILE} ${problem}`, {
    hint: 'Restore it with "git checkout -- bankai.lock.json", or remove it and add the patches again.',
    cause,
  });
}
