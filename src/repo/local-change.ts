/** Owns changes of a repository beside HEAD and model, as plain data: a journal can carry them, and they can be repeated. */
import { changeRefs, type RefChange } from './change-refs.js';
import { changeConfig, type ConfigChange } from './git-config-write.js';
import { reporting } from './git-error.js';
import { type RefNote, renameReflog } from './reflog.js';
import type { Repository } from './repository.js';
import { type FileWrite, writeWholeFile } from './saved-files.js';

export interface LocalChange {
  /** A ref whose log becomes that of another, before anything moves. */
  readonly log?: { readonly from: string; readonly to: string };
  readonly refs?: readonly RefChange[];
  /** What their reflogs say. */
  readonly note?: RefNote;
  /** Changes of the repository's own git configuration. */
  readonly config?: readonly ConfigChange[];
  /** Files that are written or removed as a whole. */
  readonly writes?: readonly FileWrite[];
}

/** Gives a log its new name: before the refs that go with it move. */
export const renameLog = async (repository: Repository, { log }: LocalChange): Promise<void> => {
  if (log) await reporting('rename a reflog', () => renameReflog(repository, log.from, log.to));
};

/** Makes the changes, but for the log. May be repeated. Throws REPOSITORY_LOCKED (the configuration), IO. */
export async function changeLocally(repository: Repository, change: LocalChange): Promise<void> {
  const { refs, note, config, writes = [] } = change;
  if (refs) await changeRefs(repository, refs, note);
  if (config) await changeConfig(repository, config);
  for (const write of writes) await writeWholeFile(repository, write);
}
