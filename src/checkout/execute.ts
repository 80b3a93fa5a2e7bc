/**
 * Owns the writing of a checkout, as one transaction over the model's bytes and whatever the caller does afterwards
 * (worktree, refs, local state):
 *
 *     read the old bytes → journal, durable → new bytes → fsync → `finish` → remove the journal
 *
 * A crash before the journal is complete leaves the old state. A crash after it leaves a journal that `recover` carries
 * out again from its beginning: it knows every byte, and `finish` must bear repetition.
 */
import { InternalError, RepositoryError } from '../errors.js';
import type { Edit } from './edit.js';
import { decodeJournal, encodeJournal, type Journal } from './journal.js';
import type { JournalFile } from './journal-file.js';
import type { ModelFile } from './model-file.js';
import { readBefore, writeAfter, writeBefore } from './swap.js';

/** What a transaction works on. */
export interface CheckoutFiles {
  readonly model: ModelFile;
  readonly journal: JournalFile;
}

/**
 * Does what remains when the bytes are written, given the journal's `after`. It may be called again, also by a later
 * process, and must then lead to the same end.
 */
export type Finish = (after: unknown) => Promise<void>;

/**
 * Carries out edits and what comes after them, durably. When the disk refuses the model's bytes, or somebody else changes the
 * file meanwhile, those already written are taken back and nothing has changed. Throws IO, MODEL_CHANGED, and what `finish` throws: then the journal stays for `recover`, as it
 * does when the disk refuses to take the bytes back.
 */
export async function executeCheckout(
  files: CheckoutFiles,
  edits: readonly Edit[],
  after: unknown,
  finish: Finish,
): Promise<void> {
  const { model, journal } = files;
  if ((await journal.read()) !== undefined) throw begunTwice();
  const entry: Journal = { fileSize: model.size, edits, before: readBefore(model, edits), after };
  model.assertOurs();
  await journal.write(encodeJournal(entry));
  try {
    writeAfter(model, entry);
    model.sync();
    model.assertOurs();
  } catch (error) {
    writeBefore(model, entry);
    model.sync();
    await journal.remove();
    throw error;
  }
  await finish(after);
  await journal.remove();
}

/**
 * Carries out what touches no byte of the model, through the same journal: its `fileSize` is 0, and `recover` does not open
 * the model for it. Throws IO, and what `finish` throws.
 */
export async function executeWithoutModel(journal: JournalFile, after: unknown, finish: Finish): Promise<void> {
  if ((await journal.read()) !== undefined) throw begunTwice();
  await journal.write(encodeJournal({ fileSize: 0, edits: [], before: [], after }));
  await finish(after);
  await journal.remove();
}

/** An interrupted checkout that was finished. */
export interface Recovery {
  readonly edits: readonly Edit[];
  readonly after: unknown;
}

/**
 * Finishes an interrupted checkout, if there is one; every operation on the repository begins with this. Throws
 * JOURNAL_CORRUPT; MODEL_CHANGED when the file holds bytes that are neither the old nor the new ones; IO.
 */
export async function recoverCheckout(
  journal: JournalFile,
  openModel: () => ModelFile,
  finish: Finish,
): Promise<Recovery | undefined> {
  const bytes = await journal.read();
  if (bytes === undefined) return undefined;
  const entry = decodeJournal(bytes);
  if (entry.fileSize > 0) rewrite(openModel(), entry);
  await finish(entry.after);
  await journal.remove();
  return { edits: entry.edits, after: entry.after };
}

function rewrite(model: ModelFile, entry: Journal): void {
  try {
    assertOldOrNew(model, entry);
    writeAfter(model, entry);
    model.sync();
  } finally {
    model.close();
  }
}

function begunTwice(): InternalError {
  return new InternalError('INTERNAL', 'A checkout was begun before the journal of the last one was recovered', {
    hint: 'Run "bankai status", which recovers it.',
  });
}

/** A write cut short leaves any mixture of old and new bytes, but no other byte. */
function assertOldOrNew(model: ModelFile, { fileSize, edits, before }: Journal): void {
  if (model.size !== fileSize) throw foreign(`has ${model.size} bytes instead of ${fileSize}`);
  readBefore(model, edits).forEach((present, i) => {
    const { byteOffset, pattern } = edits[i];
    const at = present.findIndex((byte, j) => byte !== before[i][j] && byte !== (before[i][j] ^ pattern[j]));
    if (at >= 0) throw foreign(`has a byte at ${byteOffset + at} that is of neither state`);
  });
}

function foreign(fact: string): RepositoryError {
  return new RepositoryError(
    'MODEL_CHANGED',
    `Cannot finish the interrupted checkout: the working model was changed since, it ${fact}`,
    {
      hint:
        'Put the file back that was there. Or remove .git/bankai/journal.bin and .git/bankai/state.json, and run ' +
        '"bankai init --model FILE" with the base model: commits and branches stay.',
    },
  );
}
