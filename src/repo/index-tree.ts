/** Owns the question which tree an index would be committed as: answered from the index alone, no object is read. */
import { type ObjectId, objectIdOf } from './ids.js';
import type { IndexEntry } from './index-file.js';
import { encodeTree, fileEntry, type TreeEntry } from './tree.js';

/** A directory that is being gone through, with what was found in it. */
interface Level {
  /** Ends in a slash, but for the worktree itself. */
  readonly prefix: string;
  readonly entries: Map<string, TreeEntry>;
}

/** Gives the id that the tree of these files has, which are in git's order, as `git write-tree` does; nothing is written. */
export function treeOfIndex(index: Iterable<IndexEntry>): ObjectId {
  const levels: Level[] = [{ prefix: '', entries: new Map() }];
  const top = (): Level => levels[levels.length - 1];
  const close = (): ObjectId => {
    const { prefix, entries } = levels.pop() as Level;
    const oid = objectIdOf('tree', encodeTree(entries));
    if (levels.length > 0) {
      top().entries.set(prefix.slice(top().prefix.length, -1), { mode: '040000', oid, type: 'tree' });
    }
    return oid;
  };
  for (const { path, oid, mode } of index) {
    while (!path.startsWith(top().prefix)) close();
    for (let slash; (slash = path.indexOf('/', top().prefix.length)) >= 0;) {
      levels.push({ prefix: path.slice(0, slash + 1), entries: new Map() });
    }
    top().entries.set(path.slice(top().prefix.length), { ...fileEntry(oid), mode: mode.toString(8) });
  }
  while (levels.length > 1) close();
  return close();
}
