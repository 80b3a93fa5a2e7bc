/** Changes of a configuration file, held against the real git: it must read what we wrote, and we must keep what it wrote. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { existsSync, lstatSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEntries } from '../../src/repo/git-config.js';
import { changeConfig, type ConfigChange, editConfig } from '../../src/repo/git-config-write.js';
import { temporaryDirectory } from '../paths.js';
import { runGit } from './sandbox.js';

const sample = `# of mine
[core] # comment
\tbare = false ; no worktree without
[remote "origin"]
\turl = https://example.org/a.git
\tfetch = +refs/heads/*:refs/remotes/origin/*
# before the next
[Branch "main"] remote = origin
[user]
\tname = Ada \\
Lovelace
`;

function gitDirectoryWith(text: string): string {
  const directory = temporaryDirectory();
  runGit(directory, 'init', '--quiet');
  writeFileSync(join(directory, '.git', 'config'), text);
  return join(directory, '.git');
}

/** All settings as git reads them from a text. */
function gitReads(gitDirectory: string): [string, string][] {
  const output = runGit(gitDirectory, 'config', '--file', join(gitDirectory, 'config'), '--null', '--list');
  return output
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => [line.split('\n')[0], line.slice(line.indexOf('\n') + 1)]);
}

describe('a change keeps everything else', () => {
  const cases: [string, ConfigChange, (text: string) => string][] = [
    [
      'a value is replaced on its line',
      { set: 'remote.origin', key: 'url', value: 'x' },
      (text) => text.replace('https://example.org/a.git', 'x'),
    ],
    [
      'a setting goes behind the last of its section',
      { add: 'remote.origin', key: 'fetch', value: 'a:b' },
      (text) => text.replace('origin/*\n', 'origin/*\n\tfetch = a:b\n'),
    ],
    [
      'a comment behind a heading stays there',
      { set: 'core', key: 'x', value: '1' },
      (text) => text.replace('without\n', 'without\n\tx = 1\n'),
    ],
    [
      'a new section goes to the end',
      { set: 'remote.a "b', key: 'url', value: ' # ' },
      (text) => `${text}[remote "a \\"b"]\n\turl = " # "\n`,
    ],
    [
      'a setting on the line of its heading leaves the heading',
      { unset: 'branch.main', key: 'remote' },
      (text) => text.replace('[Branch "main"] remote = origin', '[Branch "main"] '),
    ],
    [
      'a section goes with the comments in it',
      { remove: 'remote.origin' },
      (text) => text.replace(/\[remote[^]*(?=\[Branch)/, ''),
    ],
    [
      'a section gets another name',
      { rename: 'remote.origin', to: 'remote.up' },
      (text) => text.replace('"origin"', '"up"'),
    ],
    ['what is so already changes nothing', { set: 'Core', key: 'Bare', value: 'false' }, (text) => text],
  ];
  test.each(cases)('%s', (_, change, expected) => {
    expect(editConfig(sample, [change])).toBe(expected(sample));
  });
});

test('git reads what we wrote, and we read what git reads, whatever the values are', () => {
  const gitDirectory = gitDirectoryWith('');
  const section = fc.constantFrom('core', 'remote.origin', 'remote.A b"\\c', 'branch.x.y');
  const key = fc.constantFrom('url', 'fetch', 'someName');
  const value = fc
    .string({ unit: 'binary', maxLength: 12 })
    .map((text) => text.replace(/[\0\r]/g, '').replace(/[\ud800-\udfff]/gu, ''));
  const change = fc.oneof(
    fc.record({ set: section, key, value }),
    fc.record({ add: section, key, value }),
    fc.record({ unset: section, key }),
    fc.record({ remove: section }),
    fc.record({ rename: section, to: section }),
  );
  fc.assert(
    fc.property(fc.constantFrom('', sample, sample.trimEnd()), fc.array(change, { maxLength: 6 }), (start, changes) => {
      writeFileSync(join(gitDirectory, 'config'), editConfig(start, changes));
      const entries = readEntries({ gitDirectory });
      expect(entries).toEqual(gitReads(gitDirectory));
      const last = changes.at(-1);
      if (last && 'value' in last) {
        const name = `${'set' in last ? last.set : last.add}.${last.key.toLowerCase()}`;
        const values = entries.filter(([present]) => present === name).map(([, present]) => present);
        expect(values.at(-1)).toBe(last.value);
        if ('set' in last) expect(values).toHaveLength(1);
      }
    }),
    { numRuns: 60 },
  );
});

test('two writers do not lose a change: the second is refused while the first holds the lock, and leaves it alone', async () => {
  const gitDirectory = gitDirectoryWith(sample);
  const lock = join(gitDirectory, 'config.lock');
  writeFileSync(lock, 'of another');
  const change = { set: 'core', key: 'x', value: '1' };
  await expect(changeConfig({ gitDirectory }, [change])).toFailWithCode('REPOSITORY_LOCKED');
  expect(readFileSync(lock, 'utf8')).toBe('of another');
  expect(readFileSync(join(gitDirectory, 'config'), 'utf8')).toBe(sample);
});

test('a configuration that is a symlink is changed where it lies, and none is made of a bad one', async () => {
  const gitDirectory = gitDirectoryWith(sample);
  const elsewhere = join(temporaryDirectory(), 'config');
  renameSync(join(gitDirectory, 'config'), elsewhere);
  symlinkSync(elsewhere, join(gitDirectory, 'config'));
  await changeConfig({ gitDirectory }, [{ set: 'core', key: 'x', value: '1' }]);
  expect(lstatSync(join(gitDirectory, 'config')).isSymbolicLink()).toBe(true);
  expect(readFileSync(elsewhere, 'utf8')).toContain('\tx = 1\n');
  for (const bad of ['[core]\nx = "open\n', '[core]\nx = \\q\n', '[core]\n= 1\n']) {
    writeFileSync(elsewhere, bad);
    await expect(changeConfig({ gitDirectory }, [{ remove: 'a' }])).toFailWithCode('REPOSITORY_CORRUPT');
    expect(() => gitReads(gitDirectory)).toThrow();
  }
  expect(existsSync(`${elsewhere}.lock`)).toBe(false);
});
