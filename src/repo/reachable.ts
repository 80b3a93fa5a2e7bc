/** Owns the question which objects a repository still needs: what its refs, reflogs and index lead to. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Link, objectLinks } from './check-object.js';
import type { ObjectId } from './ids.js';
import { readIndex } from './index-file.js';
import { readObject } from './read-object.js';
import { readReflog } from './reflog.js';
import { listRefNames, resolveRef } from './refs.js';
import type { Repository } from './repository.js';

/** An object that is needed for its own sake. */
export interface Root {
  readonly oid: ObjectId;
  /** What needs it: a ref, `the reflog of HEAD`, `.git/index`. */
  readonly from: string;
  /** What it has to be, where that is known. */
  readonly type?: string;
}

/** Heads that git keeps beside HEAD while something is going on. */
const PASSING_HEADS = ['ORIG_HEAD', 'MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'FETCH_HEAD'];

/** Lists what a repository needs. What cannot be read is told to `onError`, with its name, or thrown. */
export function listRoots(repository: Repository, onError?: (subject: string, error: Error) => void): Root[] {
  const attempt = (subject: string, read: () => Root[]): Root[] => {
    try {
      return read();
    } catch (error) {
      if (onError === undefined) throw error;
      onError(subject, error as Error);
      return [];
    }
  };
  return [
    ...['HEAD', ...listRefNames(repository, 'refs/')].flatMap((name) =>
      attempt(name, () => rootOf(name, resolveRef(repository, name))),
    ),
    ...PASSING_HEADS.flatMap((name) =>
      attempt(name, () => idsIn(repository, name).map((oid) => ({ oid, from: name }))),
    ),
    ...reflogNames(join(repository.gitDirectory, 'logs')).flatMap((name) =>
      attempt(`the reflog of ${name}`, () =>
        readReflog(repository, name).flatMap(({ from, to }) => [
          ...rootOf(`the reflog of ${name}`, from),
          ...rootOf(`the reflog of ${name}`, to),
        ]),
      ),
    ),
    ...attempt('.git/index', () =>
      readIndex(repository).flatMap(({ oid, path, mode }) =>
        mode === 0o160000 ? [] : [{ oid, from: `.git/index, ${path}`, type: 'blob' }],
      ),
    ),
  ];
}

const rootOf = (from: string, oid: ObjectId | undefined): Root[] => (oid === undefined ? [] : [{ oid, from }]);

/**
 * Walks from roots to everything they lead to. → the type of each object by its id. What is missing or damaged or of
 * another type than it must be is told to `onMissing`, once, with what needs it.
 */
export function walkReachable(
  repository: Repository,
  roots: readonly Root[],
  onMissing: (oid: ObjectId, problem: string, from: string) => void,
): Map<ObjectId, string> {
  const cut: ReadonlySet<string> = repository.cut;
  const found = new Map<ObjectId, string>();
  const lost = new Set<ObjectId>();
  const waiting: (Link & { from: string })[] = roots.map(({ oid, from, type }) => ({ oid, from, type: type ?? '' }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { oid, type, from } = next;
    let present = found.get(oid);
    if (present === undefined && !lost.has(oid)) {
      try {
        const object = readObject(repository, oid);
        present = object.type;
        found.set(oid, present);
        for (const link of objectLinks(present, object.content)) {
          if (link.type === 'commit' && cut.has(oid)) continue;
          if (!found.has(link.oid)) waiting.push({ ...link, from: `${present} ${oid}` });
        }
      } catch (error) {
        lost.add(oid);
        onMissing(oid, (error as Error).message, from);
        continue;
      }
    }
    if (present !== undefined && type !== '' && present !== type)
      onMissing(oid, `is a ${present}, not a ${type}`, from);
  }
  return found;
}

function idsIn({ gitDirectory }: Repository, name: string): ObjectId[] {
  try {
    return readFileSync(join(gitDirectory, name), 'utf8')
      .split('\n')
      .flatMap((line) => /^[0-9a-f]{40}/.exec(line)?.[0] ?? []);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function reflogNames(directory: string, prefix = ''): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory()
        ? reflogNames(join(directory, entry.name), `${prefix}${entry.name}/`)
        : entry.isFile()
          ? [prefix + entry.name]
          : [],
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
