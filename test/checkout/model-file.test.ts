import { describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { executeCheckout } from '../../src/checkout/execute.js';
import { journalFile } from '../../src/checkout/journal-file.js';
import { copyModel, openModelFile } from '../../src/checkout/model-file.js';
import { temporaryDirectory } from '../paths.js';

function modelIn(directory: string): string {
  const path = join(directory, 'model.gguf');
  writeFileSync(path, 'a model of the tests');
  return path;
}

/** Makes "model" of the tests' model "MODEL". */
const edit = { byteOffset: 2, pattern: Buffer.alloc(5, 0x20) };

describe('a working model', () => {
  test('is written in place', () => {
    const path = modelIn(temporaryDirectory());
    const { ino } = statSync(path);
    const model = openModelFile(path);
    model.write(Buffer.from('MODEL'), 2);
    model.sync();
    const bytes = Buffer.alloc(7);
    model.readInto(bytes, 0);
    model.close();
    expect(bytes.toString()).toBe('a MODEL');
    expect(readFileSync(path, 'utf8')).toBe('a MODEL of the tests');
    expect(statSync(path).ino).toBe(ino);
  });

  test('is refused when it is a symlink or has another name', async () => {
    const directory = temporaryDirectory();
    const path = modelIn(directory);
    symlinkSync(path, join(directory, 'symlink'));
    await expect(() => openModelFile(join(directory, 'symlink'))).toFailWithCode('MODEL_LINKED');
    linkSync(path, join(directory, 'other-name'));
    await expect(() => openModelFile(path)).toFailWithCode('MODEL_LINKED');
  });

  const others: readonly (readonly [string, (path: string) => void])[] = [
    ['replaced', (path) => (writeFileSync(`${path}.new`, 'a model of somebody '), renameSync(`${path}.new`, path))],
    ['written to', (path) => (writeFileSync(path, 'a model of somebody '), utimesSync(path, 1, 1))],
    ['made longer', (path) => writeFileSync(path, 'a model of somebody else', { flag: 'a' })],
    ['linked', (path) => linkSync(path, `${path}.linked`)],
    ['removed', (path) => rmSync(path)],
  ];

  test.each(others)('that is %s before it is changed stays as it then is', async (_, change) => {
    const path = modelIn(temporaryDirectory());
    const model = openModelFile(path);
    change(path);
    const journal = journalFile(join(temporaryDirectory(), 'journal.bin'));
    const done = executeCheckout({ model, journal }, [edit], 'after', async () => expect(true).toBe(false));
    await expect(done).rejects.toBeErrorWithCode('MODEL_CHANGED');
    model.close();
    const found = existsSync(path) ? readFileSync(path, 'utf8') : '';
    expect(found).not.toMatch(/MODEL/);
    expect(await journal.read()).toBeUndefined();
  });

  test.each(others.filter(([name]) => name !== 'written to'))(
    'that is %s while it is changed has nothing of it',
    async (_, change) => {
      const path = modelIn(temporaryDirectory());
      const model = openModelFile(path);
      const journal = journalFile(join(temporaryDirectory(), 'journal.bin'));
      const late = { ...journal, write: (bytes: Uint8Array) => (change(path), journal.write(bytes)) };
      const done = executeCheckout({ model, journal: late }, [edit], 'after', async () => expect(true).toBe(false));
      await expect(done).rejects.toBeErrorWithCode('MODEL_CHANGED');
      model.close();
      expect(existsSync(path) ? readFileSync(path, 'utf8') : '').not.toMatch(/MODEL/);
      expect(await journal.read()).toBeUndefined();
    },
  );

  test('is refused when it is missing, or no file', async () => {
    const directory = temporaryDirectory();
    await expect(() => openModelFile(join(directory, 'none'))).toFailWithCode('NO_MODEL');
    mkdirSync(join(directory, 'folder'));
    await expect(() => openModelFile(join(directory, 'folder'))).toFailWithCode('IO');
  });

  test('fails with IO beyond its end', async () => {
    const model = openModelFile(modelIn(temporaryDirectory()));
    await expect(() => model.readInto(new Uint8Array(8), 15)).toFailWithCode('IO');
    model.close();
  });
});

describe('the copy of a model', () => {
  test('has the same bytes, can be written though its source cannot, and leaves nothing beside it', async () => {
    const directory = temporaryDirectory();
    const source = modelIn(directory);
    chmodSync(source, 0o444);
    const target = join(directory, 'working.gguf');
    await copyModel(source, target);
    expect(readFileSync(target, 'utf8')).toBe('a model of the tests');
    expect(statSync(target).mode & 0o200).toBe(0o200);
    expect(readdirSync(directory).sort()).toEqual(['model.gguf', 'working.gguf']);
  });

  test('never replaces a file', async () => {
    const directory = temporaryDirectory();
    const source = modelIn(directory);
    const target = join(directory, 'working.gguf');
    writeFileSync(target, 'mine');
    await expect(copyModel(source, target)).toFailWithCode('FILE_EXISTS');
    expect(readFileSync(target, 'utf8')).toBe('mine');
  });

  test('fails with IO when there is no place for it', async () => {
    const source = modelIn(temporaryDirectory());
    await expect(copyModel(source, '/nowhere/at/all.gguf')).toFailWithCode('IO');
  });
});

test('a journal file is there as a whole or not at all', async () => {
  const path = join(temporaryDirectory(), 'deep', 'journal.bin');
  const journal = journalFile(path);
  expect(await journal.read()).toBeUndefined();
  await journal.write(Buffer.from('first'));
  await journal.write(Buffer.from('second'));
  expect(Buffer.from((await journal.read()) ?? []).toString()).toBe('second');
  await journal.remove();
  await journal.remove();
  expect(await journal.read()).toBeUndefined();
});
