/**
 * Owns checkpoints: the tape of a search on disk (docs/FORMAT.md, "Checkpoints"), one file for every search, by the digest of
 * what it is a search for. Written every few seconds, whole; what SIGKILL or a power loss leaves is the last one.
 */
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporaryName, makeDirectory, removeDurably, writeFileDurably } from '../durable.js';
import { FormatError, RepositoryError } from '../errors.js';
import { canonicalBytes, parseJson } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { localDirectory, type Repository } from '../repo/repository.js';
import { schemaViolation } from '../schema.js';
import type { TapeEntry } from '../search/checkpoint/tape.js';

/** All that a search depends on, but for its budget: text or lists of texts, by name. */
export type SearchInputs = Readonly<Record<string, string | readonly string[]>>;

/** A place on disk for the tape of one search. */
export interface Checkpoint {
  readonly path: string;
  /** What an earlier process recorded; nothing unless the search is to be continued. */
  readonly recorded: readonly TapeEntry[];
  /** Takes the tape so far; writes it unless it was written lately. Throws IO when the last writing failed. */
  record(entries: readonly TapeEntry[]): void;
  /** Writes what is not written yet. Throws IO. */
  save(): Promise<void>;
  /** Removes the file: the search has come to its end. */
  remove(): Promise<void>;
}

interface CheckpointFile {
  readonly format: 'bankai.checkpoint/v1';
  readonly inputs: SearchInputs;
  /** SHA-256 of the JSON of the entries, in hex. */
  readonly sha256: string;
  readonly entries: readonly TapeEntry[];
}

/** Milliseconds between two writings, at least; and so many times as long as one takes. */
const INTERVAL_MS = 2000;
const INTERVAL_SHARE = 20;

/** Bytes of the largest checkpoint: what is recorded beyond is computed again when the search is continued. */
const BYTE_LIMIT = 256 << 20;
const TEXT_LIMIT = BYTE_LIMIT / 2;

/**
 * Opens the checkpoint of a search. With `resume` it must be there. Throws CHECKPOINT_MISSING, which says what the most
 * similar one differs in, CHECKPOINT_INVALID, IO. `now` gives milliseconds.
 */
export async function openCheckpoint(
  repository: Repository,
  inputs: SearchInputs,
  { resume, now = () => performance.now() }: { readonly resume: boolean; readonly now?: () => number },
): Promise<Checkpoint> {
  const directory = join(localDirectory(repository), 'checkpoints');
  const path = join(directory, `${sha256Hex(canonicalBytes(inputs))}.json`);
  const found = await readCheckpoint(path).catch((error: unknown) => {
    // A search that begins anew does not need the old one.
    if (!resume && error instanceof FormatError) return undefined;
    throw error;
  });
  if (resume && !found) throw await missing(directory, inputs);
  const recorded = resume && found ? found.entries : [];
  /** Each entry as JSON. */
  const lines = recorded.map((entry) => JSON.stringify(entry));
  let characters = lines.reduce((sum, line) => sum + line.length, 0);
  // The tape of a search that begins anew is the same one: until it is longer, the old file is the better one.
  let saved = found?.entries.length ?? 0;
  let writing: Promise<void> | undefined;
  let failure: unknown;
  let next = -Infinity;

  async function write(): Promise<void> {
    const start = now();
    const count = lines.length;
    const entries = `[${lines.join(',')}]`;
    const head = JSON.stringify({ format: 'bankai.checkpoint/v1', inputs, sha256: sha256Hex(Buffer.from(entries)) });
    await makeDirectory(directory);
    await writeFileDurably(path, `${head.slice(0, -1)},"entries":${entries}}\n`);
    saved = count;
    next = now() + Math.max(INTERVAL_MS, INTERVAL_SHARE * (now() - start));
  }
  const begin = (): Promise<void> =>
    (writing ??= write()
      .catch((error: unknown) => void (failure = error))
      .finally(() => void (writing = undefined)));

  return {
    path,
    recorded,
    record(entries) {
      if (failure !== undefined) throw failure;
      // All but the newest are known, unless the search has left the recorded path.
      for (const line of lines.splice(entries.length - 1)) characters -= line.length;
      if (characters > TEXT_LIMIT || lines.length < entries.length - 1) return;
      const line = JSON.stringify(entries[entries.length - 1]);
      lines.push(line);
      characters += line.length;
      if (lines.length > saved && now() >= next) void begin();
    },
    async save() {
      await writing;
      if (lines.length > saved) await begin();
      if (failure !== undefined) throw failure;
    },
    async remove() {
      await writing;
      // One that stays takes room and does no harm; what was searched for is done.
      await removeCheckpoint(directory, path).catch(() => undefined);
    },
  };
}

/** Reads a checkpoint; undefined when there is none. Throws CHECKPOINT_INVALID. */
async function readCheckpoint(path: string): Promise<CheckpointFile | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const fail = (problem: string, cause?: unknown) =>
    new FormatError('CHECKPOINT_INVALID', `Cannot continue: the checkpoint ${path} ${problem}`, {
      hint: 'Search anew, without --resume.',
      data: { path },
      ...(cause !== undefined && { cause }),
    });
  const document = parseJson(bytes, BYTE_LIMIT, fail);
  const violation = schemaViolation('checkpoint', document);
  if (violation !== undefined) throw fail(`does not fit its schema: ${violation}`);
  const checkpoint = document as CheckpointFile;
  const digest = sha256Hex(Buffer.from(JSON.stringify(checkpoint.entries)));
  if (digest !== checkpoint.sha256) throw fail('is damaged: its digest is another');
  return checkpoint;
}

/** The error where no checkpoint is one of this search. */
async function missing(directory: string, inputs: SearchInputs): Promise<RepositoryError> {
  const names = await readdir(directory).catch(() => []);
  const others: (readonly string[])[] = [];
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const other = await readCheckpoint(join(directory, name)).catch(() => undefined);
    if (other) others.push(differences(other.inputs, inputs));
  }
  const nearest = others.sort((a, b) => a.length - b.length).at(0);
  const fact = nearest ? `the most similar one differs in ${nearest.join(', ')}` : 'there is none at all';
  return new RepositoryError('CHECKPOINT_MISSING', `There is no checkpoint of this search: ${fact}`, {
    hint: 'Give the command that was interrupted, with --resume; or leave --resume out to search anew.',
    data: { checkpoints: others.length, differs: nearest ?? [] },
  });
}

function differences(a: SearchInputs, b: SearchInputs): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

/** Removes a checkpoint, and what crashes have left of unfinished ones. */
async function removeCheckpoint(directory: string, path: string): Promise<void> {
  const names = await readdir(directory).catch(() => undefined);
  if (names === undefined) return;
  for (const name of names.filter(isTemporaryName)) await removeDurably(join(directory, name));
  await removeDurably(path);
  // Only where no other search has one.
  await rmdir(directory).catch(() => undefined);
}
