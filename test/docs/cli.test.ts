/** docs/CLI.md says what the commands say. */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory } from '../paths.js';

const text = readFileSync(join(root, 'docs', 'CLI.md'), 'utf8');

const check = (...paths: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bin', 'cli-document.js'), '--check', ...paths], {
    encoding: 'utf8',
  });
  return [status, stderr];
};

test('it is current', () => expect(check()).toEqual([0, '']));

test('one that is not is seen', () => {
  const stale = join(temporaryDirectory(), 'CLI.md');
  writeFileSync(stale, text.replace('--oneline', '--one-line'));
  expect(check(stale)).toEqual([1, expect.stringContaining('npm run document')]);
  expect(readFileSync(stale, 'utf8')).toContain('--one-line');
});

test('every command has its chapter, with all of its flags', () => {
  const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, { summary: string; flags: Record<string, { helpGroup?: string }> }>;
  };
  for (const [id, { summary, flags }] of Object.entries(commands)) {
    const [, chapter = ''] = text.split(`\n## ${id.replaceAll(':', ' ')}\n`);
    expect(chapter.split('\n## ')[0]).toContain(summary);
    const own = Object.keys(flags).filter((name) => flags[name].helpGroup !== 'GLOBAL');
    expect(own.filter((name) => !chapter.split('\n## ')[0].includes(`--${name}`))).toEqual([]);
  }
});

test('its links lead to schemas that are there', () => {
  const links = [...text.matchAll(/\]\(\.\.\/(schema\/[^)]+)\)/g)].map(([, path]) => path);
  expect(links.length).toBeGreaterThan(15);
  for (const path of links) expect(readFileSync(join(root, path), 'utf8')).toContain('"title"');
});
