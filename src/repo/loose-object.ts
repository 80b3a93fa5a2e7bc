/** Owns objects in files of their own. Synchronous, for the thousands of small ones that a state consists of. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import type { ObjectId } from './ids.js';
import type { Repository } from './repository.js';

/** An object's content, without its header. */
export interface GitObject {
  readonly type: string;
  readonly content: Buffer;
}

/** Reads a loose object; undefined when there is none (it may be packed) or its bytes are not what its name says. */
export function readLooseObject(repository: Repository, oid: ObjectId): GitObject | undefined {
  try {
    return parseLooseObject(readFileSync(loosePath(repository, oid)), oid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Unpacks the bytes of a loose object's file: `<type> <length>` NUL content, deflated. Undefined when they are damaged. */
export function parseLooseObject(deflated: Uint8Array, oid: ObjectId): GitObject | undefined {
  let bytes: Buffer;
  try {
    bytes = inflateSync(deflated);
  } catch {
    return undefined;
  }
  if (createHash('sha1').update(bytes).digest('hex') !== oid) return undefined;
  const end = bytes.indexOf(0);
  const content = bytes.subarray(end + 1);
  const [, type, length] = /^(\w+) (\d+)$/.exec(bytes.toString('latin1', 0, Math.max(0, end))) ?? [];
  return type !== undefined && Number(length) === content.length ? { type, content } : undefined;
}

/** Lists the ids of the loose objects, damaged ones too, in order. */
export function looseObjects({ gitDirectory }: Pick<Repository, 'gitDirectory'>): ObjectId[] {
  const objects = join(gitDirectory, 'objects');
  return readdirSync(objects)
    .filter((folder) => /^[0-9a-f]{2}$/.test(folder))
    .flatMap((folder) => readdirSync(join(objects, folder)).map((name) => folder + name))
    .filter((oid) => /^[0-9a-f]{40}$/.test(oid))
    .sort();
}

/** The file of a loose object. */
export const loosePath = ({ gitDirectory }: Pick<Repository, 'gitDirectory'>, oid: ObjectId): string =>
  join(gitDirectory, 'objects', oid.slice(0, 2), oid.slice(2));
