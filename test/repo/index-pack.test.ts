/** Packs of the real git, indexed by us as git itself indexes them; and packs that ask for more than they may. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { indexPack, packLimits } from '../../src/repo/index-pack.js';
import { temporaryDirectory } from '../paths.js';
import { deltaEntry, deltaSize, idOf, packOf, sealed, wholeEntry } from '../transport/hostile-pack.js';
import { runGit } from './sandbox.js';

const room = temporaryDirectory();
const source = join(room, 'source');

/** Many versions of a long file, and a tree of many entries: what git makes chains of deltas of. */
beforeAll(() => {
  runGit(room, 'init', '--quiet', '--template=', source);
  const lines: string[] = [];
  let text = Array.from({ length: 400 }, (_, i) => `line ${i} of a file that grows\n`).join('');
  for (let i = 1; i <= 40; i++) {
    text = text.replace(`line ${i * 7} of`, `line ${i * 7} again, of`) + `one more, ${i}\n`;
    lines.push(`commit refs/heads/main`, `mark :${i}`, `committer A <a@b> ${1_700_000_000 + i} +0000`, 'data 1', 'x');
    lines.push(`M 100644 inline long.txt`, `data ${text.length}`, text, `M 100644 inline f${i}`, 'data 1', 'y', '');
  }
  execFileSync('git', ['fast-import', '--quiet'], { cwd: source, input: lines.join('\n') });
  runGit(source, 'tag', '-m', 'a tag', 'v1', 'main');
});

let packs = 0;
const placed = (bytes: Buffer): string => {
  const path = join(room, `${packs++}.pack`);
  writeFileSync(path, bytes);
  return path;
};

describe('a pack of git', () => {
  test.each([
    ['with deltas on offsets', ['--delta-base-offset', '--window=20', '--depth=50']],
    ['with deltas on ids', ['--window=20', '--depth=50']],
    ['without deltas', ['--window=0']],
  ])('%s has the index that git makes of it', async (_, options) => {
    const pack = execFileSync('git', ['pack-objects', '--all', '--stdout', '--quiet', ...options], {
      cwd: source,
      input: '',
      maxBuffer: 2 ** 26,
    });
    const path = placed(pack);
    const seen: number[] = [];
    const { checksum, objects } = await indexPack(path, `${path}.idx`, (done) => seen.push(done));
    const own = join(room, `${packs++}.pack`);
    cpSync(path, own);
    runGit(source, 'index-pack', own);
    expect(readFileSync(`${path}.idx`).equals(readFileSync(own.replace(/pack$/, 'idx')))).toBe(true);
    expect(checksum).toBe(pack.subarray(-20).toString('hex'));
    expect(objects).toBe(Number(runGit(source, 'rev-list', '--all', '--objects', '--count')));
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
  });

  test('is stopped by whoever is told of its progress', async () => {
    const path = placed(packOf([wholeEntry({ type: 'blob', content: Buffer.from('x') })]));
    const stop = Object.assign(new Error('Interrupted'), { name: 'AbortError' });
    await expect(
      indexPack(path, `${path}.idx`, () => {
        throw stop;
      }),
    ).rejects.toBe(stop);
    expect(existsSync(`${path}.idx`)).toBe(false);
  });
});

describe('a pack is refused', () => {
  const blob = (content: Buffer | string) => ({ type: 'blob', content: Buffer.from(content as string) });
  /** Deltas on deltas, each with a second one that waits: what a chain of them holds on to. */
  const branching = (depth: number): Buffer => {
    const copies = Buffer.from([0x90 | 0x20, 0xff, 0x03]);
    const changed = (letter: number) =>
      Buffer.concat([deltaSize(1024), deltaSize(1024), copies, Buffer.from([1, letter])]);
    let base = Buffer.alloc(1024);
    const entries = [wholeEntry(blob(base))];
    for (let i = 0; i < depth; i++) {
      entries.push(deltaEntry(idOf(blob(base)), changed(65)), deltaEntry(idOf(blob(base)), changed(66 + i)));
      base = Buffer.from(base);
      base[1023] = 66 + i;
    }
    return packOf(entries);
  };

  test.each([
    [
      'that holds on to more than it may',
      branching(8),
      { heldBytes: 4096 },
      /its deltas need more memory than they may/,
    ],
    [
      'with too large an object',
      packOf([wholeEntry(blob(Buffer.alloc(2000)))]),
      { objectBytes: 1999 },
      /2000 bytes \(limit 1999\)/,
    ],
    [
      'with too many objects',
      packOf(['a', 'b', 'c'].map((text) => wholeEntry(blob(text)))),
      { objects: 2 },
      /3 objects \(limit 2\)/,
    ],
    [
      'that was extended',
      sealed(Buffer.concat([packOf([]).subarray(0, -20), Buffer.from('more')])),
      {},
      /bytes that belong to no object/,
    ],
  ])('%s', async (_, bytes, limits, message) => {
    const path = placed(bytes);
    const failure = indexPack(path, `${path}.idx`, undefined, { ...packLimits, ...limits });
    await expect(failure).rejects.toThrow(message);
    await expect(failure).toFailWithCode('PACK_INVALID');
    expect(existsSync(`${path}.idx`)).toBe(false);
  });

  test('but the same one is taken where there is room', async () => {
    const path = placed(branching(8));
    expect((await indexPack(path, `${path}.idx`)).objects).toBe(17);
  });
});
