/**
 * Owns `.git/bankai/undo/`: what files had in them before an operation, for `undo` to put back (FORMAT.md, "Undo"). Not among
 * git's objects: an address in `config` can have a password in it, and objects are what others are sent.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory, removeDurably, writeFileDurably } from '../durable.js';
import { RepositoryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { replaceFile } from './durable-fs.js';
import { reporting } from './git-error.js';
import { readIndex } from './index-file.js';
import { hashFile } from './move-head.js';
import { localDirectory, type Repository } from './repository.js';

/** A file that an operation overwrites. */
export interface Overwritten {
  /** From the worktree on, with `/`: `.git/config`, `patches/…`. */
  readonly path: string;
  /** What was in it, where that was changed already; null for no file. */
  readonly before?: Uint8Array | null;
}

interface Saved {
  readonly path: string;
  /** Of the file, in octal; absent where there was none. Its content is in the file that its number names. */
  readonly mode?: string;
}

const BYTE_LIMIT = 16 * 2 ** 20;
const folderOf = (repository: Repository): string => join(localDirectory(repository), 'undo');
const absolute = ({ directory }: Repository, path: string): string => join(directory, path);

/** Saves what is in some files now, durably. → the name of what was saved. Throws IO. */
export async function saveFiles(repository: Repository, files: readonly Overwritten[]): Promise<string> {
  const name = randomBytes(8).toString('hex');
  const folder = join(folderOf(repository), name);
  await reporting(`write ${folder}`, async () => {
    await makeDirectory(folder, 0o700);
    const saved: Saved[] = [];
    for (const [i, { path, before }] of files.entries()) {
      const content = before === undefined ? (readIfThere(absolute(repository, path)) ?? null) : before;
      const stats = lstatSync(absolute(repository, path), { throwIfNoEntry: false });
      const mode = stats?.isFile() === true ? (stats.mode & 0o777).toString(8) : '644';
      saved.push({ path, ...(content !== null && { mode }) });
      if (content !== null) await writeFileDurably(join(folder, String(i)), content, { mode: 0o600 });
    }
    await writeFileDurably(join(folder, 'files.json'), canonicalBytes({ files: saved, format: 'bankai.saved/v1' }));
  });
  return name;
}

/** Notes how an operation left the files that it had saved. May be repeated. Throws IO. */
export async function sealFiles(repository: Repository, name: string): Promise<void> {
  const folder = join(folderOf(repository), name);
  await reporting(`write ${folder}`, async () => {
    const left = (await readSaved(repository, name)).map(({ path }) => looksOf(repository, path));
    await writeFileDurably(join(folder, 'after.json'), canonicalBytes(left));
  });
}

/** Lists the saved files, and which of them are not as the operation left them. Throws REPOSITORY_CORRUPT, IO. */
export async function readOverwritten(repository: Repository, name: string) {
  const files = await readSaved(repository, name);
  const path = join(folderOf(repository), name, 'after.json');
  const left: unknown = await reporting(`read ${path}`, async () => JSON.parse(readFileSync(path, 'utf8')));
  const paths = files.map((file) => file.path);
  const changed = paths.filter((each, i) => !Array.isArray(left) || left[i] !== looksOf(repository, each));
  return { paths, changed };
}

/** Puts back what was saved, byte for byte. May be repeated. Throws REPOSITORY_CORRUPT, IO. */
export async function putFilesBack(repository: Repository, name: string): Promise<void> {
  for (const [i, { path, mode }] of (await readSaved(repository, name)).entries()) {
    const bytes = mode === undefined ? undefined : readFileSync(join(folderOf(repository), name, String(i)));
    await writeWholeFile(repository, { path, ...(bytes && { content: bytes }) }, Number.parseInt(mode ?? '644', 8));
  }
}

/** A file of the repository that an operation writes, or removes where it has no content. */
export interface FileWrite {
  /** From the worktree on, with `/`. */
  readonly path: string;
  readonly content?: Uint8Array | string;
}

/** Writes or removes a file as a whole, durably. May be repeated. Throws IO. */
export async function writeWholeFile(
  repository: Repository,
  { path, content }: FileWrite,
  mode = 0o666,
): Promise<void> {
  await reporting(`write ${path}`, async () => {
    const place = realPath(absolute(repository, path));
    const isThere = lstatSync(place, { throwIfNoEntry: false })?.isFile() === true;
    if (content === undefined) return isThere ? removeDurably(place) : undefined;
    if (isThere && readFileSync(place).equals(Buffer.from(content))) return;
    await makeDirectory(dirname(place));
    await replaceFile(repository.gitDirectory, place, content, { mode });
  });
}

/** Forgets everything saved but for some names. A crash in between leaves what the next operation forgets. */
export function forgetSaved(repository: Repository, kept: readonly (string | undefined)[]): void {
  const folder = folderOf(repository);
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return;
  for (const name of readdirSync(folder)) {
    if (!kept.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

async function readSaved(repository: Repository, name: string): Promise<readonly Saved[]> {
  const path = join(folderOf(repository), name, 'files.json');
  const bytes = await reporting(`read ${path}`, async () => readIfThere(path));
  const fail = (problem: string, cause?: unknown) =>
    new RepositoryError('REPOSITORY_CORRUPT', `${path} ${problem}`, {
      hint: 'Remove the record with "git update-ref -d refs/bankai/undo": the last operation can then not be undone.',
      cause,
    });
  if (bytes === undefined) throw fail('is gone');
  return (decodeCanonical(bytes, { byteLimit: BYTE_LIMIT, schema: 'saved-files', fail }) as { files: Saved[] }).files;
}

/** A digest of what a file has in it; of the index what it says of files, and not when git looked at them. */
function looksOf(repository: Repository, path: string): string {
  // A log may have lost old lines meanwhile; where it has new ones, its ref moved.
  if (path.startsWith('.git/logs/')) return 'log';
  if (path !== '.git/index') return hashFile(repository, path) ?? 'none';
  const entries = readIndex(repository).map(({ path, oid, mode, stage }) => `${mode} ${oid} ${stage} ${path}\0`);
  return createHash('sha256').update(entries.join('')).digest('hex');
}

/** A configuration that is a symlink is written where it lies. */
const realPath = (path: string): string =>
  path.endsWith(join('.git', 'config')) && lstatSync(path, { throwIfNoEntry: false }) ? realpathSync(path) : path;

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
