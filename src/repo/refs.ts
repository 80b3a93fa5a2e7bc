/**
 * Owns refs on disk, as git keeps them (gitrepository-layout): a file per ref, or a line of `packed-refs` for those that
 * have none; HEAD, which names a branch or a commit.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory, removeDurably } from '../durable.js';
import { replaceFile, temporaryObject } from './durable-fs.js';
import { withGitLock } from './git-lock.js';
import type { ObjectId } from './ids.js';
import { placeRef } from './ref-lock.js';
import type { Repository } from './repository.js';

/** What a ref says: another ref, or an object. */
export type RefValue = { readonly ref: string } | { readonly oid: ObjectId };

/** git follows as many symbolic refs. */
const DEPTH_LIMIT = 5;

/** Reads the object a ref names, by its full name (`HEAD`, `refs/heads/calc`); undefined when there is no such ref. */
export function resolveRef(repository: Repository, name: string): ObjectId | undefined {
  for (let depth = 0, ref = name; depth < DEPTH_LIMIT; depth++) {
    const value = readRefValue(repository, ref);
    if (value === undefined || 'oid' in value) return value?.oid;
    ref = value.ref;
  }
  throw new Error(`${name} leads in a circle`);
}

/** Reads what a ref itself says; undefined when there is no such ref. Throws Error for a file that is no ref. */
export function readRefValue(repository: Repository, name: string): RefValue | undefined {
  if (!isSafe(name)) return undefined;
  const text = readIfFile(join(repository.gitDirectory, name));
  if (text === undefined) {
    const oid = readPackedRefs(repository).get(name);
    return oid === undefined ? undefined : { oid };
  }
  const value = text.trimEnd();
  if (value.startsWith('ref:')) return { ref: value.slice('ref:'.length).trim() };
  // FETCH_HEAD says more behind the id.
  if (/^[0-9a-f]{40}(\s|$)/.test(value)) return { oid: value.slice(0, 40) };
  throw new Error(`${name} is no ref`);
}

/** Lists the refs below a folder, `refs/heads/` for one, by full name in alphabetical order. */
export function listRefs(repository: Repository, folder: string): Map<string, ObjectId> {
  const refs = new Map<string, ObjectId>();
  for (const name of listRefNames(repository, folder)) {
    const oid = resolveRef(repository, name);
    if (oid !== undefined) refs.set(name, oid);
  }
  return refs;
}

/** Lists the names of the refs below a folder, in alphabetical order, whatever they say. */
export function listRefNames(repository: Repository, folder: string): string[] {
  const names = new Set([...readPackedRefs(repository).keys()].filter((name) => name.startsWith(folder)));
  addLooseNames(join(repository.gitDirectory, folder), folder, names);
  return [...names].sort();
}

/** Makes a ref name an object or another ref, atomically and durably. Throws REPOSITORY_LOCKED, and what the disk says. */
export async function writeRef(repository: Repository, name: string, value: RefValue): Promise<void> {
  const path = join(repository.gitDirectory, name);
  await makeDirectory(dirname(path));
  // A folder that a deleted branch left behind would be in the way: `math` after `math/primes`.
  removeEmptyFolders(path);
  const text = 'oid' in value ? value.oid : `ref: ${value.ref}`;
  await placeRef(repository, name, `${text}\n`);
}

/**
 * Removes a ref, from `packed-refs` first, so that a crash between the two does not bring an older value back, and while git
 * packs none. Throws REPOSITORY_LOCKED, and what the disk says.
 */
export async function deleteRef(repository: Repository, name: string): Promise<void> {
  const { gitDirectory } = repository;
  const packed = join(gitDirectory, 'packed-refs');
  await withGitLock(packed, () => deleteAlone(repository, name, packed), temporaryObject(gitDirectory));
}

async function deleteAlone(repository: Repository, name: string, packedPath: string): Promise<void> {
  const path = join(repository.gitDirectory, name);
  const packed = readIfFile(packedPath);
  if (packed !== undefined && readPackedRefs(repository).has(name)) {
    const kept: string[] = [];
    let dropped = false;
    for (const line of packed.split('\n')) {
      // A line that begins with ^ says what the tag above it names.
      if (!line.startsWith('^')) dropped = line.slice(41) === name && !line.startsWith('#');
      if (!dropped) kept.push(line);
    }
    await replaceFile(repository.gitDirectory, packedPath, kept.join('\n'));
  }
  // The folder of a packed ref need not be there.
  if (existsSync(dirname(path))) await removeDurably(path);
}

/** Reads `packed-refs`: `<id> <name>` a line; comments and what annotated tags name are of no interest here. */
function readPackedRefs(repository: Repository): Map<string, ObjectId> {
  const refs = new Map<string, ObjectId>();
  for (const line of (readIfFile(join(repository.gitDirectory, 'packed-refs')) ?? '').split('\n')) {
    const match = /^([0-9a-f]{40}) (\S+)$/.exec(line);
    if (match) refs.set(match[2], match[1]);
  }
  return refs;
}

function addLooseNames(directory: string, folder: string, names: Set<string>): void {
  let entries;
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isAbsence(error)) return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.isDirectory()) addLooseNames(join(directory, entry.name), `${folder}${entry.name}/`, names);
    else if (entry.isFile() && !entry.name.endsWith('.lock')) names.add(folder + entry.name);
  }
}

function removeEmptyFolders(path: string): void {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    if (isAbsence(error)) return;
    throw error;
  }
  for (const name of names) removeEmptyFolders(join(path, name));
  rmdirSync(path);
}

function readIfFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

const isAbsence = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** A name leads nowhere but into the git directory. */
const isSafe = (name: string): boolean =>
  (/^[A-Z_]*HEAD$/.test(name) || name.startsWith('refs/')) &&
  !name.split('/').some((part) => part === '' || /^\.|\0|\\/.test(part));
