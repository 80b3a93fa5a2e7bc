/** What must be refused: one clear error with a hint, the documented exit code, and nothing changed on disk. */
import { describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readGguf } from '../../src/gguf/read.js';
import { bytesSource } from '../../src/gguf/source.js';
import { sha256Hex } from '../../src/patch/ids.js';
import { encodePatch, createPatch } from '../../src/patch/patch.js';
import type { WeightsId } from '../../src/patch/ids.js';
import { init } from '../../src/workflows/init.js';
import { checkout } from '../../src/workflows/checkout.js';
import type { VerifyReport } from '../../src/render/verify.js';
import { buildGguf, smallModel } from '../gguf/build.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { createCli } from './cli.js';
import { fingerprint, foreignPatch, makeSampleRepository, outputOf, parseAnswer } from './repository.js';

const cli = createCli();
const template = join(temporaryDirectory(), 'template');
await makeSampleRepository(cli, template);

/** A place with a copy of the sample repository, `repo`, at the base; and beside it whatever a test puts there. */
interface Place {
  readonly directory: string;
  readonly repo: string;
  git(...args: string[]): Promise<string>;
}

function newPlace(): Place {
  const directory = temporaryDirectory();
  const repo = join(directory, 'repo');
  cpSync(template, repo, { recursive: true });
  return { directory, repo, git: async (...args) => outputOf(await cli.git(args, { cwd: repo })).trim() };
}

interface Refusal {
  readonly what: string;
  readonly arrange?: (place: Place) => unknown;
  /** Run in `repo`. */
  readonly args: readonly string[];
  readonly code: string;
  readonly exitCode?: number;
  readonly message: RegExp;
}

/** Inverts one weight of a model file, in its first rows of a tensor that branch `calc` touches. */
function invertWeight(path: string): void {
  const bytes = readFileSync(path);
  const tensor = readGguf(bytesSource(bytes)).tensor('blk.0.ffn_gate.weight');
  bytes[tensor.byteOffset + 2] ^= 1;
  writeFileSync(path, bytes);
}

function writeModel(path: string, typeId: number): void {
  const { entries, tensors } = smallModel();
  const tensorsOfType = tensors.map((tensor) => ({ ...tensor, typeId: tensor.typeId === 41 ? typeId : tensor.typeId }));
  writeFileSync(path, buildGguf({ entries, tensors: tensorsOfType }).bytes);
}

const model = (place: Place) => join(place.repo, 'working.gguf');
const newModel = ['init', '--model', '../model.gguf', '-C', '../new'];

async function truncateObject({ repo, git }: Place): Promise<void> {
  const listed = await git('ls-tree', '-r', 'calc', 'patches');
  const oid = /blob ([0-9a-f]{40})/.exec(listed)?.[1] ?? '';
  const object = join(repo, '.git', 'objects', oid.slice(0, 2), oid.slice(2));
  chmodSync(object, 0o644);
  truncateSync(object, 20);
}

/** The one statement of the patch that branch `calc` has, in the worktree of that branch. */
async function statementFile({ repo, git }: Place): Promise<string> {
  await git('checkout', '--quiet', 'calc');
  const [path] = (await git('ls-files', 'evidence/*/*/import.*')).split('\n');
  return join(repo, path);
}

/** Changes what is signed, as somebody with a clone and patience can: the file gets the name that its content wants. */
async function forgeStatement(place: Place): Promise<void> {
  const path = await statementFile(place);
  const envelope = JSON.parse(readFileSync(path, 'utf8')) as { payload: string };
  const payload = Buffer.from(envelope.payload, 'base64').toString().replace('2026-01-02', '2025-01-02');
  const bytes = Buffer.from(
    readFileSync(path, 'utf8').replace(envelope.payload, Buffer.from(payload).toString('base64')),
  );
  rmSync(path);
  writeFileSync(join(path, '..', `import.${sha256Hex(bytes)}.json`), bytes);
  await place.git('add', '--all');
  await place.git('commit', '--quiet', '--message', 'forged');
}

