/** The files that `bankai probes` makes: whole, readable, and never in the place of others unasked. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseProbes } from '../../src/search/probes.js';
import { initProbes, splitProbeFile } from '../../src/workflows/probe-files.js';
import { temporaryDirectory } from '../paths.js';

let directory: string;
let mine: string;
const read = (path: string) => parseProbes(readFileSync(path), path).probes;

beforeEach(() => {
  directory = temporaryDirectory();
  mine = join(directory, 'mine.json');
});

describe('init', () => {
  test('writes sample templates that expand', async () => {
    const report = await initProbes(mine, []);
    expect(report).toEqual({ path: mine, count: 60, templates: 2 });
    expect(read(mine)).toHaveLength(60);
  });

  test('writes examples as probes', async () => {
    await initProbes(mine, ['2 + 2 = => 4 => 5', 'Sky: => blue']);
    expect(read(mine)).toEqual([
      { prompt: '2 + 2 =', correct: ' 4', wrong: ' 5' },
      { prompt: 'Sky:', correct: ' blue' },
    ]);
  });

  test('touches no file that exists', async () => {
    writeFileSync(mine, 'precious');
    await expect(() => initProbes(mine, [])).toFailWithCode('FILE_EXISTS');
    expect(readFileSync(mine, 'utf8')).toBe('precious');
  });
});

describe('split', () => {
  const request = (overwrite: boolean) => ({
    probes: { name: 'mine.json', bytes: readFileSync(mine) },
    share: 0.5,
    seed: 1,
    searchPath: join(directory, 'search.json'),
    heldOutPath: join(directory, 'heldout.json'),
    overwrite,
  });

  test('writes both files or, when one exists, none', async () => {
    await initProbes(mine, []);
    writeFileSync(join(directory, 'heldout.json'), 'precious');
    await expect(() => splitProbeFile(request(false))).toFailWithCode('FILE_EXISTS');
    expect(readdirSync(directory).sort()).toEqual(['heldout.json', 'mine.json']);
    const { search, heldOut } = await splitProbeFile(request(true));
    expect([read(search.path).length, read(heldOut.path).length]).toEqual([search.count, heldOut.count]);
    expect(search.count + heldOut.count).toBe(60);
  });

  test('refuses to leave a side empty', async () => {
    await initProbes(mine, ['a => b', 'A. => b']);
    await expect(() => splitProbeFile(request(false))).toFailWithCode('PROBES_UNUSABLE');
  });
});
