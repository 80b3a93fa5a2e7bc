/** Owns the question which objects somebody lacks who has some commits and is to have others. */
import type { CommitId, ObjectId } from './ids.js';
import { readCommit } from './object.js';
import { parseTag } from './parse-commit.js';
import { readObject } from './read-object.js';
import type { Repository } from './repository.js';
import { readTree } from './tree.js';

/**
 * Lists what `wanted` (commits, annotated tags) reaches and `known` (commits) does not, without what the trees of the
 * known commits next to them have. Throws for objects that are missing.
 */
export async function listOutgoing(
  repository: Repository,
  wanted: readonly ObjectId[],
  known: readonly CommitId[],
): Promise<ObjectId[]> {
  const there = await reachable(repository, known, new Set());
  const found = new Set<ObjectId>();
  const commits: ObjectId[] = [];
  for (const oid of wanted) {
    let target = oid;
    for (let object = readObject(repository, target); object.type === 'tag'; object = readObject(repository, target)) {
      found.add(target);
      target = parseTag(object.content).object;
    }
    commits.push(target);
  }
  const fresh = await reachable(repository, commits as CommitId[], there);
  const skip = new Set<ObjectId>();
  for (const id of fresh) {
    const { parents } = await readCommit(repository, id);
    for (const parent of parents) {
      if (there.has(parent)) await addTree(repository, (await readCommit(repository, parent)).tree, skip, skip);
    }
  }
  for (const id of fresh) {
    found.add(id);
    await addTree(repository, (await readCommit(repository, id)).tree, found, skip);
  }
  return [...found];
}

/** The commits that some reach, themselves included, without those that are given. */
async function reachable(
  repository: Repository,
  from: readonly CommitId[],
  without: ReadonlySet<CommitId>,
): Promise<Set<CommitId>> {
  const found = new Set<CommitId>();
  const pending = [...from];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (found.has(id) || without.has(id)) continue;
    found.add(id);
    pending.push(...(await readCommit(repository, id)).parents);
  }
  return found;
}

async function addTree(
  repository: Repository,
  oid: ObjectId,
  into: Set<ObjectId>,
  skip: ReadonlySet<ObjectId>,
): Promise<void> {
  if (into.has(oid) || skip.has(oid)) return;
  into.add(oid);
  for (const entry of (await readTree(repository, oid)).values()) {
    if (entry.type === 'tree') await addTree(repository, entry.oid, into, skip);
    else if (entry.type === 'blob' && !skip.has(entry.oid)) into.add(entry.oid);
  }
}
