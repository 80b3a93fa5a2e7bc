/** Experiments run on small budgets, whatever the threads; what they wrote into docs/experiments is whole. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory } from '../paths.js';

const program = join(root, 'dist', 'experiments', 'run.js');
const documents = join(root, 'docs', 'experiments');
const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });

/** The documents of a folder, by name. */
const filesOf = (folder: string) =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

test('a search on a small budget finds the same with any number of threads', () => {
  const found = ['1', '2'].map((threads) => {
    const out = temporaryDirectory();
    const { status, stderr } = run('variations', '--iterations', '2', '--out', out, '--threads', threads);
    expect([status, stderr]).toEqual([0, '']);
    return filesOf(out);
  });
  expect([...found[0].keys()].sort()).toEqual(['README.md', 'variations.md', 'variations.svg']);
  expect(found[1]).toEqual(found[0]);
  for (const [name, text] of found[0]) {
    expect([name, /undefined|NaN|Infinity/.test(text)]).toEqual([name, false]);
  }
});

test('a name that is none is refused', () => {
  expect(run('layers', 'nonsense')).toMatchObject({ status: 129 });
});

describe('the documents of all experiments', () => {
  const index = readFileSync(join(documents, 'README.md'), 'utf8');
  const listed = [...index.matchAll(/^- \[(.+)\]\((.+)\.md\)/gm)].map(([, title, name]) => ({ title, name }));

  test('are those that the program knows', () => {
    const { stderr } = run();
    expect(stderr.trim()).toBe(`Name one or more experiments, or all: ${listed.map(({ name }) => name).join(', ')}`);
    const names = listed.flatMap(({ name }) => [`${name}.md`, `${name}.svg`]);
    expect(readdirSync(documents).sort()).toEqual(['README.md', ...names].sort());
  });

  test.each(listed)('$name has its title, what was published, a table, its chart and words', ({ title, name }) => {
    const text = readFileSync(join(documents, `${name}.md`), 'utf8');
    expect(text.split('\n')[0]).toBe(`# ${title}`);
    const parts = [
      'Written by `npm run experiment -- ',
      '**Published:** ',
      '\n| --- |',
      `](${name}.svg)`,
      '**Found:** ',
    ];
    expect(parts.filter((part) => !text.includes(part))).toEqual([]);
    expect(existsSync(join(documents, `${name}.svg`))).toBe(true);
    expect(/undefined|NaN|Infinity/.test(text)).toBe(false);
  });
});