/** A clone beside the sample repository that has the one commit of each branch only, at `calc`. */
async function shallowClone({ directory, repo, git }: Place): Promise<void> {
  const clone = join(directory, 'shallow');
  await git('clone', '--quiet', '--depth', '1', '--no-single-branch', '--branch', 'calc', `file://${repo}`, clone);
  await init({ directory: clone, model: fixtureModel, inPlace: false });
}

const refusals: readonly Refusal[] = [
  {
    what: 'a working model with one inverted weight',
    arrange: (place) => invertWeight(model(place)),
    args: ['checkout', 'calc'],
    code: 'MODEL_CHANGED',
    message: /blk\.0\.ffn_gate\.weight/,
  },
  {
    what: 'searching on such a model',
    arrange: (place) => invertWeight(model(place)),
    args: ['commit', '-m', 'x', '--probes', 'calculus', '-b', 'x'],
    code: 'MODEL_CHANGED',
    message: /blk\.0\.ffn_gate\.weight/,
  },
  {
    what: 'exporting such a model',
    arrange: (place) => invertWeight(model(place)),
    args: ['export', 'calc', '-o', '../x.gguf'],
    code: 'MODEL_CHANGED',
    message: /blk\.0\.ffn_gate\.weight/,
  },
  {
    what: 'a patch for a base with one other weight',
    arrange: ({ directory }) => {
      const flip = { kind: 'row', tensor: 'blk.0.ffn_gate.weight', row: 1 } as const;
      writeFileSync(join(directory, 'patch.json'), encodePatch(createPatch('ab'.repeat(32) as WeightsId, [flip])));
    },
    args: ['import', '../patch.json'],
    code: 'BASE_MISMATCH',
    message: /abababab/,
  },
  {
    what: 'a clone given a base with one other weight',
    arrange: async ({ directory, repo, git }) => {
      await git('clone', '--quiet', repo, join(directory, 'new'));
      copyFileSync(fixtureModel, join(directory, 'model.gguf'));
      invertWeight(join(directory, 'model.gguf'));
    },
    args: newModel,
    code: 'BASE_MISMATCH',
    message: /the repository is for/,
  },
  {
    what: 'a row outside its tensor',
    arrange: ({ directory }) =>
      writeFileSync(join(directory, 'patch.json'), foreignPatch('far', [[4, 'up_proj', 13000]])),
    args: ['import', '../patch.json'],
    code: 'ROW_OUT_OF_RANGE',
    message: /row 13000 is outside blk\.4\.ffn_up\.weight \(768 rows\)/,
  },
  {
    what: 'a patch file that is none',
    arrange: ({ directory }) => writeFileSync(join(directory, 'patch.json'), '{"flips":'),
    args: ['import', '../patch.json'],
    code: 'INTERCHANGE_INVALID',
    message: /patch\.json|JSON/,
  },
  {
    what: 'a truncated object',
    arrange: truncateObject,
    args: ['checkout', 'calc'],
    code: 'REPOSITORY_CORRUPT',
    message: /Cannot read object [0-9a-f]{40}/,
  },
  {
    what: 'a forged statement',
    arrange: forgeStatement,
    args: ['checkout', 'HEAD'],
    code: 'SIGNATURE_INVALID',
    message: /statement about patch [0-9a-f]{10} is wrong: .*bad signature/,
  },
  {
    what: 'a statement changed under its old name',
    arrange: async (place) => {
      const path = await statementFile(place);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"sig":"', '"sig":"A'));
      await place.git('commit', '--quiet', '--all', '--message', 'changed');
    },
    args: ['checkout', 'HEAD'],
    code: 'REPOSITORY_CORRUPT',
    message: /import\.[0-9a-f]{64}\.json is not what its name says/,
  },
  ...(
    [
      [34, 'TQ1_0', /ternary/],
      [35, 'TQ2_0', /ternary/],
      [42, 'Q2_0', /ternary/],
    ] as const
  ).map(([typeId, name, reason]): Refusal => ({
    what: `a model of type ${name}`,
    arrange: ({ directory }) => writeModel(join(directory, 'model.gguf'), typeId),
    args: newModel,
    code: 'TYPE_NOT_ONE_BIT',
    message: new RegExp(`\\b${name}\\b.*${reason.source}`),
  })),
  {
    what: 'a model that is no GGUF',
    arrange: ({ directory }) => writeFileSync(join(directory, 'model.gguf'), 'PK\u0003\u0004 something else'),
    args: newModel,
    code: 'GGUF_INVALID',
    message: /GGUF/,
  },
  {
    what: 'a model cut short',
    arrange: ({ directory }) => {
      copyFileSync(fixtureModel, join(directory, 'model.gguf'));
      truncateSync(join(directory, 'model.gguf'), 400_000);
    },
    args: newModel,
    code: 'GGUF_TRUNCATED',
    message: /./,
  },
  {
    what: 'a working model behind a symbolic link',
    arrange: (place) => {
      renameSync(model(place), join(place.directory, 'kept.gguf'));
      symlinkSync(join('..', 'kept.gguf'), model(place));
    },
    args: ['checkout', 'calc'],
    code: 'MODEL_LINKED',
    message: /is a symbolic link/,
  },
  {
    what: 'a working model with another name',
    arrange: (place) => linkSync(model(place), join(place.directory, 'kept.gguf')),
    args: ['checkout', 'calc'],
    code: 'MODEL_LINKED',
    message: /has 2 hard links/,
  },
  {
    what: 'searching for a working model with another name',
    arrange: (place) => linkSync(model(place), join(place.directory, 'kept.gguf')),
    args: ['commit', '-m', 'x', '--probes', 'calculus', '-b', 'x', '--iterations', '2'],
    code: 'MODEL_LINKED',
    message: /has 2 hard links/,
  },
  {
    what: 'a linked model to be used in place',
    arrange: ({ directory }) => symlinkSync(fixtureModel, join(directory, 'model.gguf')),
    args: [...newModel, '--in-place'],
    code: 'MODEL_LINKED',
    message: /is a symbolic link/,
  },
  {
    what: 'a working model that is gone',
    arrange: (place) => rmSync(model(place)),
    args: ['checkout', 'calc'],
    code: 'NO_MODEL',
    message: /working\.gguf is gone/,
  },
  {
    what: 'a repository where a file is',
    arrange: ({ directory }) => {
      copyFileSync(fixtureModel, join(directory, 'model.gguf'));
      writeFileSync(join(directory, 'new'), '');
    },
    args: newModel,
    code: 'IO',
    message: /new/,
  },
  {
    what: 'an export into a directory that is not there',
    args: ['export', 'calc', '-o', '../nosuch/x.gguf'],
    code: 'IO',
    message: /nosuch/,
  },
  {
    what: 'an export onto a file',
    arrange: ({ directory }) => writeFileSync(join(directory, 'x.gguf'), 'precious'),
    args: ['export', 'calc', '-o', '../x.gguf'],
    code: 'FILE_EXISTS',
    message: /x\.gguf exists already/,
  },
  {
    what: 'an export onto the working model',
    args: ['export', 'calc', '-o', 'working.gguf', '--force'],
    code: 'FILE_EXISTS',
    message: /is the working model itself/,
  },
  {
    what: 'an export onto the working model by another way',
    arrange: ({ directory, repo }) => symlinkSync(repo, join(directory, 'alias')),
    args: ['export', 'calc', '-o', '../alias/working.gguf', '--force'],
    code: 'FILE_EXISTS',
    message: /is the working model itself/,
  },
  {
    what: 'an unknown name',
    args: ['checkout', 'clac+math'],
    code: 'UNKNOWN_REVISION',
    message: /no branch, tag or commit "clac"/,
  },
  {
    what: 'a stack that cannot be read',
    args: ['checkout', 'calc+ma th'],
    code: 'STACK_SYNTAX',
    exitCode: 129,
    message: /" " cannot be part of a name at column 8$/,
  },
  {
    what: 'a branch that exists',
    args: ['branch', 'calc'],
    code: 'BRANCH_EXISTS',
    message: /branch "calc" exists already/,
  },
  {
    what: 'a search for a branch that exists',
    args: ['commit', '-m', 'x', '--probes', 'calculus', '-b', 'calc', '--iterations', '2'],
    code: 'BRANCH_EXISTS',
    message: /branch "calc" exists already/,
  },
  {
    what: 'a bad probe file',
    arrange: ({ directory }) => writeFileSync(join(directory, 'probes.json'), '[{"prompt":"1 + 1 ="}]'),
    args: ['commit', '-m', 'x', '--probes', '../probes.json'],
    code: 'PROBES_INVALID',
    message: /\/0 must have required property 'correct'/,
  },
  {
    what: 'held-out problems that are searched on',
    args: ['commit', '-m', 'x', '--probes', 'calculus', '--controls', 'knowledge', '--heldout', 'calculus'],
    code: 'PROBES_OVERLAP',
    message: /Cannot hold "calculus\.json" out: 60 of its 60 prompts are in "calculus\.json"/,
  },
  {
    what: 'a text without anything in it',
    arrange: ({ directory }) => writeFileSync(join(directory, 'empty.txt'), '\n\n'),
    args: ['eval', 'calc', '--text', '../empty.txt'],
    code: 'TEXT_INVALID',
    message: /"empty\.txt": there is nothing in it/,
  },
  {
    what: 'a text that is not there',
    args: ['commit', '-m', 'x', '--probes', 'calculus', '--text', 'novel.txt'],
    code: 'FILE_NOT_FOUND',
    message: /novel\.txt/,
  },
  {
    what: 'an evaluation of nothing',
    args: ['eval', 'calc'],
    code: 'USAGE',
    exitCode: 129,
    message: /nothing to evaluate/,
  },
  {
    what: 'several patches in one picture',
    args: ['show', 'calc+math', '--svg', '../two.svg'],
    code: 'USAGE',
    exitCode: 129,
    message: /Cannot draw 2 patches into one picture/,
  },
  {
    what: 'a probe file that is not there',
    args: ['eval', 'calc', '--probes', '../probes.json'],
    code: 'FILE_NOT_FOUND',
    message: /probes\.json/,
  },
  {
    what: 'a patch that is there already',
    arrange: async ({ directory, repo }) => {
      await checkout(repo, 'calc');
      cpSync(join(repo, 'patches'), join(directory, 'patches'), { recursive: true });
      const [folder] = readdirSync(join(directory, 'patches'));
      const [file] = readdirSync(join(directory, 'patches', folder));
      renameSync(join(directory, 'patches', folder, file), join(directory, 'patch.json'));
    },
    args: ['import', '../patch.json'],
    code: 'PATCH_INVALID',
    message: /is part of this state already/,
  },
  {
    what: 'a SHA-256 repository',
    arrange: async ({ directory, git }) => {
      await git('init', '--quiet', '--object-format=sha256', join(directory, 'new'));
      copyFileSync(fixtureModel, join(directory, 'model.gguf'));
    },
    args: newModel,
    code: 'REPOSITORY_UNSUPPORTED',
    message: /extensions\.objectformat = sha256/,
  },
  {
    what: 'a linked worktree',
    arrange: async ({ git }) => git('worktree', 'add', '--quiet', '../linked', 'calc'),
    args: ['status', '-C', '../linked'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /its \.git is a file/,
  },
  {
    what: 'a submodule',
    arrange: async ({ directory, repo, git }) => {
      const other = join(directory, 'other');
      await git('init', '--quiet', other);
      const add = ['-c', 'protocol.file.allow=always', '-C', other, 'submodule', '--quiet', 'add'];
      await git(...add, '--branch', 'calc', repo, 'part');
    },
    args: ['init', '--model', fixtureModel, '-C', '../other/part'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /its \.git is a file: it is a submodule/,
  },
  {
    what: 'a commit with a submodule in it',
    arrange: async ({ repo, git }) => {
      await git('checkout', '--quiet', '-b', 'nested', 'calc');
      await git('update-index', '--add', '--cacheinfo', `160000,${await git('rev-parse', 'calc')},part`);
      await git('commit', '--quiet', '--message', 'nested');
      await git('checkout', '--quiet', 'main');
      mkdirSync(join(repo, 'part'), { recursive: true });
    },
    args: ['checkout', 'nested'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /"part" is a symlink or a submodule/,
  },
  {
    what: 'a sparse worktree',
    arrange: ({ git }) => git('config', 'core.sparseCheckout', 'true'),
    args: ['checkout', 'calc'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /its worktree is sparse/,
  },
  {
    what: 'a sparse worktree with a configuration of its own',
    arrange: ({ git }) => git('sparse-checkout', 'set', 'patches'),
    args: ['status'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /sparse|extensions\.worktreeconfig = true/,
  },
  {
    what: 'a partial clone',
    arrange: async ({ directory, repo, git }) => {
      await git('config', 'uploadpack.allowFilter', 'true');
      const clone = [
        'clone',
        '--quiet',
        '--filter=blob:none',
        '--no-checkout',
        `file://${repo}`,
        join(directory, 'new'),
      ];
      await git(...clone);
      copyFileSync(fixtureModel, join(directory, 'model.gguf'));
    },
    args: newModel,
    code: 'REPOSITORY_UNSUPPORTED',
    message: /is a partial clone/,
  },
  {
    what: 'a repository of a later git',
    arrange: async ({ git }) => {
      await git('config', 'core.repositoryFormatVersion', '1');
      await git('config', 'extensions.someday', 'yes');
    },
    args: ['status'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /extensions\.someday = yes/,
  },
  ...[
    { what: 'merging what parted before', args: ['merge', 'origin/math'] },
    { what: 'reverting the commit', args: ['revert', 'HEAD'] },
    { what: 'picking the commit', args: ['cherry-pick', 'HEAD'] },
    { what: 'blaming the commit', args: ['blame'] },
    { what: 'going to its parent', args: ['checkout', 'HEAD~1'] },
    { what: 'naming its parent', args: ['log', 'HEAD^'] },
  ].map(({ what, args }) => ({
    what: `${what} in a shallow clone, where it was cut`,
    arrange: shallowClone,
    args: [...args, '-C', '../shallow'],
    code: 'REPOSITORY_UNSUPPORTED',
    message: /is a shallow clone/,
  })),
  {
    what: 'a git repository with other content',
    arrange: async ({ directory, git }) => {
      const other = join(directory, 'new');
      await git('init', '--quiet', other);
      await git('-C', other, 'commit', '--quiet', '--allow-empty', '--message', 'other');
      copyFileSync(fixtureModel, join(directory, 'model.gguf'));
    },
    args: newModel,
    code: 'REPOSITORY_UNSUPPORTED',
    message: /has no bankai\.json/,
  },
  {
    what: 'a second init',
    args: ['init', '--model', fixtureModel],
    code: 'REPOSITORY_EXISTS',
    message: /is a Bankai repository already/,
  },
  {
    what: 'a corrupt journal',
    arrange: ({ repo }) => writeFileSync(join(repo, '.git', 'bankai', 'journal.bin'), 'BANKAIJ1, but not really'),
    args: ['status'],
    code: 'JOURNAL_CORRUPT',
    message: /its checksum is wrong/,
  },
  {
    what: 'corrupt local state',
    arrange: ({ repo }) => writeFileSync(join(repo, '.git', 'bankai', 'state.json'), '{}'),
    args: ['checkout', 'calc'],
    code: 'REPOSITORY_CORRUPT',
    message: /state\.json/,
  },
  {
    what: 'a place without a repository',
    arrange: ({ directory }) => mkdirSync(join(directory, 'new')),
    args: ['status', '-C', '../new'],
    code: 'NOT_A_REPOSITORY',
    message: /is not in a Bankai repository/,
  },
];

test.each(refusals.map((refusal): [string, Refusal] => [refusal.what, refusal]))(
  'refuses %s',
  async (_, { arrange, args, code, exitCode = 128, message }) => {
    const place = newPlace();
    await arrange?.(place);
    const before = fingerprint(place.directory);
    const finished = await cli.run([...args, '--json'], { cwd: place.repo });
    const { error } = parseAnswer<{ error: { message: string } }>('error', finished.stdout);
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/[.?]$/),
    });
    expect([finished.code, finished.stderr]).toEqual([exitCode, '']);
    expect(fingerprint(place.directory)).toEqual(before);
  },
);

describe('verify says no, with exit code 1, to', () => {
  const negatives: readonly [string, (place: Place) => unknown, string, RegExp][] = [
    ['an inverted weight', (place) => invertWeight(model(place)), 'HEAD', /blk\.0\.ffn_gate\.weight \(bytes\)/],
    ['a truncated object', truncateObject, 'calc', /Cannot read object/],
    ['a forged statement', forgeStatement, 'HEAD', /bad signature/],
    [
      'a missing statement',
      async (place) => {
        rmSync(await statementFile(place));
        await place.git('commit', '--quiet', '--all', '--message', 'unsigned');
      },
      'HEAD',
      /nobody signed a statement about it/,
    ],
    ['a model that is gone', (place) => rmSync(model(place)), 'HEAD', /working\.gguf/],
    [
      'an export with an inverted weight',
      async ({ repo, directory }) => {
        outputOf(await cli.run(['export', 'calc', '-o', '../x.gguf'], { cwd: repo }));
        invertWeight(join(directory, 'x.gguf'));
      },
      '../x.gguf',
      /blk\.0\.ffn_gate\.weight \(bytes\)/,
    ],
  ];

  test.each(negatives)('%s', async (_, arrange, subject, detail) => {
    const place = newPlace();
    await arrange(place);
    const before = fingerprint(place.directory);
    const { code, stdout } = await cli.run(['verify', subject, '--json'], { cwd: place.repo });
    const { ok, subjects } = parseAnswer<VerifyReport>('verify', stdout);
    expect([code, ok, subjects[0].ok]).toEqual([1, false, false]);
    const checks = [...subjects[0].patches.flatMap((patch) => patch.checks), ...subjects[0].checks];
    expect(checks).toContainEqual(expect.objectContaining({ result: 'bad', detail: expect.stringMatching(detail) }));
    expect(fingerprint(place.directory)).toEqual(before);
  });
});

test('a shallow clone can do all that needs no history', async () => {
  const place = newPlace();
  await shallowClone(place);
  const run = async (...args: string[]) => outputOf(await cli.run([...args, '-C', join(place.directory, 'shallow')]));
  expect((await run('log', '--oneline')).trim().split('\n')).toEqual([expect.stringMatching(/ calc \[\+1\]$/)]);
  expect(await run('status')).toContain('1 patch:');
  await run('checkout', 'origin/math+calc');
  await run('rm', 'calc');
  await run('revert', 'HEAD');
  await run('undo');
  for (const check of ['fsck', 'verify', 'gc']) await run(check);
});

test('errors are one message and one hint for people', async () => {
  const { code, stdout, stderr } = await cli.run(['checkout', 'clac'], { cwd: newPlace().repo });
  expect([code, stdout]).toEqual([128, '']);
  expect(stderr).toBe('error: There is no branch, tag or commit "clac"\nhint: Did you mean "calc"?\n');
  const unread = await cli.run(['checkout', 'calc+ma th'], { cwd: newPlace().repo });
  expect(unread.stderr.split('\n').slice(1, 3)).toEqual(['  calc+ma th', '         ^']);
});

test.each(['a corrupt journal', 'a changed model'])('the hint for %s leads out of it', async (fault) => {
  const place = newPlace();
  const local = join(place.repo, '.git', 'bankai');
  await checkout(place.repo, 'calc');
  const expected = readFileSync(model(place));
  if (fault === 'a corrupt journal') writeFileSync(join(local, 'journal.bin'), 'torn');
  invertWeight(model(place));
  for (const file of ['journal.bin', 'state.json']) rmSync(join(local, file), { force: true });
  rmSync(model(place));
  await init({ directory: place.repo, model: fixtureModel, inPlace: false });
  expect(readFileSync(model(place)).equals(expected)).toBe(true);
  outputOf(await cli.run(['verify'], { cwd: place.repo }));
});
