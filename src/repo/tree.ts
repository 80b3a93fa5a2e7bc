/** Owns git trees as values: reading one level, changing paths, uniting, and finding what differs. */
import type { ObjectId } from './ids.js';
import { readObjectOf } from './read-object.js';
import type { Repository } from './repository.js';
import { writeObject } from './write-object.js';

/** One entry of a tree. */
export interface TreeEntry {
  /** Six octal digits as git prints them: 100644, 100755, 120000, 040000, 160000. */
  readonly mode: string;
  readonly oid: ObjectId;
  readonly type: 'blob' | 'tree' | 'commit';
}

/** One level of a tree, by name. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** The entry of an ordinary file. */
export const fileEntry = (oid: ObjectId): TreeEntry => ({ mode: '100644', oid, type: 'blob' });

/** Reads one level of a tree; an undefined id is the empty tree. */
export const readTree = async (repository: Repository, oid: ObjectId | undefined): Promise<Tree> =>
  treeAt(repository, oid);

/** Reads one level of a tree as `readTree` does, at once: for states of thousands of files. */
export function treeAt(repository: Repository, oid: ObjectId | undefined): Tree {
  if (oid === undefined) return new Map();
  return repository.trees.recall(oid, () => parseTree(readObjectOf(repository, oid, 'tree')));
}

/** Parses a tree object: entries of octal mode, space, name, NUL and 20 bytes of id. The hash is right, the bytes are hostile. */
function parseTree(content: Buffer): Tree {
  const tree = new Map<string, TreeEntry>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const end = space < 0 ? -1 : content.indexOf(0, space);
    if (end < 0 || end + 21 > content.length) throw new Error('a tree object ends in the middle of an entry');
    const mode = content.toString('latin1', at, space).padStart(6, '0');
    const type = mode === '040000' ? 'tree' : mode === '160000' ? 'commit' : 'blob';
    const name = content.toString('utf8', space + 1, end);
    if (name === '' || name.includes('/') || tree.has(name)) throw new Error(`a tree object has the entry "${name}"`);
    tree.set(name, { mode, oid: content.toString('hex', end + 1, end + 21), type });
    at = end + 21;
  }
  return tree;
}

async function writeTree(repository: Repository, tree: Tree): Promise<ObjectId> {
  return writeObject(repository, 'tree', encodeTree(tree));
}

/** Encodes a tree object. git orders entries by their bytes, a subtree as if its name ended in a slash. */
export function encodeTree(tree: Tree): Buffer {
  const entries = [...tree].map(([name, { mode, oid, type }]) => ({
    place: Buffer.from(type === 'tree' ? `${name}/` : name),
    bytes: Buffer.concat([Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`), Buffer.from(oid, 'hex')]),
  }));
  entries.sort((a, b) => Buffer.compare(a.place, b.place));
  return Buffer.concat(entries.map(({ bytes }) => bytes));
}

/** Paths to set, or to remove where the value is undefined. */
export type TreeChanges = ReadonlyMap<string, TreeEntry | undefined>;

/** Writes the tree that `oid` becomes under the changes; only subtrees on changed paths are read and written. */
export async function changeTree(
  repository: Repository,
  oid: ObjectId | undefined,
  changes: TreeChanges,
): Promise<ObjectId> {
  return writeTree(repository, await changedLevel(repository, oid, changes));
}

/** The top level of the tree that `oid` becomes; the subtrees below it are written. */
async function changedLevel(repository: Repository, oid: ObjectId | undefined, changes: TreeChanges): Promise<Tree> {
  const tree = new Map(await readTree(repository, oid));
  const below = new Map<string, Map<string, TreeEntry | undefined>>();
  for (const [path, entry] of changes) {
    const slash = path.indexOf('/');
    if (slash < 0) {
      if (entry) tree.set(path, entry);
      else tree.delete(path);
      continue;
    }
    const name = path.slice(0, slash);
    const rest = below.get(name) ?? new Map<string, TreeEntry | undefined>();
    below.set(name, rest.set(path.slice(slash + 1), entry));
  }
  for (const [name, rest] of below) {
    const present = tree.get(name);
    const subtree = await changedLevel(repository, present?.type === 'tree' ? present.oid : undefined, rest);
    // git keeps no empty tree as a subtree.
    if (subtree.size === 0) tree.delete(name);
    else tree.set(name, { mode: '040000', oid: await writeTree(repository, subtree), type: 'tree' });
  }
  return tree;
}

/**
 * Writes the union of trees: every path that any of them has. A path with different files in several of them, which
 * content-addressed paths never have, is taken from the first.
 */
export async function uniteTrees(repository: Repository, oids: readonly ObjectId[]): Promise<ObjectId> {
  const distinct = [...new Set(oids)];
  if (distinct.length === 1) return distinct[0];
  const levels = await Promise.all(distinct.map((oid) => readTree(repository, oid)));
  const union = new Map<string, TreeEntry>();
  for (const name of new Set(levels.flatMap((level) => [...level.keys()]))) {
    const entries = levels.flatMap((level) => level.get(name) ?? []);
    const subtrees = entries.filter((entry) => entry.type === 'tree').map((entry) => entry.oid);
    if (entries[0].type !== 'tree' || subtrees.length === 1) union.set(name, entries[0]);
    else union.set(name, { mode: '040000', oid: await uniteTrees(repository, subtrees), type: 'tree' });
  }
  return writeTree(repository, union);
}

/** A path whose file is not the same in two trees. */
export interface TreeDifference {
  readonly path: string;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

/** Lists the files that differ between two trees; equal subtrees are not read. */
export async function diffTrees(
  repository: Repository,
  before: ObjectId | undefined,
  after: ObjectId | undefined,
): Promise<TreeDifference[]> {
  const found: TreeDifference[] = [];
  const compare = (old: ObjectId | undefined, wanted: ObjectId | undefined, prefix: string): void => {
    if (old === wanted) return;
    const [a, b] = [treeAt(repository, old), treeAt(repository, wanted)];
    for (const name of new Set([...a.keys(), ...b.keys()])) {
      const [was, is] = [a.get(name), b.get(name)];
      if (was?.oid === is?.oid && was?.mode === is?.mode) continue;
      const file = { path: prefix + name, before: ifFile(was), after: ifFile(is) };
      if (file.before || file.after) found.push(file);
      compare(ifTree(was), ifTree(is), `${file.path}/`);
    }
  };
  compare(before, after, '');
  return found;
}

const ifFile = (entry: TreeEntry | undefined) => (entry?.type === 'tree' ? undefined : entry);
const ifTree = (entry: TreeEntry | undefined) => (entry?.type === 'tree' ? entry.oid : undefined);
