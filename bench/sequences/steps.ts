/** Owns the steps that a sequence is made of: what each does for real, and what it does to the sets. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { patchPath, evidenceDirectory } from '../../src/repo/state.js';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { merge } from '../../src/workflows/merge.js';
import { cherryPick, revert } from '../../src/workflows/pick.js';
import { gc } from '../../src/workflows/gc.js';
import { reset } from '../../src/workflows/reset.js';
import { newBranch } from '../../src/workflows/branch.js';
import { remove } from '../../src/workflows/squash.js';
import { newTag } from '../../src/workflows/tag.js';
import { undo } from '../../src/workflows/undo.js';
import {
  composed,
  COUNT,
  descends,
  evidenceBit,
  follow,
  mergedSet,
  moveOnly,
  patchBit,
  type Place,
  stateOf,
  threeWay,
  undoLast,
  undoRefusal,
} from './sets.js';
import { git, recorderOf, type World } from './world.js';

/** A step: its kind and numbers that choose, in whatever state it finds. So a part of a sequence is a sequence. */
export interface Step {
  readonly kind: Kind;
  readonly a: number;
  readonly b: number;
}

/** What a step comes to in a world. */
interface Deed {
  readonly run: () => Promise<unknown> | unknown;
  /** The code of the error that it must end in, changing nothing. */
  readonly fails?: string | undefined;
  readonly then?: () => void;
}

/** A revision: what is typed for it, and its commit. */
interface Target {
  readonly text: string;
  readonly commit: number;
  readonly branch?: string;
}

/** Chooses a branch, a tag or any commit. */
function targetOf({ sets, oids }: World, n: number): Target {
  const refs: Target[] = [
    ...[...sets.branches].map(([name, commit]) => ({ text: name, commit, branch: name })),
    ...[...sets.tags].map(([name, commit]) => ({ text: name, commit })),
  ];
  if (n % 4 !== 0) return refs[Math.floor(n / 4) % refs.length];
  const commit = Math.floor(n / 4) % oids.length;
  return { text: oids[commit], commit };
}

const here = (world: World, commit: number): Place => ({ ...world.sets.head, commit });

/** Adds a commit to the sets; its id is what `ref` then says. */
function added(world: World, parents: readonly number[], set: number, ref = 'HEAD'): number {
  world.sets.commits.push({ parents, set, time: world.clock });
  world.pending = { commit: world.sets.commits.length - 1, ref };
  return world.sets.commits.length - 1;
}

/** The commit of a stack, made if need be; parents are in the order of ids, as the format says. */
function compose(world: World, parts: readonly number[], ref?: string): number {
  const made = composed(world.sets, parts);
  if (typeof made === 'number') return made;
  const { oids } = world;
  return added(
    world,
    made.parents.sort((a, b) => (oids[a] < oids[b] ? -1 : 1)),
    made.set,
    ref,
  );
}

/** What a commit did, undone or done again: the set that HEAD becomes. */
function pickedSet({ sets }: World, source: number, mainline: number, back: boolean): number {
  const ours = sets.commits[sets.head.commit].set;
  const [parent, commit] = [sets.commits[sets.commits[source].parents[mainline]].set, sets.commits[source].set];
  return back ? threeWay(commit, ours, parent) : threeWay(parent, ours, commit);
}

function mergeDeed(world: World, n: number, noFf: boolean, plain: boolean): Deed | undefined {
  const { sets, directory } = world;
  const { text, commit } = targetOf(world, n);
  const head = sets.head.commit;
  const move = plain ? moveOnly : follow;
  const run = plain
    ? () => git(world, 'merge', '--no-edit', noFf ? '--no-ff' : '--ff', text)
    : () => merge(directory, { stack: text, ...(noFf && { fastForward: 'never' as const }) }, recorderOf(world));
  return {
    run,
    then: () => {
      if (commit === head || descends(sets, head, commit)) return;
      if (descends(sets, commit, head) && !noFf) return move(sets, here(world, commit));
      const set = mergedSet(sets, [head], sets.commits[head].set, commit);
      move(sets, here(world, added(world, [head, commit], set)));
    },
  };
}

