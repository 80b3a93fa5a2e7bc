/** Owns the examination of a git repository as `git fsck --strict --full` does it, without git. */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { objectProblems } from './check-object.js';
import { asCommitId, type CommitId, type ObjectId } from './ids.js';
import { type GitObject, looseObjects, readLooseObject } from './loose-object.js';
import { listRoots, walkReachable } from './reachable.js';
import { readPacked } from './read-object.js';
import { readRefValue } from './refs.js';
import type { Repository } from './repository.js';

/** Something that is not as it must be. */
export interface Problem {
  readonly area: 'object' | 'pack' | 'ref' | 'index';
  /** An object's id, a file, a ref. */
  readonly subject: string;
  readonly problem: string;
}

/** What was examined, and what was found. */
export interface ObjectCensus {
  readonly objects: number;
  /** Objects that nothing leads to: harmless, `git gc` drops them in time. */
  readonly unreachable: number;
  /** The commits that something leads to. */
  readonly commits: readonly CommitId[];
  readonly problems: readonly Problem[];
}

/**
 * Examines every object, loose or packed, for its hash and its syntax, every pack for its checksums, and every ref, reflog
 * and index entry for what it leads to. `onProgress` is told how many objects were read. Throws what the disk says.
 */
export function checkObjects(repository: Repository, onProgress?: (done: number, total: number) => void): ObjectCensus {
  const problems: Problem[] = [...packProblems(repository), ...headProblems(repository)];
  const all = new Set<ObjectId>();
  const damaged = new Set<ObjectId>();
  const loose = looseObjects(repository);
  const packed = attemptPacked(repository, problems);
  let done = 0;
  const examine = (oid: ObjectId, read: () => GitObject | undefined): void => {
    all.add(oid);
    for (const problem of problemsOf(read)) {
      damaged.add(oid);
      problems.push({ area: 'object', subject: oid, problem });
    }
    onProgress?.(++done, loose.length + packed.length);
  };
  for (const oid of loose) examine(oid, () => readLooseObject(repository, oid));
  for (const oid of packed) examine(oid, () => readPacked(repository, oid));
  const roots = listRoots(repository, (subject, error) =>
    problems.push({ area: subject === '.git/index' ? 'index' : 'ref', subject, problem: error.message }),
  );
  const reached = walkReachable(repository, roots, (oid, problem, from) => {
    // Of what is damaged it was said that it is; what needs it comes on top.
    const what = all.has(oid) ? problem : 'is missing';
    problems.push({ area: 'object', subject: oid, problem: `${what}, and ${from} needs it` });
  });
  const unreachable = [...all].filter((oid) => !reached.has(oid) && !damaged.has(oid)).length;
  const commits = [...reached].flatMap(([oid, type]) => (type === 'commit' ? [asCommitId(oid)] : []));
  return { objects: all.size, unreachable, commits, problems };
}

function problemsOf(read: () => GitObject | undefined): string[] {
  try {
    const object = read();
    return object === undefined
      ? ['its content is not what its name says']
      : objectProblems(object.type, object.content);
  } catch (error) {
    return [(error as Error).message];
  }
}

function attemptPacked(repository: Repository, problems: Problem[]): ObjectId[] {
  try {
    return repository.packs.ids();
  } catch (error) {
    problems.push({ area: 'pack', subject: 'objects/pack', problem: (error as Error).message });
    return [];
  }
}

function headProblems(repository: Repository): Problem[] {
  try {
    const value = readRefValue(repository, 'HEAD');
    if (value === undefined) return [{ area: 'ref', subject: 'HEAD', problem: 'is missing' }];
    if ('oid' in value || value.ref.startsWith('refs/heads/')) return [];
    return [{ area: 'ref', subject: 'HEAD', problem: `names ${value.ref}, which is no branch` }];
  } catch {
    // `listRoots` says it.
    return [];
  }
}

/** A pack ends in the SHA-1 of what it holds; its index in the pack's, and then in its own. */
function packProblems({ gitDirectory }: Repository): Problem[] {
  const directory = join(gitDirectory, 'objects', 'pack');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const problems: Problem[] = [];
  for (const name of names.filter((name) => /^pack-[0-9a-f]+\.(pack|idx)$/.test(name))) {
    const { isWhole, trailer } = checksumOf(join(directory, name));
    if (!isWhole) problems.push({ area: 'pack', subject: name, problem: 'its checksum is wrong' });
    if (!name.endsWith('.idx')) continue;
    const pack = name.replace(/idx$/, 'pack');
    if (!names.includes(pack)) problems.push({ area: 'pack', subject: name, problem: 'its pack is missing' });
    else if (!checksumOf(join(directory, pack)).trailer.equals(trailer)) {
      problems.push({ area: 'pack', subject: name, problem: 'is the index of another pack' });
    }
  }
  return problems;
}

/** → whether a file ends in its own SHA-1; and of an index the pack's checksum before that, of a pack its own. */
function checksumOf(path: string): { isWhole: boolean; trailer: Buffer } {
  const descriptor = openSync(path, 'r');
  try {
    const hash = createHash('sha1');
    const chunk = Buffer.alloc(4 * 2 ** 20);
    let tail = Buffer.alloc(0);
    for (let length; (length = readSync(descriptor, chunk, 0, chunk.length, null)) > 0;) {
      const bytes = Buffer.concat([tail, chunk.subarray(0, length)]);
      hash.update(bytes.subarray(0, Math.max(0, bytes.length - 40)));
      tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - 40)));
    }
    const own = tail.subarray(-20);
    hash.update(tail.subarray(0, -20));
    return { isWhole: hash.digest().equals(own), trailer: path.endsWith('.idx') ? tail.subarray(0, 20) : own };
  } finally {
    closeSync(descriptor);
  }
}
