/**
 * Owns `.git/bankai/sources.json`: from which registries the patches of this clone were added, as it was verified then
 * (FORMAT.md, "Local state"). Not in a tree, for there it would be somebody else's word.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDurably, writeFileDurably } from '../durable.js';
import { RepositoryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import type { PatchId } from '../patch/ids.js';
import { reporting } from './git-error.js';
import { makeLocalDirectory } from './local-state.js';
import type { Overwritten } from './saved-files.js';
import { localDirectory, type Repository } from './repository.js';

const FORMAT = 'bankai.sources/v1';
const BYTE_LIMIT = 16 * 2 ** 20;

/** By patch, where it was added from: `namespace:NAME` and `registry:NAME`, ascending, the names that this person uses. */
export type Sources = ReadonlyMap<PatchId, readonly string[]>;

const pathOf = (repository: Repository): string => join(localDirectory(repository), 'sources.json');

/** Reads where patches were added from. Throws REPOSITORY_CORRUPT, IO. */
export async function readSources(repository: Repository): Promise<Sources> {
  const path = pathOf(repository);
  const bytes = await reporting(`read ${path}`, () =>
    readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (bytes === undefined) return new Map();
  const fail = (problem: string, cause?: unknown) =>
    new RepositoryError('REPOSITORY_CORRUPT', `${path} ${problem}`, {
      hint: 'Remove the file, and add the patches that came from registries again.',
      cause,
    });
  const options = { byteLimit: BYTE_LIMIT, schema: 'sources', fail };
  const { patches } = decodeCanonical(bytes, options) as { patches: Readonly<Record<string, readonly string[]>> };
  return new Map(Object.entries(patches) as [PatchId, readonly string[]][]);
}

/** Records where patches come from, beside what is known already. → what takes that back. Throws REPOSITORY_CORRUPT, IO. */
export async function recordSources(repository: Repository, added: Sources) {
  const before = await readSources(repository);
  const after = new Map(before);
  for (const [id, scopes] of added) after.set(id, [...new Set([...(after.get(id) ?? []), ...scopes])].sort());
  await writeSources(repository, after);
  const overwritten: Overwritten = { path: '.git/bankai/sources.json', before: encodeSources(before) };
  return { overwritten, forget: () => writeSources(repository, before) };
}

/** Null for none: then there is no file. */
const encodeSources = (sources: Sources): Uint8Array | null =>
  sources.size === 0 ? null : canonicalBytes({ format: FORMAT, patches: Object.fromEntries(sources) });

async function writeSources(repository: Repository, sources: Sources): Promise<void> {
  const path = pathOf(repository);
  await reporting(`write ${path}`, async () => {
    await makeLocalDirectory(repository);
    const bytes = encodeSources(sources);
    return bytes === null ? removeDurably(path) : writeFileDurably(path, bytes);
  });
}