function pickDeed(world: World, { a, b }: Step, back: boolean, plain: boolean): Deed | undefined {
  const { sets, oids, directory } = world;
  const source = a % oids.length;
  const { parents } = sets.commits[source];
  if (parents.length === 0) return undefined;
  const mainline = b % parents.length;
  const set = pickedSet(world, source, mainline, back);
  const nothing = set === sets.commits[sets.head.commit].set;
  if (plain && nothing) return undefined;
  const commit = oids[source];
  const m = parents.length > 1 ? ['-m', String(mainline + 1)] : [];
  const request = { commit, ...(parents.length > 1 && { mainline: mainline + 1 }) };
  const verb = back ? revert : cherryPick;
  return {
    run: plain
      ? () => git(world, ...(back ? ['revert', '--no-edit'] : ['cherry-pick']), ...m, commit)
      : () => verb(directory, request, recorderOf(world)),
    ...(nothing && { fails: 'NOTHING_TO_COMMIT' }),
    then: () => (plain ? moveOnly : follow)(sets, here(world, added(world, [sets.head.commit], set))),
  };
}

/** Rebases at most one commit: which those of a longer history would be is git's own business. */
function rebaseDeed(world: World, n: number): Deed | undefined {
  const { sets, oids } = world;
  const { commit } = targetOf(world, n);
  const head = sets.head.commit;
  const { parents, set: ours } = sets.commits[head];
  const run = () => git(world, 'rebase', '--quiet', '--reapply-cherry-picks', oids[commit]);
  if (commit === head || descends(sets, commit, head)) return { run, then: () => moveOnly(sets, here(world, commit)) };
  const [parent] = parents;
  if (parents.length !== 1 || !(parent === commit || descends(sets, commit, parent))) return undefined;
  if (parent === commit) return { run };
  const onto = sets.commits[commit].set;
  const set = threeWay(sets.commits[parent].set, onto, ours);
  if (set === onto) return undefined;
  return { run, then: () => moveOnly(sets, here(world, added(world, [commit], set))) };
}

/** A patch that HEAD has, or has not. */
function patchWhere({ sets }: World, n: number, present: boolean): number | undefined {
  const state = stateOf(sets.commits[sets.head.commit].set);
  const all = Array.from({ length: COUNT }, (_, k) => k).filter((k) => ((state & patchBit(k)) !== 0) === present);
  return all.length === 0 ? undefined : all[n % all.length];
}

const change = (world: World, set: number, plain: boolean): void =>
  (plain ? moveOnly : follow)(world.sets, here(world, added(world, [world.sets.head.commit], set)));

const headSet = ({ sets }: World): number => sets.commits[sets.head.commit].set;

