/** Owns the real side of a sequence: a repository with a tiny model, the real git, and the comparison with the sets. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PatchId } from '../../src/patch/ids.js';
import { createPatch, encodePatch, patchId } from '../../src/patch/patch.js';
import { listBranches, readHead } from '../../src/repo/branch.js';
import { readState } from '../../src/repo/state.js';
import { listTags } from '../../src/repo/tag.js';
import { isWorktreeClean } from '../../src/repo/worktree.js';
import { init } from '../../src/workflows/init.js';
import type { Recorder } from '../../src/workflows/record.js';
import { openWorkspace } from '../../src/workflows/workspace.js';
import { tinyModel } from '../../test/checkout/tiny-model.js';
import { COUNT, isNothing, newSets, rename, type Sets, stateOf, type Undo } from './sets.js';

const tensor = 'blk.0.ffn_gate.weight';
/** Rows of `tensor` that each patch flips: neighbours share one, which cancels where both are in a state. */
const rowsOf = (k: number): number[] => [k % 6, (k + 1) % 6, ...(k >= 6 ? [(k + 3) % 6] : [])].sort((a, b) => a - b);

/** What all sequences start from. */
export interface Template {
  readonly directory: string;
  readonly keys: string;
  readonly base: Buffer;
  readonly patches: readonly {
    readonly id: PatchId;
    readonly bytes: Uint8Array;
    readonly flipped: readonly number[];
  }[];
  readonly root: string;
}

/** One repository and the sets it has to be. */
export interface World {
  readonly template: Template;
  readonly directory: string;
  readonly sets: Sets;
  /** By commit of the sets. */
  readonly oids: string[];
  /** A commit of the sets whose id is not known yet, and the ref that names it. */
  pending: { readonly commit: number; readonly ref: string } | undefined;
  /** What could be undone before the step. */
  undoBefore: Undo | undefined;
  /** Seconds: goes up with every step. */
  clock: number;
}

/** Makes the repository that every sequence gets a copy of. */
export async function makeTemplate(room: string): Promise<Template> {
  const { bytes, gguf } = tinyModel();
  const [model, directory] = [join(room, 'tiny.gguf'), join(room, 'template')];
  mkdirSync(directory, { recursive: true });
  writeFileSync(model, bytes);
  await init({ directory, model, inPlace: false });
  const { repository, state } = await openWorkspace(directory);
  const { byteOffset } = gguf.tensor(tensor);
  const patches = Array.from({ length: COUNT }, (_, k) => {
    const patch = createPatch(
      state.weightsId,
      rowsOf(k).map((row) => ({ kind: 'row' as const, tensor, row })),
    );
    // Every sign byte of the rows: two groups a row, 18 bytes a group, of which the first two are the scale.
    const flipped = rowsOf(k).flatMap((row) =>
      [0, 1].flatMap((group) => Array.from({ length: 16 }, (_, i) => byteOffset + (2 * row + group) * 18 + 2 + i)),
    );
    return { id: patchId(patch), bytes: encodePatch(patch), flipped };
  });
  const root = (await readHead(repository)).commit;
  return { directory, keys: join(room, 'keys'), base: Buffer.from(bytes), patches, root };
}

/** A fresh repository. */
export function newWorld(template: Template, directory: string): World {
  cpSync(template.directory, directory, { recursive: true });
  return {
    template,
    directory,
    sets: newSets(),
    oids: [template.root],
    pending: undefined,
    undoBefore: undefined,
    clock: 1_800_000_000,
  };
}

/** Ada, at the time of the step, or at one that never changes: then the same patch has the same evidence. */
export const recorderOf = ({ template, clock }: World, time = clock): Recorder => ({
  keyDirectory: template.keys,
  identity: { name: 'Ada', email: 'ada@example.org' },
  time: new Date(time * 1000),
  version: '1.0.0',
});

/** Runs the real git, at the time of the step. */
export function git({ directory, clock }: World, ...args: readonly string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'Bob',
    GIT_AUTHOR_EMAIL: 'bob@example.org',
    GIT_COMMITTER_NAME: 'Bob',
    GIT_COMMITTER_EMAIL: 'bob@example.org',
    GIT_AUTHOR_DATE: `@${clock} +0000`,
    GIT_COMMITTER_DATE: `@${clock} +0000`,
    LC_ALL: 'C',
  };
  return execFileSync('git', args, { cwd: directory, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** The model's bytes under a state, by XOR alone. */
export function modelUnder({ base, patches }: Template, set: number): Buffer {
  const bytes = Buffer.from(base);
  patches.forEach(({ flipped }, k) => {
    if (stateOf(set) & (1 << k)) for (const at of flipped) bytes[at] ^= 0xff;
  });
  return bytes;
}

/** Says where the repository is not what the sets say; undefined where it is. Gives new commits their ids. */
export async function difference(world: World): Promise<string | undefined> {
  const { sets, oids, directory, template } = world;
  const { repository, state } = await openWorkspace(directory);
  const head = await readHead(repository);
  const branches = new Map((await listBranches(repository)).map(({ name, commit }) => [name, commit as string]));
  const idsOf = (set: number) => template.patches.flatMap(({ id }, k) => (set & (1 << k) ? [id] : [])).sort();
  if (world.pending) {
    const { commit, ref } = world.pending;
    const oid = ref === 'HEAD' ? head.commit : branches.get(ref);
    if (oid === undefined) return `there is no ${ref}`;
    const known = oids.indexOf(oid);
    if (known < 0) oids[commit] = oid;
    else {
      if (sets.commits[known].set !== sets.commits[commit].set) return `${ref} is a commit of another set`;
      rename(sets, commit, known);
      if (commit === sets.commits.length - 1) sets.commits.pop();
      // The stack was composed before, and HEAD is there: nothing was changed, and nothing recorded.
      if (isNothing(sets.undo)) sets.undo = world.undoBefore;
    }
    world.pending = undefined;
  }
  if (head.branch !== sets.head.branch) return `HEAD is on ${head.branch}, not on ${sets.head.branch}`;
  if (head.commit !== oids[sets.head.commit]) return `HEAD is ${head.commit}, not ${oids[sets.head.commit]}`;
  const wanted = [...sets.branches].map(([name, commit]) => `${name} ${oids[commit]}`).sort();
  const present = [...branches].map(([name, oid]) => `${name} ${oid}`).sort();
  if (wanted.join() !== present.join()) return `the branches are ${present.join(', ')}, not ${wanted.join(', ')}`;
  const tags = (await listTags(repository)).map(({ name, commit }) => `${name} ${commit}`).sort();
  const tagged = [...sets.tags].map(([name, commit]) => `${name} ${oids[commit]}`).sort();
  if (tagged.join() !== tags.join()) return `the tags are ${tags.join(', ')}, not ${tagged.join(', ')}`;
  const states = (await readState(repository, head.commit)).join();
  if (states !== idsOf(sets.commits[sets.head.commit].set).join()) return `the state of HEAD is ${states}`;
  const held = sets.commits[sets.holds].set;
  if (state.patches.join() !== idsOf(held).join()) return `the model is said to hold ${state.patches.join()}`;
  if (!readFileSync(join(directory, 'working.gguf')).equals(modelUnder(template, held))) return "the model's bytes";
  if (!(await isWorktreeClean(repository, head.commit))) return 'the worktree is not clean';
  return undefined;
}

/** What git says at the end of a sequence: nothing, where all is well. */
export function complaints(world: World): string {
  return git(world, 'fsck', '--strict', '--full', '--no-dangling') + git(world, 'status', '--porcelain');
}
