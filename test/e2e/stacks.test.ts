/** Every command that takes a stack takes all of the language of stacks: here, what `--without` leaves out of each. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { root, temporaryDirectory } from '../paths.js';
import { createCli } from './cli.js';
import {
  foreignPatch,
  makeSampleRepository,
  outputOf,
  parseAnswer,
  recorderAt,
  someProbes,
  withoutPeru,
} from './repository.js';

interface Parameter {
  readonly name: string;
  readonly description?: string;
  readonly summary?: string;
  readonly helpValue?: string;
}

interface Manifest {
  readonly commands: Readonly<
    Record<string, { readonly args: Record<string, Parameter>; readonly flags: Record<string, Parameter> }>
  >;
}

const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as Manifest;

/** `calc` has a patch of three flips, `math` one of two, `third` one of one; `peru` forgets the capital of Peru. */
const all = 'calc+math+third';
const two = ['--without', 'math', '--without', 'third'];
const name = `${all} --without math+third`;
const outcome = { patches: 1 };

interface Case {
  /** What makes it possible. */
  readonly before?: readonly (readonly string[])[];
  readonly args: readonly string[];
  readonly answer: object;
  /** What is checked out first. */
  readonly at?: string;
  readonly schema?: string;
  /** A commit that is there afterwards, and its subject. */
  readonly history?: readonly [revision: string, subject: string];
  /** What answers the same. */
  readonly same?: readonly string[];
}

const cases: readonly Case[] = [
  { args: ['attest', all, ...two, '--read', '--verdict', 'approve'], at: all, answer: { verdict: 'approve' } },
  {
    args: [
      'bisect',
      '--prompt',
      'The capital of Peru is',
      '--correct',
      ' Lima',
      'calc',
      'calc+peru',
      '--without',
      'calc',
    ],
    answer: { culprit: { message: 'peru' }, flips: [{ flip: 'token_embd.weight row 451' }] },
  },
  { args: ['blame', all, ...two], answer: { patches: [{ message: 'calc' }] } },
  { args: ['blame', 'blk.0.ffn_gate.weight:2', all, ...two], answer: { patches: [{ message: 'calc' }] } },
  { args: ['branch', 'less', all, ...two], answer: outcome },
  { args: ['checkout', all, ...two], answer: { stack: name, ...outcome } },
  {
    args: ['commit', '-b', 'x', '--on', all, ...two, '-m', 'x', '--probes', 'few.json', '--iterations', '6'],
    answer: { branch: 'x' },
    history: ['x~1', `Stack ${name}`],
  },
  { args: ['diff', 'calc', all, ...two], answer: { b: { patches: 1 }, both: 3, onlyB: 0 } },
  { args: ['eval', all, ...two, '--probes', 'few.json'], answer: { stack: name } },
  { args: ['export', all, ...two, '-o', '../less.gguf'], answer: { flips: 3, ...outcome } },
  {
    args: ['layers', all, ...two, '--probes', 'few.json'],
    answer: {},
    same: ['layers', 'calc', '--probes', 'few.json'],
  },
  { args: ['log', all, ...two], answer: [{ message: `Stack ${name}`, patchesRemoved: [{}, {}] }] },
  { args: ['merge', all, ...two], answer: outcome },
  { args: ['minimize', all, ...two, '--probes', 'few.json', '-b', 'x'], answer: { message: `Minimize ${name}` } },
  {
    before: [
      ['key', 'new', 'lab'],
      ['registry', 'init', '../site'],
      ['registry', 'delegate', 'lab', 'lab', '--registry', '../site'],
    ],
    args: ['registry', 'publish', all, ...two, 'lab/calc@1.0.0', '--registry', '../site', '--description', 'x'],
    answer: { name: 'lab/calc', version: '1.0.0' },
    schema: 'registry-publish',
  },
  {
    before: [['commit', '-b', 'searched', '-m', 'x', '--probes', 'few.json', '--iterations', '6']],
    args: ['replay', 'calc+searched', '--without', 'calc'],
    answer: { reproduced: true },
  },
  { args: ['reset', all, ...two], answer: { stack: name, ...outcome } },
  { args: ['restore', '--source', all, ...two], answer: outcome },
  { args: ['rm', all, ...two], at: all, answer: { message: `Remove ${name}`, removed: [expect.any(String)] } },
  { args: ['show', all, ...two], answer: [{ message: 'calc' }] },
  { args: ['split', all, ...two, '-b', 'x'], answer: { message: `Split ${name} by layer` } },
  { args: ['squash', all, '--without', 'third', '-b', 'x'], answer: { message: `Squash ${all} --without third` } },
  { args: ['switch', '-c', 'x', all, ...two], answer: { branch: 'x', ...outcome } },
  { args: ['tag', 'v1', all, ...two], answer: outcome },
  { args: ['try', 'x', all, ...two, '-n', '1'], answer: { stack: name } },
  { args: ['verify', all, ...two], answer: { ok: true } },
];

describe('--without', () => {
  const cli = createCli();
  const templates: Record<string, string> = {};

  beforeAll(async () => {
    await makeSampleRepository(cli);
    const { directory } = cli;
    writeFileSync(join(directory, 'few.json'), someProbes('calculus', 8));
    const third = Buffer.from(foreignPatch('third', [[4, 'up_proj', 9]]));
    for (const [branch, bytes] of [['third', third] as const, ['peru', await withoutPeru(cli)] as const]) {
      await importFile(directory, { name: branch, bytes, branch, message: branch }, recorderAt(cli));
    }
    for (const stack of ['base', all]) {
      await checkout(directory, stack);
      cpSync(directory, (templates[stack] = join(temporaryDirectory(), 'repo')), { recursive: true });
    }
  });

  const verbOf = ({ args }: Case) => (args[0] === 'registry' ? args.slice(0, 2) : args.slice(0, 1)).join(':');

  test.each(cases.map((one): [string, Case] => [one.args.join(' '), one]))('%s', async (_, one) => {
    const repo = join(temporaryDirectory(), 'repo');
    cpSync(templates[one.at ?? 'base'], repo, { recursive: true });
    const git = async (...args: string[]) => outputOf(await cli.git(args, { cwd: repo })).trim();
    const bankai = async (args: readonly string[]) => outputOf(await cli.run([...args, '--json'], { cwd: repo }));
    for (const args of one.before ?? []) await bankai(args);
    const stdout = await bankai(one.args);
    const answer = parseAnswer<object>(one.schema ?? verbOf(one), stdout);
    expect(Array.isArray(answer) ? answer.slice(0, 1) : answer).toMatchObject(one.answer);
    if (one.same) expect(answer).toEqual(JSON.parse(await bankai(one.same)));
    if (one.history) expect(await git('log', '-1', '--format=%s', one.history[0])).toBe(one.history[1]);
    expect(await git('fsck', '--strict', '--full', '--no-dangling')).toBe('');
  });

  test('is there wherever a stack is, and tried above', () => {
    const takesStack = Object.keys(commands).filter((id) => {
      const { args, flags } = commands[id];
      const parameters = [...Object.values(args), ...Object.values(flags)];
      return parameters.some(
        (one) => one.helpValue === 'STACK' || /\bstack\b/i.test(`${one.name} ${one.description ?? one.summary ?? ''}`),
      );
    });
    expect(takesStack.filter((id) => !('without' in commands[id].flags))).toEqual([]);
    expect(takesStack.length).toBeGreaterThan(20);
    expect([...new Set(cases.map(verbOf))].sort()).toEqual(
      Object.keys(commands)
        .filter((id) => 'without' in commands[id].flags)
        .sort(),
    );
  });
});
