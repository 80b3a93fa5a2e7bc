/** Objects on probation: not there for anybody before they are accepted, gone when they are not. */
import { beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitId } from '../../src/repo/ids.js';
import { indexPack } from '../../src/repo/index-pack.js';
import { readBlob } from '../../src/repo/object.js';
import { type Quarantine, withQuarantine } from '../../src/repo/quarantine.js';
import { hasObject } from '../../src/repo/read-object.js';
import type { Repository } from '../../src/repo/repository.js';
import { readState } from '../../src/repo/state.js';
import { idOf, packOf, wholeEntry } from '../transport/hostile-pack.js';
import { idOf as patchOf, newRepository, commitRow, runGit } from './sandbox.js';

const object = { type: 'blob', content: Buffer.from('from elsewhere') };
const oid = idOf(object);
let repository: Repository;

beforeEach(async () => {
  repository = await newRepository();
});

/** Has a pack come in. → the name of its files, without their endings */
async function bring({ packDirectory }: Quarantine): Promise<string> {
  const path = join(packDirectory, 'incoming.pack');
  writeFileSync(path, packOf([wholeEntry(object)]));
  const { checksum } = await indexPack(path, join(packDirectory, `pack-${'0'.repeat(40)}.idx`));
  const name = join(packDirectory, `pack-${'0'.repeat(40)}`);
  writeFileSync(`${name}.pack`, packOf([wholeEntry(object)]));
  expect(checksum).toHaveLength(40);
  return name;
}
const place = () => join(repository.gitDirectory, 'bankai', 'quarantine');
const git = (...args: string[]) => runGit(repository.directory, ...args);

test('is seen through its view alone, with what was there before', async () => {
  const commit = await commitRow(repository, 1);
  await withQuarantine(repository, async (quarantine) => {
    const early = quarantine.view();
    expect(hasObject(early, oid)).toBe(false);
    await bring(quarantine);
    const view = quarantine.view();
    expect(Buffer.from(await readBlob(view, oid))).toEqual(object.content);
    expect(await readState(view, commit)).toEqual([patchOf(1)]);
    expect(hasObject(repository, oid)).toBe(false);
    expect(() => git('cat-file', '-e', oid)).toThrow();
  });
  expect(existsSync(place())).toBe(false);
  expect(hasObject(repository, oid)).toBe(false);
});

test('is there for everybody once it is accepted', async () => {
  await withQuarantine(repository, async (quarantine) => {
    await bring(quarantine);
    await quarantine.accept();
    expect(Buffer.from(await readBlob(repository, oid))).toEqual(object.content);
  });
  expect(git('cat-file', 'blob', oid)).toBe('from elsewhere');
  expect(git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  expect(existsSync(place())).toBe(false);
});

test('is accepted twice without harm, and without its unfinished files', async () => {
  for (let i = 0; i < 2; i++) {
    await withQuarantine(repository, async (quarantine) => {
      await bring(quarantine);
      writeFileSync(join(quarantine.packDirectory, 'tmp_pack_abc'), 'x');
      writeFileSync(join(quarantine.packDirectory, `pack-${'1'.repeat(40)}.keep`), 'x');
      await quarantine.accept();
    });
  }
  expect(readdirSync(join(repository.gitDirectory, 'objects', 'pack')).sort()).toEqual(
    ['idx', 'pack'].map((ending) => `pack-${'0'.repeat(40)}.${ending}`),
  );
});

test('goes when anything fails, and what a killed process left goes first', async () => {
  mkdirSync(join(place(), 'objects', 'pack'), { recursive: true });
  writeFileSync(join(place(), 'objects', 'pack', 'incoming.pack'), 'left behind');
  const failure = withQuarantine(repository, async (quarantine) => {
    expect(readdirSync(quarantine.packDirectory)).toEqual([]);
    await bring(quarantine);
    throw new Error('it is not what it should be');
  });
  await expect(failure).rejects.toThrow('it is not what it should be');
  expect(existsSync(place())).toBe(false);
  expect(hasObject(repository, oid as CommitId)).toBe(false);
});
