/** Owns changes of refs as plain data, which a journal can carry and which can be repeated. */
import { reporting } from './git-error.js';
import type { ObjectId } from './ids.js';
import { appendReflog, type RefNote, removeReflog } from './reflog.js';
import { deleteRef, resolveRef, writeRef } from './refs.js';
import type { Repository } from './repository.js';

/** A ref, what it names now and what it shall name; undefined for none. */
export interface RefChange {
  /** In full: `refs/heads/calc`. */
  readonly name: string;
  readonly before?: ObjectId;
  readonly after?: ObjectId;
  /** What its own reflog says, if not what those of all do. */
  readonly message?: string;
}

/** Makes the changes: what goes first, because a name can be in the way of another. Throws IO. */
export async function changeRefs(repository: Repository, changes: readonly RefChange[], note?: RefNote): Promise<void> {
  await reporting('write refs', async () => {
    for (const { name } of changes.filter(({ after }) => after === undefined)) {
      await deleteRef(repository, name);
      await removeReflog(repository, name);
    }
    for (const { name, after, message } of changes) {
      if (after === undefined) continue;
      const from = resolveRef(repository, name);
      const entry = note && { ...note, ...(message !== undefined && { message }), from, to: after };
      if (entry && from !== after) await appendReflog(repository, name, [entry]);
      await writeRef(repository, name, { oid: after });
    }
  });
}
