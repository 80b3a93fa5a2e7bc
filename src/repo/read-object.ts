/** Owns the way to an object's bytes, loose or packed. What is damaged counts as missing where it is loose, as in git. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectId, objectIdOf } from './ids.js';
import { type GitObject, readLooseObject } from './loose-object.js';
import type { Repository } from './repository.js';

/** Reads an object. Throws when it is missing, or a pack says something else than its name. */
export function readObject(repository: Repository, oid: ObjectId): GitObject {
  // Most of a long history is packed, and asking the disk for a file that is not there costs more than the index does.
  const object =
    repository.staging?.waiting?.get(oid) ??
    readPacked(repository, oid) ??
    readLooseObject(repository, oid) ??
    (repository.packs.refresh() ? readPacked(repository, oid) : undefined);
  if (object === undefined) throw new MissingObject(oid);
  return object;
}

/** Reads an object that must be of one type. */
export function readObjectOf(repository: Repository, oid: ObjectId, type: string): Buffer {
  const object = readObject(repository, oid);
  if (object.type !== type) throw new Error(`object ${oid} is a ${object.type}, not a ${type}`);
  return object.content;
}

/** Thrown inside this room for an object that is not there; `reporting` makes it REPOSITORY_CORRUPT. */
export class MissingObject extends Error {
  constructor(oid: ObjectId) {
    super(`object ${oid} is missing or damaged`);
  }
}

/** Tells whether an object is there, intact, so that it need not be written. */
export const hasObject = (repository: Repository, oid: ObjectId): boolean =>
  repository.staging?.waiting?.has(oid) === true ||
  repository.packs.has(oid) ||
  readLooseObject(repository, oid) !== undefined;

/** Lists the ids of all objects that begin with some hexadecimal digits, at least two. */
export function objectsWithPrefix(repository: Repository, prefix: string): ObjectId[] {
  const folder = prefix.slice(0, 2);
  const directory = join(repository.gitDirectory, 'objects', folder);
  const loose = existsSync(directory) ? readdirSync(directory).map((name) => folder + name) : [];
  const ids = loose.filter((oid) => /^[0-9a-f]{40}$/.test(oid) && oid.startsWith(prefix));
  return [...new Set([...ids, ...repository.packs.withPrefix(prefix)])].sort();
}

/** Reads an object from the packs; undefined when none has it. Throws Error for a damaged one. */
export function readPacked(repository: Repository, oid: ObjectId): GitObject | undefined {
  const object = repository.packs.read(oid);
  if (object === undefined) return undefined;
  if (objectIdOf(object.type, object.content) !== oid) throw new Error(`the pack that has object ${oid} is damaged`);
  return object;
}
