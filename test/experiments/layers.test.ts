/** The cheapest experiment, run anew, finds what docs/experiments says that it found. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory } from '../paths.js';

test('layers', () => {
  const out = temporaryDirectory();
  const program = join(root, 'dist', 'experiments', 'run.js');
  const { status, stderr } = spawnSync(process.execPath, [program, 'layers', '--out', out], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  for (const file of ['layers.md', 'layers.svg']) {
    expect(readFileSync(join(out, file), 'utf8')).toBe(readFileSync(join(root, 'docs', 'experiments', file), 'utf8'));
  }
});
