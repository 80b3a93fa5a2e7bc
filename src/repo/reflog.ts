/**
 * Owns the reflogs, as git keeps them: what each ref named before and now, who moved it, and why.
 *
 *     .git/logs/HEAD                 <old> SP <new> SP <name> SP "<" <email> ">" SP <seconds> SP <±hhmm> TAB <message> LF
 *     .git/logs/refs/heads/calc      a line a move, oldest first; 40 zeros for a ref that was not there
 *
 * A line is written before its ref is: when a move is repeated after a crash, either the ref still has its old value, and
 * the line is the one that is there already, or it has the new one, and there is nothing to write.
 */
import { existsSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { appendDurably, makeDirectory, removeDurably, syncDirectory } from '../durable.js';
import { replaceFile } from './durable-fs.js';
import { readSettings } from './git-config.js';
import type { ObjectId } from './ids.js';
import type { Signature } from './object.js';
import { parseSignature } from './parse-commit.js';
import type { Repository } from './repository.js';
import { formatSignature } from './write-object.js';

/** Who moves a ref, and why. It is JSON: a journal can carry it. */
export interface RefNote {
  readonly by: Signature;
  /** In git's words: `commit: faster`, `checkout: moving from main to calc`. Line breaks become spaces. */
  readonly message: string;
}

/** What one line of a reflog says. */
export interface ReflogEntry extends RefNote {
  /** Undefined for a ref that was not there, or is no more. */
  readonly from: ObjectId | undefined;
  readonly to: ObjectId | undefined;
}

const NOTHING = '0'.repeat(40);

/** Reads the log of a ref by its full name, oldest entry first; lines that are none are left out, as git does. */
export function readReflog(repository: Repository, ref: string): ReflogEntry[] {
  return readLines(repository, ref).lines.flatMap((line) => parseLine(line) ?? []);
}

/** Tells whether a ref has a log at all. */
export const hasReflog = (repository: Repository, ref: string): boolean => readText(repository, ref) !== undefined;

/**
 * Adds entries to the log of a ref, unless they are its last ones already. `core.logAllRefUpdates` decides, as in git,
 * which refs get a log: by default HEAD, branches, remote-tracking branches and notes. Throws what the disk says.
 */
export async function appendReflog(
  repository: Repository,
  ref: string,
  entries: readonly ReflogEntry[],
): Promise<void> {
  const { text, lines } = readLines(repository, ref);
  if (text === undefined && !isLogged(repository, ref)) return;
  const wanted = entries.map(formatLine);
  // An interrupted move may have written all of them or the first few.
  const written =
    wanted.findLastIndex((_, i) => wanted.slice(0, i + 1).join('\n') === lines.slice(-i - 1).join('\n')) + 1;
  if (written === wanted.length) return;
  const path = logPath(repository, ref);
  const more = wanted.slice(written).map((line) => `${line}\n`);
  await makeDirectory(dirname(path));
  removeEmptyFolders(path);
  // A crash can leave a line without its end, which says nothing: git does not read it either.
  if (text !== undefined && text !== '' && !text.endsWith('\n')) {
    await replaceFile(repository.gitDirectory, path, [...lines.map((line) => `${line}\n`), ...more].join(''));
  } else {
    await appendDurably(path, more.join(''));
  }
}

/** Removes the log of a ref that is no more. Throws what the disk says. */
export async function removeReflog(repository: Repository, ref: string): Promise<void> {
  if (hasReflog(repository, ref)) await removeDurably(logPath(repository, ref));
}

/**
 * Gives the log of a ref to another one, in place of what that had. By way of a third name, because each can be the other's
 * folder. May be repeated after a crash at any moment. Throws what the disk says.
 */
export async function renameReflog(repository: Repository, from: string, to: string): Promise<void> {
  const [source, target] = [logPath(repository, from), logPath(repository, to)];
  const waiting = logPath(repository, 'refs/.tmp-renamed-log');
  if (hasReflog(repository, from)) {
    await rename(source, waiting);
    await syncDirectory(dirname(waiting));
    await syncDirectory(dirname(source));
  } else if (!existsSync(waiting)) {
    return;
  }
  await makeDirectory(dirname(target));
  removeEmptyFolders(target);
  await rename(waiting, target);
  await syncDirectory(dirname(target));
  await syncDirectory(dirname(waiting));
}

const logPath = ({ gitDirectory }: Repository, ref: string): string => join(gitDirectory, 'logs', ref);

function readText(repository: Repository, ref: string): string | undefined {
  try {
    return readFileSync(logPath(repository, ref), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** The whole lines of a log, and its text. */
function readLines(repository: Repository, ref: string): { text: string | undefined; lines: string[] } {
  const text = readText(repository, ref);
  return { text, lines: (text ?? '').split('\n').slice(0, -1) };
}

function isLogged(repository: Repository, ref: string): boolean {
  const setting = (readSettings(repository).get('core.logallrefupdates') ?? 'true').toLowerCase();
  if (setting === 'always') return true;
  if (!['true', 'yes', 'on', '1'].includes(setting)) return false;
  return ref === 'HEAD' || /^refs\/(heads|remotes|notes)\//.test(ref);
}

function formatLine({ from, to, by, message }: ReflogEntry): string {
  const text = message.replace(/[\s\0]+/g, ' ').trim();
  return `${from ?? NOTHING} ${to ?? NOTHING} ${formatSignature(by)}${text === '' ? '' : `\t${text}`}`;
}

function parseLine(line: string): ReflogEntry | undefined {
  const [, from, to, by, message = ''] = /^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\t]*)(?:\t(.*))?$/.exec(line) ?? [];
  if (from === undefined) return undefined;
  const known = (oid: string) => (oid === NOTHING ? undefined : oid);
  return { from: known(from), to: known(to), by: parseSignature(by), message };
}

/** Folders that the logs of deleted branches left behind: they would be in the way of `math` after `math/primes`. */
function removeEmptyFolders(path: string): void {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    throw error;
  }
  for (const name of names) removeEmptyFolders(join(path, name));
  rmdirSync(path);
}
