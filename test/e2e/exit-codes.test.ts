/** Every command that says when it exits with 1 does so then, and what docs/CLI.md lists is all of it. */
import { beforeAll, expect, test } from '@jest/globals';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { newRemote } from '../../src/workflows/remote.js';
import { root, temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';
import { createCli } from './cli.js';
import { foreignPatch, makeSampleRepository, recorderAt, someProbes } from './repository.js';

const cli = createCli({ isWarm: false });
let directory = '';
const git = (...args: string[]) => runGit(directory, ...args);
const write = (name: string, text: string) => writeFileSync(join(directory, name), text);

/** A command, and what makes it say no in the sample repository, where HEAD is `calc`. */
const cases: readonly (readonly [id: string, args: readonly string[], prepare?: () => unknown])[] = [
  ['bisect', ['--probes', 'solved.json', 'base', 'calc']],
  ['cherry-pick', ['calc']],
  ['commit', ['-m', 'solved', '--probes', 'solved.json', '--iterations', '1']],
  ['config', ['person.hat']],
  ['config', ['person.hat', '--show-origin', '--json']],
  ['fsck', [], () => write('.git/refs/heads/broken', `${'1'.repeat(40)}\n`)],
  ['lock', [], () => write('bankai.lock.json', lockFile)],
  ['minimize', ['calc', '--probes', 'few.json']],
  ['probes:audit', ['same.json']],
  ['push', ['far', 'calc:math'], withFar],
  ['replay', ['calc']],
  ['restore', ['--source', 'calc']],
  ['revert', ['math']],
  ['rm', ['base']],
  ['split', ['one'], () => checkout(directory, 'one')],
  ['squash', ['base']],
  ['undo', [], () => git('update-ref', '-d', 'refs/bankai/undo')],
  ['verify', [], () => write('working.gguf', 'no model')],
];

const digest = 'a'.repeat(64);
const lockFile = JSON.stringify({
  format: 'bankai.lock/v1',
  packages: {
    'lab/calc': {
      ...{ registry: { url: 'https://example.org/', root: digest }, range: '^1', version: '1.0.0' },
      ...{ sha256: digest, bytes: 1, patch: digest, base: digest },
    },
  },
});

async function withFar(): Promise<void> {
  const far = join(temporaryDirectory(), 'far.git');
  git('clone', '--quiet', '--bare', '.', far);
  await newRemote(directory, 'far', far);
}

beforeAll(async () => {
  await makeSampleRepository(cli);
  const bytes = Buffer.from(foreignPatch('one', [[3, 'up_proj', 1]]));
  await importFile(cli.directory, { name: 'one.json', bytes, branch: 'one', message: 'one' }, recorderAt(cli));
  await checkout(cli.directory, 'calc');
  directory = cli.directory;
  write('solved.json', someProbes('knowledge', 4));
  write('few.json', someProbes('calculus', 2));
  write('same.json', JSON.stringify(Array(2).fill({ prompt: 'One and one is', correct: ' two', wrong: ' two' })));
});

test.each(cases.map(([id, args, prepare]) => ({ id, args, prepare })))('$id $args', async ({ id, args, prepare }) => {
  directory = join(temporaryDirectory(), 'work');
  cpSync(cli.directory, directory, { recursive: true });
  await prepare?.();
  const { code, stdout, stderr } = await cli.run([...id.split(':'), ...args, '-C', directory]);
  expect({ code, stderr, stdout }).toMatchObject({ code: 1 });
});

test('are all that say so, and docs/CLI.md has them', () => {
  const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, { description?: string }>;
  };
  const told = Object.keys(commands).filter((id) => commands[id].description?.includes('Exits with 1 '));
  expect([...new Set(cases.map(([id]) => id))].sort()).toEqual(told.sort());
  const text = readFileSync(join(root, 'docs', 'CLI.md'), 'utf8');
  for (const id of told) expect(text).toContain(`\n| [${id.replace(':', ' ')}](#${id.replace(':', '-')}) | `);
});
