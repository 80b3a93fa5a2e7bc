/** The commands that are interrupted, and the repository that each of them begins with. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changeConfig } from '../../src/repo/git-config-write.js';
import { openRepository } from '../../src/repo/repository.js';
import { checkout } from '../../src/workflows/checkout.js';
import { gc } from '../../src/workflows/gc.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { newRemote } from '../../src/workflows/remote.js';
import { reset } from '../../src/workflows/reset.js';

const fixture = (path: string): string => fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url));
const baseModel = fixture('worksheet-5m-q1_0.gguf');

/** A command that changes a repository. */
export interface Scenario {
  readonly name: string;
  readonly args: readonly string[];
  /** Makes the sample what it needs. */
  readonly prepare?: (directory: string) => Promise<unknown>;
  /** Whether it makes the repository, instead of changing the sample. */
  readonly isInit?: boolean;
  /** Whether it changes something without the repository's lock. */
  readonly isUnlocked?: boolean;
  /** Whether it is about keys: of other commands a new key may stay, though they were not done. */
  readonly isAboutKeys?: boolean;
}

const search = ['--probes', '.git/few.json', '--strategy', 'greedy', '--iterations', '4', '--threads', '1'];

/** Every verb that changes something, on the sample: HEAD on `calc` of the branches `calc` and `math`. */
export const scenarios: readonly Scenario[] = [
  { name: 'checkout', args: ['checkout', 'calc+math'] },
  { name: 'merge', args: ['merge', 'math'] },
  { name: 'import', args: ['import', '.git/third.json'] },
  { name: 'gc', args: ['gc'] },
  { name: 'commit', args: ['commit', '-m', 'found', ...search] },
  { name: 'checkout to the base', args: ['checkout', 'base'] },
  { name: 'import to a new branch', args: ['import', '.git/third.json', '-b', 'third'] },
  { name: 'switch', args: ['switch', 'math'] },
  { name: 'revert', args: ['revert', 'HEAD'] },
  { name: 'cherry-pick', args: ['cherry-pick', 'math'] },
  { name: 'reset', args: ['reset', 'math'] },
  { name: 'reset --hard', args: ['reset', '--hard', 'base'] },
  { name: 'reset --mixed', args: ['reset', '--mixed', 'math'] },
  { name: 'restore --source', args: ['restore', '--source', 'math'] },
  { name: 'undo', args: ['undo'] },
  { name: 'restore', args: ['restore'], prepare: changeFiles },
  {
    name: 'undo of reset --hard',
    args: ['undo'],
    prepare: async (directory) => {
      await changeFiles(directory);
      await reset(directory, 'math', 'hard');
    },
  },
  { name: 'branch', args: ['branch', 'both', 'calc+math'] },
  { name: 'branch -m', args: ['branch', '-m', 'calc', 'calculus/one'] },
  { name: 'branch -m of another', args: ['branch', '-m', 'math', 'sums'] },
  { name: 'branch -D', args: ['branch', '-D', 'math'] },
  { name: 'tag', args: ['tag', 'v1', '-m', 'the first'] },
  { name: 'squash', args: ['squash', 'calc+math', '-b', 'both'] },
  { name: 'split', args: ['split', 'HEAD'] },
  { name: 'minimize', args: ['minimize', 'HEAD', '--probes', '.git/few.json', '--threads', '1'] },
  { name: 'rm', args: ['rm', 'HEAD'] },
  { name: 'attest', args: ['attest', 'HEAD', '--read', '--verdict', 'approve'] },
  { name: 'config', args: ['config', 'bankai.signCommits', 'false'] },
  { name: 'remote add', args: ['remote', 'add', 'lab', 'https://example.org/lab.git'] },
  {
    name: 'remote rename',
    args: ['remote', 'rename', 'lab', 'far'],
    prepare: (directory) => newRemote(directory, 'lab', 'https://example.org/lab.git'),
  },
  { name: 'key new', args: ['key', 'new', 'work'], isAboutKeys: true, isUnlocked: true },
  { name: 'init', args: ['init', '--model', baseModel], isInit: true, isUnlocked: true },
];

/** Changes two files, and stages one of them. */
async function changeFiles(directory: string): Promise<void> {
  for (const name of ['bankai.json', '.gitattributes']) writeFileSync(join(directory, name), 'mine\n');
  execFileSync('git', ['add', '.gitattributes'], { cwd: directory });
}

/** The directories of one trial: `work` is the repository, `home` has the keys. */
export const places = ['work', 'home', 'graves'] as const;

/** Makes the sample that every trial begins with a copy of: some of it in a pack, the rest loose. */
export async function makeTemplate(place: string): Promise<void> {
  for (const name of places) mkdirSync(join(place, name), { recursive: true });
  const directory = join(place, 'work');
  await init({ directory, model: baseModel, inPlace: false });
  const recorder = {
    keyDirectory: join(place, 'home', 'keys'),
    identity: { name: 'Ada', email: 'ada@example.org' },
    time: new Date('2026-01-02T03:04:05Z'),
    version: '1.2.3',
  };
  for (const [branch, rows] of Object.entries({ calc: [1, 2, 3], math: [2, 7] })) {
    await importFile(directory, { name: branch, bytes: foreignPatch(rows), branch, message: branch }, recorder);
    if (branch === 'calc') await gc(directory, { prune: false, now: recorder.time.getTime() });
  }
  await checkout(directory, 'calc');
  const settings = [['remote', '.'] as const, ['merge', 'refs/heads/main'] as const];
  const branches = ['calc', 'math'].flatMap((name) =>
    settings.map(([key, value]) => ({ set: `branch.${name}`, key, value })),
  );
  await changeConfig(await openRepository(directory), branches);
  writeFileSync(join(directory, '.git', 'third.json'), foreignPatch([1, 9, 11]));
  const probes = JSON.parse(readFileSync(fixture('probes/calculus.json'), 'utf8')) as unknown[];
  writeFileSync(join(directory, '.git', 'few.json'), JSON.stringify(probes.slice(3, 6)));
}

/** A patch in the format of another tool. */
export function foreignPatch(rows: readonly number[]): Buffer {
  const flips = rows.map((row) => ({ layer: row % 3, proj: 'gate_proj', row }));
  return Buffer.from(JSON.stringify({ version: 1, format: 'bankai_row_xor_v1', flips }));
}