/** By kind. Undefined where a step means nothing. */
const kinds = {
  import: (world, { a, b }) => {
    const k = a % COUNT;
    const branch = b % 3 === 0 ? `n${world.oids.length}` : undefined;
    if (branch !== undefined && world.sets.branches.has(branch)) return undefined;
    const name = `${k}.json`;
    const request = { name, bytes: world.template.patches[k].bytes, ...(branch !== undefined && { branch }) };
    const both = patchBit(k) | evidenceBit(k);
    const present = branch === undefined && (headSet(world) & patchBit(k)) !== 0;
    return {
      run: () => importFile(world.directory, request, recorderOf(world, 1_700_000_000)),
      ...(present && { fails: 'PATCH_INVALID' }),
      then: () => {
        if (branch === undefined) return change(world, headSet(world) | both, false);
        follow(world.sets, { branch, commit: added(world, [0], both) });
      },
    };
  },
  checkout: (world, { a, b }) => {
    const [one, two] = [targetOf(world, a), targetOf(world, b)];
    const joined = b % 3 === 0;
    return {
      run: () => checkout(world.directory, joined ? `${one.text}+${two.text}` : one.text),
      then: () => {
        if (!joined) return follow(world.sets, { branch: one.branch, commit: one.commit });
        follow(world.sets, { commit: compose(world, [one.commit, two.commit]) });
      },
    };
  },
  sync: (world) => ({
    run: () => checkout(world.directory, 'HEAD'),
    then: () => follow(world.sets, world.sets.head),
  }),
  merge: (world, { a, b }) => mergeDeed(world, a, b % 3 === 0, false),
  revert: (world, step) => pickDeed(world, step, true, false),
  pick: (world, step) => pickDeed(world, step, false, false),
  reset: (world, { a, b }) => {
    const { text, commit } = targetOf(world, a);
    return {
      run: () => reset(world.directory, text, b % 2 === 0 ? 'keep' : 'hard'),
      then: () => follow(world.sets, here(world, commit)),
    };
  },
  softly: (world, { a, b }) => {
    const { text, commit } = targetOf(world, a);
    const { head, holds } = world.sets;
    if (commit === head.commit) return undefined;
    return {
      run: async () => {
        await reset(world.directory, text, b % 2 === 0 ? 'soft' : 'mixed');
        await undo(world.directory);
      },
      // What could be undone now leads to where index and worktree are not HEAD's.
      then: () => {
        const both = { before: head, after: head };
        world.sets.undo = { head: both, refs: [], holds: { before: holds, after: holds }, soft: true };
      },
    };
  },
  remove: (world, { a }) => {
    const k = patchWhere(world, a, true);
    if (k === undefined) return undefined;
    return {
      run: () => remove(world.directory, { patches: world.template.patches[k].id }, recorderOf(world)),
      then: () => change(world, headSet(world) & ~(patchBit(k) | evidenceBit(k)), false),
    };
  },
  branch: (world, { a, b }) => {
    const [one, two] = [targetOf(world, a), targetOf(world, b)];
    const name = `b${world.clock % 1000}`;
    if (world.sets.branches.has(name)) return undefined;
    return {
      run: () => newBranch(world.directory, { name, stack: `${one.text}+${two.text}` }),
      then: () => {
        const { head, holds } = world.sets;
        const after = compose(world, [one.commit, two.commit], name);
        world.sets.branches.set(name, after);
        const [place, held] = [
          { before: head, after: head },
          { before: holds, after: holds },
        ];
        world.sets.undo = { head: place, refs: [{ name, after }], holds: held };
      },
    };
  },
  tag: (world, { a, b }) => {
    const { text, commit } = targetOf(world, a);
    const name = `t${b % 3}`;
    const request = { name, stack: text, sign: false, replace: true, ...(b % 2 === 0 && { message: name }) };
    return {
      run: () => newTag(world.directory, request, recorderOf(world)),
      then: () => {
        const { head, holds, tags } = world.sets;
        tags.set(name, commit);
        world.sets.undo = {
          head: { before: head, after: head },
          refs: [],
          holds: { before: holds, after: holds },
          soft: true,
        };
      },
    };
  },
  collect: (world, { b }) => ({ run: () => gc(world.directory, { prune: b % 2 === 0, now: Date.now() }) }),
  undo: (world) => {
    if (world.sets.undo?.soft === true) return undefined;
    return { run: () => undo(world.directory), fails: undoRefusal(world.sets), then: () => undoLast(world.sets) };
  },
  gitMerge: (world, { a, b }) => mergeDeed(world, a, b % 3 === 0, true),
  gitRevert: (world, step) => pickDeed(world, step, true, true),
  gitPick: (world, step) => pickDeed(world, step, false, true),
  gitRebase: (world, { a }) => rebaseDeed(world, a),
  gitCheckout: (world, { a }) => {
    const { text, commit, branch } = targetOf(world, a);
    return {
      run: () => git(world, 'checkout', '--quiet', text),
      then: () => moveOnly(world.sets, { branch, commit }),
    };
  },
  gitReset: (world, { a }) => {
    const { text, commit } = targetOf(world, a);
    return {
      run: () => git(world, 'reset', '--quiet', '--hard', text),
      then: () => moveOnly(world.sets, here(world, commit)),
    };
  },
  gitAdd: (world, { a }) => {
    const k = patchWhere(world, a, false);
    if (k === undefined) return undefined;
    const path = patchPath(world.template.patches[k].id);
    return {
      run: () => {
        mkdirSync(dirname(join(world.directory, path)), { recursive: true });
        writeFileSync(join(world.directory, path), world.template.patches[k].bytes);
        git(world, 'add', path);
        git(world, 'commit', '--quiet', '-m', `add ${k}`);
      },
      then: () => change(world, headSet(world) | patchBit(k), true),
    };
  },
  gitRemove: (world, { a, b }) => {
    const k = patchWhere(world, a, true);
    if (k === undefined) return undefined;
    const { id } = world.template.patches[k];
    const evidence = b % 2 === 0 && (headSet(world) & evidenceBit(k)) !== 0;
    return {
      run: () => {
        git(world, 'rm', '-r', '--quiet', patchPath(id), ...(evidence ? [evidenceDirectory(id)] : []));
        git(world, 'commit', '--quiet', '-m', `remove ${k}`);
      },
      then: () => change(world, headSet(world) & ~(patchBit(k) | (evidence ? evidenceBit(k) : 0)), true),
    };
  },
  gitBranch: (world, { a, b }) => {
    const { text, commit } = targetOf(world, a);
    const name = `g${b % 3}`;
    if (world.sets.head.branch === name) return undefined;
    return {
      run: () => git(world, 'branch', '--no-track', '--force', name, text),
      then: () => world.sets.branches.set(name, commit),
    };
  },
  gitBranchDelete: (world, { a }) => {
    const names = [...world.sets.branches.keys()].filter((name) => name !== world.sets.head.branch);
    if (names.length < 3) return undefined;
    const name = names[a % names.length];
    return { run: () => git(world, 'branch', '-D', name), then: () => world.sets.branches.delete(name) };
  },
  gitTag: (world, { a, b }) => {
    const { text, commit } = targetOf(world, a);
    const name = `t${b % 3}`;
    const annotated = b % 2 === 0 ? ['-a', '-m', name] : [];
    return {
      run: () => git(world, 'tag', '--force', ...annotated, name, text),
      then: () => world.sets.tags.set(name, commit),
    };
  },
  gitCollect: (world, { b }) => {
    if (b % 4 !== 0) return undefined;
    // Every commit of the sets may still be asked for, so a ref keeps each: the model's and undo's keep themselves.
    return { run: () => git(world, 'gc', '--quiet') };
  },
} satisfies Record<string, (world: World, step: Step) => Deed | undefined>;

export type Kind = keyof typeof kinds;

/** How often each kind comes, relative to the others. */
export const weights: Readonly<Record<Kind, number>> = {
  ...{ import: 5, checkout: 5, sync: 2, merge: 5, revert: 3, pick: 3, reset: 2, softly: 1, remove: 2, branch: 2 },
  ...{ tag: 1, collect: 1, gitRebase: 2 },
  ...{ undo: 4, gitMerge: 3, gitRevert: 2, gitPick: 2, gitCheckout: 2, gitReset: 1, gitAdd: 1, gitRemove: 1 },
  ...{ gitBranch: 1, gitBranchDelete: 1, gitTag: 1, gitCollect: 1 },
};

/** What a step is to do here, and what must come of it; undefined where it means nothing. */
export const deedOf = (world: World, step: Step): Deed | undefined => kinds[step.kind](world, step);
