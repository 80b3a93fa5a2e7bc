/** What every command says with `--json` fits the schema that is published for it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeKeyFile } from '../../src/trust/key-file.js';
import { createSeed } from '../../src/trust/signing-key.js';
import { fixtureModel, root, temporaryDirectory } from '../paths.js';
import { createCli } from './cli.js';
import {
  answerOf,
  foreignPatch,
  makeSampleRepository,
  outputOf,
  parseAnswer,
  someProbes,
  withoutPeru,
} from './repository.js';

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly enableJsonFlag?: boolean }>>;
}

const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest;
const verbs = Object.keys(commands).filter((id) => commands[id].enableJsonFlag);

/** The arguments of every verb, in an order in which they succeed one after the other. */
const answers: readonly (readonly [schema: string, args: readonly string[]])[] = [
  ['init', ['init', '--model', fixtureModel, '-C', 'other']],
  ['status', ['status']],
  ['commit', ['commit', '-m', 'few', '--probes', 'few.json', '--iterations', '6', '-b', 'few']],
  ['import', ['import', 'third.json', '-b', 'third']],
  ['checkout', ['checkout', 'calc+math']],
  ['status', ['status']],
  ['log', ['log']],
  ['show', ['show', 'few+third']],
  ['diff', ['diff', 'calc', 'math']],
  ['import', ['import', 'peru.json', '-b', 'peru']],
  ['bisect', ['bisect', '--prompt', 'The capital of Peru is', '--correct', ' Lima', 'base', 'peru']],
  ['blame', ['blame', 'calc+math']],
  ['blame', ['blame', 'blk.0.ffn_gate.weight:2', 'calc']],
  ['blame', ['blame', 'calc', '--probes', 'few.json']],
  ['squash', ['squash', 'calc+math', '-b', 'squashed']],
  ['split', ['split', 'calc', '-b', 'parts']],
  ['minimize', ['minimize', 'calc', '--probes', 'few.json', '-b', 'slim']],
  ['rm', ['rm', 'slim']],
  ['merge', ['merge', 'third', '-m', 'all']],
  ['revert', ['revert', 'HEAD', '-m', '1']],
  ['cherry-pick', ['cherry-pick', 'third']],
  ['reflog', ['reflog']],
  ['reset', ['reset', 'calc']],
  ['undo', ['undo']],
  ['restore', ['restore']],
  ['branch', ['branch', '-a']],
  ['branch', ['branch', 'both', 'calc+math']],
  ['branch', ['branch', '-f', 'both', 'calc']],
  ['branch', ['branch', '-m', 'both', 'twins']],
  ['branch', ['branch', '-D', 'twins']],
  ['tag', ['tag', 'v1', '-m', 'first']],
  ['tag', ['tag']],
  ['tag', ['tag', '-d', 'v1']],
  ['switch', ['switch', 'calc']],
  ['config', ['config']],
  ['config', ['config', 'user.color', 'blue']],
  ['config', ['config', 'user.color']],
  ['try', ['try', 'd/dx [x^2] =']],
  ['eval', ['eval', 'few', '--probes', 'few.json']],
  ['layers', ['layers', '--probes', 'few.json']],
  ['export', ['export', 'calc', '-o', 'calc.gguf']],
  ['verify', ['verify']],
  ['replay', ['replay', 'few']],
  ['fsck', ['fsck']],
  ['gc', ['gc']],
  ['verify', ['verify', 'calc.gguf']],
  ['remote-add', ['remote', 'add', 'origin', 'https://example.org/patches.git']],
  ['remote-set-url', ['remote', 'set-url', 'origin', 'https://example.org/other.git']],
  ['remote-rename', ['remote', 'rename', 'origin', 'upstream']],
  ['remote', ['remote']],
  ['remote-remove', ['remote', 'remove', 'upstream']],
  ['attest', ['attest', 'calc', '--read', '--verdict', 'approve', '--comment', 'small']],
  ['key-new', ['key', 'new', 'work']],
  ['key-default', ['key', 'default', 'work']],
  ['key-import', ['key', 'import', 'key.json', '--name', 'old']],
  ['key-list', ['key', 'list']],
  ['key-export', ['key', 'export']],
  ['trust-add', ['trust', 'add', 'ada', 'ada.pub']],
  ['trust-list', ['trust', 'list']],
  ['trust-remove', ['trust', 'remove', 'ada']],
  ['key-revoke', ['key', 'revoke', 'old', '--reason', 'lost']],
  ['audit', ['probes', 'audit', 'few.json', '--heldout', 'calculus-heldout']],
  ['probes-init', ['probes', 'init', 'mine.json']],
  ['probes-expand', ['probes', 'expand', 'mine.json']],
  ['probes-split', ['probes', 'split', 'mine.json', '--search', 'a.json', '--heldout', 'b.json']],
  ['probes-calibrate', ['probes', 'calibrate', 'few.json', '-o', 'hard.json']],
  ['probes-import', ['probes', 'import', 'questions.jsonl', '-o', 'questions.json']],
];

