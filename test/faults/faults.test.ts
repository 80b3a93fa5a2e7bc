/**
 * The program on a disk that fails, at some of its points: `npm run bench:crash` tries all of them. Whatever happens, the
 * next command finds the old state or the new one, whole, and the same command can then be done.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../paths.js';
import { rehearse, type Stage, tryFault } from './crash.js';
import { faultEnvironment, type FaultPlan } from './plan.js';
import { makeTemplate, scenarios } from './scenarios.js';

describe('the disk of these tests', () => {
  const steps: readonly [string, string, string | undefined][] = [
    ['a write that was not synced', "open('a'); fs.fsyncSync(fs.openSync('.'))", ''],
    ['a synced file in a directory that was not', "const d = open('a'); fs.fsyncSync(d)", undefined],
    [
      'a file whose directory was synced too',
      "const d = open('a'); fs.fsyncSync(d); fs.fsyncSync(fs.openSync('.'))",
      'new',
    ],
  ];

  test.each(steps)('after a power loss: %s', (_, script, found) => {
    const directory = temporaryDirectory();
    const graveyard = temporaryDirectory();
    const plan = { kind: 'power', at: 0, first: 'mkdir', code: 'EIO', lasting: false, seed: 0 } as const;
    const env = faultEnvironment({ ...plan, roots: [directory], log: '', graveyard });
    const open =
      "const open = (n) => { const d = fs.openSync(n, 'w'); fs.writeSync(d, Buffer.from('new')); return d; };";
    const { signal } = spawnSync(process.execPath, ['-e', `${open}${script}; fs.mkdirSync('end')`], {
      cwd: directory,
      env: { ...process.env, ...env },
    });
    expect(signal).toBe('SIGKILL');
    const path = join(directory, 'a');
    expect(existsSync(path) ? readFileSync(path, 'utf8') : undefined).toBe(found);
  });
});

/** Where some other commands are killed: before their journal is there, after, and where they have none. */
const instants: readonly (readonly [name: string, points: readonly [state: 'old' | 'new', first: RegExp][]])[] = [
  [
    'merge',
    [
      ['old', /create .*objects/],
      ['new', /rm .*journal/],
    ],
  ],
  [
    'commit',
    [
      ['old', /write .*checkpoint/],
      ['new', /rename .*refs\/heads\/calc$/],
    ],
  ],
  ['gc', [['old', /rm .*objects\/../]]],
  ['undo', [['new', /rename .*HEAD/]]],
  [
    'branch -m',
    [
      ['new', /rename .*calculus/],
      ['new', /link .*config\.lock/],
    ],
  ],
  [
    'branch -D',
    [
      ['old', /create .*journal/],
      ['new', /rename .*config$/],
    ],
  ],
  [
    'config',
    [
      ['old', /write .*files\.json/],
      ['new', /rename .*config$/],
      ['new', /rename .*after\.json/],
    ],
  ],
  [
    'restore',
    [
      ['old', /create .*journal/],
      ['new', /rename .*bankai\.json/],
      ['new', /rename .*index$/],
    ],
  ],
  [
    'undo of reset --hard',
    [
      ['old', /create .*journal/],
      ['new', /rename .*bankai\.json/],
    ],
  ],
  [
    'remote rename',
    [
      ['old', /create .*journal/],
      ['new', /rename .*config$/],
    ],
  ],
];

const room = temporaryDirectory();
const template = join(room, 'template');
const named = (name: string) => scenarios.find((scenario) => scenario.name === name) ?? scenarios[0];

beforeAll(() => makeTemplate(template));

describe.each(['import', 'checkout'])('%s', (name) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await rehearse(named(name), template, room);
  });
  /** The first point of a kind. */
  const pointAt = (text: RegExp): number => stage.points.findIndex((point) => text.test(point));
  const expectState = async (state: 'old' | 'new', first: RegExp, fault: Partial<FaultPlan>): Promise<void> => {
    expect(pointAt(first)).toBeGreaterThanOrEqual(0);
    expect(await tryFault(stage, { ...fault, first: first.source })).toMatchObject({ findings: [], state });
  };

  test('makes everything durable before it goes on', () => {
    const places = [
      /rename .*journal\.bin/,
      /fsync .*working\.gguf/,
      /rename .*index/,
      /rename .*state/,
      /rm .*journal/,
    ];
    const order = places.map(pointAt);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
  });

  test.each(['kill', 'power'] as const)('%s: before the journal the old state, after it the new one', async (kind) => {
    await expectState('old', /rename .*journal\.bin/, { kind });
    await expectState('new', /write .*working\.gguf/, { kind });
    await expectState('new', /rename .*patches/, { kind });
    await expectState('new', /rename .*state\.json/, { kind });
  });

  if (name !== 'import') return;
  test('a disk that refuses leaves one error, and nothing is lost', async () => {
    const [full, readOnly, broken] = (['ENOSPC', 'EROFS', 'EIO'] as const).map((code): Partial<FaultPlan> => {
      return { kind: 'error', code, lasting: code !== 'EIO' };
    });
    await expectState('old', /create .*lock/, readOnly);
    await expectState('old', /write .*journal/, full);
    await expectState('old', /fsync .*working\.gguf/, broken);
    await expectState('new', /rename .*patches/, full);
    await expectState('new', /rm .*journal/, broken);
  });
});

test.each(instants)('%s, killed', async (name, points) => {
  const stage = await rehearse(named(name), template, room);
  for (const [state, first] of points) {
    const verdict = await tryFault(stage, { kind: 'kill', first: first.source });
    expect({ first, ...verdict }).toMatchObject({ findings: [], state, ended: { signal: 'SIGKILL' } });
  }
});
