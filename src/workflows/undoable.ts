/** Owns the record of an operation that is about to happen: where everything was, and what files had in them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { editConfig } from '../repo/git-config-write.js';
import type { RefChange } from '../repo/change-refs.js';
import type { Loss } from '../repo/loss.js';
import type { Repository } from '../repo/repository.js';
import { type Overwritten, saveFiles } from '../repo/saved-files.js';
import { type UndoRecord, writeUndo } from '../repo/undo-record.js';
import type { AfterModel, Workspace } from './workspace.js';

export type { Loss } from '../repo/loss.js';

/**
 * Records what an operation is about to change; it has not begun. → what the journal has to carry besides what is done: nothing
 * where that changes nothing. Throws IO.
 */
export async function undoable(
  { repository, earlier = [] }: Workspace,
  record: Omit<UndoRecord, 'format' | 'saved'>,
  after: AfterModel,
  loss: Loss = { files: [] },
): Promise<Pick<AfterModel, 'undo' | 'saved'>> {
  const refs = onceEach([...earlier, ...record.refs]);
  const files = new Map(loss.files.filter((file) => isChanged(repository, file)).map((file) => [file.path, file]));
  for (const path of pathsOf(repository, after)) files.set(path, files.get(path) ?? { path });
  const saved = files.size === 0 ? undefined : await saveFiles(repository, [...files.values()]);
  const undo = await writeUndo(repository, { ...record, refs, ...(saved !== undefined && { saved }) }, loss.staged);
  return undo === undefined ? {} : { undo, ...(saved !== undefined && { saved }) };
}

/** What became of each ref in the end, where some changed twice or were told twice, without what the reflogs say of it. */
function onceEach(changes: readonly RefChange[]): RefChange[] {
  const refs = new Map<string, RefChange>();
  for (const { name, before, after } of changes) {
    const first = refs.has(name) ? refs.get(name)?.before : before;
    refs.set(name, { name, ...(first !== undefined && { before: first }), ...(after !== undefined && { after }) });
  }
  return [...refs.values()];
}

/** The files of git and ours that an operation changes, beside refs, HEAD, index and worktree. */
function pathsOf(repository: Repository, { config, refs = [], log, writes = [] }: AfterModel): string[] {
  const gone = refs.filter(({ after }) => after === undefined).map(({ name }) => name);
  const logs = [...gone, ...(log ? [log.from, log.to] : [])].map((name) => `.git/logs/${name}`);
  const file = join(repository.gitDirectory, 'config');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return [
    ...(config && editConfig(text, config) !== text ? ['.git/config'] : []),
    ...new Set(logs.filter((path) => log !== undefined || existsSync(join(repository.directory, path)))),
    ...writes
      .filter(({ path, content }) => isChanged(repository, { path, before: bytesOf(content) }))
      .map(({ path }) => path),
  ];
}

const bytesOf = (content: Uint8Array | string | undefined): Uint8Array | null =>
  content === undefined ? null : Buffer.from(content);

/** Whether a file is not what was said of it; true where nothing was. */
function isChanged({ directory }: Repository, { path, before }: Overwritten): boolean {
  if (before === undefined) return true;
  const file = join(directory, path);
  return existsSync(file) ? before === null || !readFileSync(file).equals(before) : before !== null;
}