/** What needs a server, or several people, is asked in tests of its own, against the same schemas. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'working-together': ['clone', 'fetch', 'pull', 'push'],
  registry: ['delegate', 'init', 'publish', 'refresh', 'rotate', 'yank'].map((verb) => `registry:${verb}`),
  'registry-client': ['registry:add', 'registry:forget', 'registry:list', 'add', 'lock', 'remove', 'search', 'update'],
};
/** Runs until it is stopped. */
const endless = ['registry:serve'];

const errors: readonly (readonly [code: string, exitCode: number, args: readonly string[]])[] = [
  ['USAGE', 129, ['checkout']],
  ['USAGE', 129, ['status', '--nosuch']],
  ['USAGE', 129, ['diff', 'calc', 'math', '--text']],
  ['STACK_SYNTAX', 129, ['checkout', 'calc++math']],
  ['UNKNOWN_REVISION', 128, ['log', 'clac']],
  ['FILE_NOT_FOUND', 128, ['import', 'gone.json']],
  ['FILE_EXISTS', 128, ['probes', 'init', 'few.json']],
  ['USAGE', 129, ['probes', 'init', 'new.json', '--example', 'no answer']],
  ['FILE_EXISTS', 128, ['probes', 'split', 'few.json', '--search', 'new.json', '--heldout', 'few.json']],
  ['PROBES_UNUSABLE', 128, ['probes', 'calibrate', 'solved.json', '-o', 'new.json', '--sure', '1']],
  ['FILE_EXISTS', 128, ['probes', 'calibrate', 'few.json', '-o', 'few.json']],
  ['NOTHING_TO_COMMIT', 1, ['commit', '-m', 'solved', '--probes', 'solved.json', '--iterations', '1']],
  ['CHECKPOINT_MISSING', 128, ['commit', '-m', 'solved', '--probes', 'solved.json', '--resume']],
  ['NOTHING_TO_REPLAY', 1, ['replay', 'calc']],
  ['NOTHING_TO_BISECT', 1, ['bisect', '--probes', 'solved.json', 'base', 'calc']],
  ['USAGE', 129, ['bisect', 'base', 'calc']],
  ['USAGE', 129, ['blame', 'blk.0.ffn_gate.weight:']],
  ['NOT_A_REPOSITORY', 128, ['status', '-C', temporaryDirectory()]],
];

/** The public key of somebody else. */
async function publicKeyLine(): Promise<string> {
  const ada = createCli();
  await answerOf(ada, ['key', 'new', 'ada'], 'key-new');
  return outputOf(await ada.run(['key', 'export', 'ada']));
}

describe('--json', () => {
  const cli = createCli();

  beforeAll(async () => {
    await makeSampleRepository(cli);
    writeFileSync(join(cli.directory, 'few.json'), someProbes('calculus', 8));
    writeFileSync(join(cli.directory, 'questions.jsonl'), '{"question":"How many?","answer":"Four.\\n#### 4"}\n');
    writeFileSync(join(cli.directory, 'solved.json'), someProbes('knowledge', 4));
    writeFileSync(join(cli.directory, 'peru.json'), await withoutPeru(cli));
    writeFileSync(join(cli.directory, 'key.json'), Buffer.from(await encodeKeyFile(createSeed())));
    writeFileSync(join(cli.directory, 'ada.pub'), await publicKeyLine());
    writeFileSync(join(cli.directory, 'third.json'), foreignPatch('third', [[4, 'up_proj', 9]]));
  });

  test.each(answers)('%s: %j', async (schema, args) => {
    await answerOf(cli, args, schema);
  });

  test('every command was asked', () => {
    const asked = answers.map(([, args]) => args.join(':'));
    const others = [...Object.values(elsewhere).flat(), ...endless];
    const here = verbs.filter((id) => !others.includes(id));
    expect(here.filter((id) => !asked.some((args) => `${args}:`.startsWith(`${id}:`)))).toEqual([]);
  });

  test.each(Object.entries(elsewhere))('%s asks %j', (file, ids) => {
    const source = readFileSync(join(root, 'test', 'e2e', `${file}.test.ts`), 'utf8');
    expect(ids.filter((id) => !source.includes(`'${id.split(':').join("', '")}'`))).toEqual([]);
  });

  test.each(errors)('error %s, exit code %i: %j', async (code, exitCode, args) => {
    const finished = await cli.run([...args, '--json']);
    expect([finished.code, finished.stderr]).toEqual([exitCode, '']);
    const { error } = parseAnswer<{ error: object }>('error', finished.stdout);
    expect(error).toMatchObject({ code, hint: expect.stringMatching(/[.?]$/) });
  });
});
