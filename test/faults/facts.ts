/** What a repository is, as the next command finds it: the one thing that an interruption must not leave in between. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listBranches } from '../../src/repo/branch.js';
import type { CommitId } from '../../src/repo/ids.js';
import { readCommit } from '../../src/repo/object.js';
import { readReflog } from '../../src/repo/reflog.js';
import { openRepository, type Repository } from '../../src/repo/repository.js';
import { readPatches, readState } from '../../src/repo/state.js';
import { listTags } from '../../src/repo/tag.js';
import { diffTrees } from '../../src/repo/tree.js';
import { readUndo } from '../../src/repo/undo-record.js';
import { fsck } from '../../src/workflows/fsck.js';
import { status } from '../../src/workflows/status.js';
import { verifyStack } from '../../src/workflows/verify.js';

/** What a commit has. */
interface Content {
  readonly patches: readonly string[];
  /** Patches, their evidence, and whatever else. */
  readonly files: number;
}

/** What of it two repositories do not have in common. */
export const differences = (a: Facts, b: Facts): string[] =>
  (Object.keys(a) as (keyof Facts)[])
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map((key) => `${key} is ${JSON.stringify(a[key])}, not ${JSON.stringify(b[key])}`);

/** What a repository is, but for the moments in which it was made. */
export interface Facts {
  readonly head: string;
  /** With the lines in its reflog. */
  readonly branches: Readonly<Record<string, Content & { readonly moves: number }>>;
  readonly tags: Readonly<Record<string, Content & { readonly message: string | undefined }>>;
  /** What the model is said to hold. */
  readonly stack: readonly string[];
  readonly model: string;
  /** Lines in the reflog of HEAD. */
  readonly moves: number;
  /** What `undo` would undo. */
  readonly undo: string | undefined;
  readonly config: string;
  readonly keys: number;
}

const none: Facts = {
  ...{ head: 'none', branches: {}, tags: {}, stack: [], model: '', moves: 0, undo: undefined, config: '', keys: 0 },
};

/** Reads the facts by way of the next command, which recovers. Throws when anything is unsound. */
export async function factsOf(place: string): Promise<Facts> {
  const directory = join(place, 'work');
  if (!existsSync(join(directory, '.git', 'bankai', 'state.json'))) return none;
  const { branch, stack, model, worktree } = await status(directory);
  if (model.state === 'changed' || model.state === 'missing') throw new Error(`the model is ${model.state}`);
  const { checks, patches } = await verifyStack(directory, 'HEAD');
  // A model that was left behind on purpose is no mistake; its bytes are one of the facts.
  const failed = [...checks, ...patches.flatMap((patch) => patch.checks)].filter(
    ({ check, result }) => result === 'bad' && !(check === 'model' && model.state === 'behind'),
  );
  if (failed.length > 0) throw new Error(`verify: ${JSON.stringify(failed)}`);
  const { findings } = await fsck(directory);
  if (findings.length > 0) throw new Error(`fsck: ${JSON.stringify(findings)}`);
  if (existsSync(join(directory, '.git', 'bankai', 'journal.bin'))) throw new Error('the journal is still there');
  await assertQuiet(directory, ['fsck', '--strict', '--full', '--no-dangling']);
  // Where files stay behind on purpose, what git says of them is one of the facts.
  const changed = await git(directory, ['status', '--porcelain']);
  const repository = await openRepository(directory);
  return {
    head: `${branch ?? 'detached'}, model ${model.state}, worktree ${worktree}\n${changed}`,
    branches: await branchFacts(repository),
    tags: await tagFacts(repository),
    stack,
    model: createHash('sha256')
      .update(readFileSync(join(directory, model.path)))
      .digest('hex'),
    moves: readReflog(repository, 'HEAD').length,
    undo: (await readUndo(repository))?.operation.replaceAll(/[0-9a-f]{40,64}/g, 'ID'),
    config: readFileSync(join(directory, '.git', 'config'), 'utf8'),
    keys: namesIn(join(place, 'home', '.config', 'bankai', 'keys')).length,
  };
}

async function branchFacts(repository: Repository): Promise<Facts['branches']> {
  const found: [string, Facts['branches'][string]][] = [];
  for (const { name, commit } of await listBranches(repository)) {
    const moves = readReflog(repository, `refs/heads/${name}`).length;
    found.push([name, { ...(await contentOf(repository, commit)), moves }]);
  }
  return Object.fromEntries(found);
}

async function tagFacts(repository: Repository): Promise<Facts['tags']> {
  const found: [string, Facts['tags'][string]][] = [];
  for (const { name, commit, annotation } of await listTags(repository)) {
    found.push([name, { ...(await contentOf(repository, commit)), message: annotation?.message }]);
  }
  return Object.fromEntries(found);
}

/** Every patch is read: none may be lost. */
async function contentOf(repository: Repository, commit: CommitId): Promise<Content> {
  const ids = await readState(repository, commit);
  const patches = [...(await readPatches(repository, commit, ids)).keys()];
  const { tree } = await readCommit(repository, commit);
  return { patches, files: (await diffTrees(repository, undefined, tree)).length };
}

const namesIn = (directory: string): string[] => (existsSync(directory) ? readdirSync(directory) : []);

async function assertQuiet(directory: string, args: readonly string[]): Promise<void> {
  const output = await git(directory, args);
  if (output !== '') throw new Error(`git ${args[0]}: ${output}`);
}

/** What git says. */
async function git(directory: string, args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', GIT_OPTIONAL_LOCKS: '0' };
  const { stdout, stderr } = await promisify(execFile)('git', args, { cwd: directory, env });
  return stdout + stderr;
}
