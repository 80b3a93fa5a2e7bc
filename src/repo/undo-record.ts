/**
 * Owns `refs/bankai/undo`: what the last operation changed, so that it can be changed back (FORMAT.md, "Undo").
 *
 * The ref names a commit. Its parents are the commits that refs, HEAD and model named before and after, so that no
 * collection of garbage loses them; its tree has the record, and the annotated tags that a ref named.
 */
import { RepositoryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import type { RefChange } from './change-refs.js';
import { nobody } from './descriptor.js';
import { reporting } from './git-error.js';
import { asCommitId, type CommitId, type ObjectId } from './ids.js';
import { readBlob, readCommit, readFileAt } from './object.js';
import { parseTag } from './parse-commit.js';
import { readObject } from './read-object.js';
import { resolveRef, writeRef } from './refs.js';
import type { Repository } from './repository.js';
import { changeTree, fileEntry, readTree } from './tree.js';
import { writeCommit, writeObject } from './write-object.js';

export const UNDO_REF = 'refs/bankai/undo';
const RECORD_PATH = 'operation.json';
const BYTE_LIMIT = 16 * 2 ** 20;

/** Before and after. */
export interface Turn<T> {
  readonly before: T;
  readonly after: T;
}

/** What HEAD says: the branch it is on, or the commit. */
export interface HeadPlace {
  readonly branch?: string;
  readonly commit: CommitId;
}

/** What an operation changed. */
export interface UndoRecord {
  readonly format: 'bankai.undo/v1';
  /** In the words of the reflog: `merge math: Fast-forward`. */
  readonly operation: string;
  readonly head: Turn<HeadPlace>;
  readonly refs: readonly RefChange[];
  /** The commits whose states the working model held. */
  readonly model: Turn<CommitId>;
  /** What index and worktree did, where they did not follow HEAD. */
  readonly files?: 'index' | 'none';
  /** The name of what was saved of the files that were overwritten. */
  readonly saved?: string;
  /** Something was done that is not ours to take back. */
  readonly elsewhere?: true;
}

/**
 * Writes the commit of a record, durably; no ref names it yet. Nothing is written for what changed nothing. `staged` are
 * blobs that only the index names, which is overwritten.
 */
export async function writeUndo(
  repository: Repository,
  record: Omit<UndoRecord, 'format'>,
  staged: readonly ObjectId[] = [],
): Promise<ObjectId | undefined> {
  const { head, refs, model } = record;
  const same = head.before.branch === head.after.branch && head.before.commit === head.after.commit;
  const moved = !same || refs.some(({ before, after }) => before !== after) || model.before !== model.after;
  if (!moved && record.saved === undefined && record.elsewhere === undefined) return undefined;
  return reporting('record what can be undone', async () => {
    const add = async (bytes: Uint8Array) => fileEntry(await writeObject(repository, 'blob', bytes));
    const format: UndoRecord['format'] = 'bankai.undo/v1';
    const files = new Map([[RECORD_PATH, await add(canonicalBytes({ ...record, format }))]]);
    const commits = new Set([head.before.commit, head.after.commit, model.before, model.after]);
    for (const oid of refs.flatMap(({ before, after }) => [before, after])) {
      for (let at = oid; at !== undefined;) {
        const { type, content } = readObject(repository, at);
        if (type === 'commit') commits.add(asCommitId(at));
        if (type === 'tag') files.set(`tags/${at}`, await add(content));
        at = type === 'tag' ? parseTag(content).object : undefined;
      }
    }
    for (const oid of staged) files.set(`staged/${oid}`, fileEntry(oid));
    const by = { ...nobody, timestamp: 0, timezoneOffset: 0 };
    const tree = await changeTree(repository, undefined, files);
    const message = `${record.operation}\n`;
    return writeCommit(repository, { tree, parents: [...commits].sort(), author: by, committer: by, message });
  });
}

/** Makes a record the one that `undo` finds. May be repeated. */
export async function pointUndo(repository: Repository, undo: ObjectId): Promise<void> {
  await reporting(`write ${UNDO_REF}`, () => writeRef(repository, UNDO_REF, { oid: undo }));
}

/** Reads the record of the last operation, and writes the tags that it names again; undefined where there is none. */
export async function readUndo(repository: Repository): Promise<UndoRecord | undefined> {
  const oid = await reporting(`read ${UNDO_REF}`, async () => resolveRef(repository, UNDO_REF));
  if (oid === undefined) return undefined;
  const commit = asCommitId(oid);
  const fail = (problem: string, cause?: unknown) =>
    new RepositoryError('REPOSITORY_CORRUPT', `${UNDO_REF} ${problem}`, {
      hint: `Remove it with "git update-ref -d ${UNDO_REF}": the last operation can then not be undone.`,
      cause,
    });
  const bytes = await readFileAt(repository, commit, RECORD_PATH);
  if (bytes === undefined) throw fail('has no record');
  const record = decodeCanonical(bytes, { byteLimit: BYTE_LIMIT, schema: 'undo-record', fail }) as UndoRecord;
  const tags = (await readTree(repository, (await readCommit(repository, commit)).tree)).get('tags');
  for (const { oid: blob } of (await readTree(repository, tags?.oid)).values()) {
    await writeObject(repository, 'tag', await readBlob(repository, blob));
  }
  return record;
}
