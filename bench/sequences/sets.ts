/**
 * Owns the model that sequences are judged by: commits are sets of files, and files are bits of a number. It knows nothing
 * of git's formats and shares no code with the program.
 */

/** How many patches there are. Bit k of a set is patch k's file, bit k + COUNT its evidence. */
export const COUNT = 8;
export const patchBit = (k: number): number => 1 << k;
export const evidenceBit = (k: number): number => 1 << (k + COUNT);
/** The patches of a set of files. */
export const stateOf = (set: number): number => set & ((1 << COUNT) - 1);

/** A commit, by its place in the list of all. */
export interface SetCommit {
  readonly parents: readonly number[];
  readonly set: number;
  readonly time: number;
}

/** Where HEAD is. */
export interface Place {
  readonly branch?: string | undefined;
  readonly commit: number;
}

/** What an operation changed: by it, it is undone. */
export interface Undo {
  readonly head: { readonly before: Place; readonly after: Place };
  readonly refs: readonly { readonly name: string; readonly before?: number; readonly after?: number }[];
  readonly holds: { readonly before: number; readonly after: number };
  /** Leaves index and worktree out: sequences do not go there. */
  readonly soft?: boolean;
}

/** A repository with its working model. */
export interface Sets {
  readonly commits: SetCommit[];
  readonly branches: Map<string, number>;
  readonly tags: Map<string, number>;
  head: Place;
  /** The commit whose state the working model holds. */
  holds: number;
  undo: Undo | undefined;
}

/** A repository as `init` makes it. */
export const newSets = (): Sets => ({
  commits: [{ parents: [], set: 0, time: 0 }],
  branches: new Map([['main', 0]]),
  tags: new Map(),
  head: { branch: 'main', commit: 0 },
  holds: 0,
  undo: undefined,
});

/** A commit and everything it descends from. */
export function ancestors(sets: Sets, from: readonly number[]): Set<number> {
  const found = new Set<number>();
  const visit = (commit: number): void => {
    if (found.has(commit)) return;
    found.add(commit);
    sets.commits[commit].parents.forEach(visit);
  };
  from.forEach(visit);
  return found;
}

export const descends = (sets: Sets, commit: number, ancestor: number): boolean =>
  commit !== ancestor && ancestors(sets, [commit]).has(ancestor);

/** Of each file: the side that changed it wins; both can only have done the same. */
export const threeWay = (base: number, ours: number, theirs: number): number =>
  (ours & theirs) | ((ours ^ theirs) & ~base);

/** The set that git's recursive merge of two commits leads to. */
export function mergedSet(sets: Sets, ours: readonly number[], oursSet: number, theirs: number): number {
  const other = ancestors(sets, [theirs]);
  const common = [...ancestors(sets, ours)].filter((commit) => other.has(commit));
  const best = common
    .filter((commit) => !common.some((above) => descends(sets, above, commit)))
    .sort((a, b) => sets.commits[a].time - sets.commits[b].time);
  let heads = [best[0]];
  let base = sets.commits[best[0]].set;
  for (const next of best.slice(1)) {
    base = mergedSet(sets, heads, base, next);
    heads = [...heads, next];
  }
  return threeWay(base, oursSet, sets.commits[theirs].set);
}

/** The commit of a stack, or the set and parents of the one that has to be made. */
export function composed(sets: Sets, parts: readonly number[]): number | { parents: number[]; set: number } {
  const distinct = [...new Set(parts)];
  const rest = distinct.length > 1 ? distinct.filter((commit) => commit !== 0) : distinct;
  if (rest.length === 1) return rest[0];
  const set = rest.reduce((union, commit) => union | sets.commits[commit].set, 0);
  const whole = rest.find(
    (commit) =>
      stateOf(sets.commits[commit].set) === stateOf(set) &&
      rest.every((part) => part === commit || descends(sets, commit, part)),
  );
  return whole ?? { parents: rest, set };
}

/** Moves HEAD, and a branch with it, as our own verbs do: the model follows, and it can be undone. */
export function follow(sets: Sets, to: Place): void {
  const { head, holds } = sets;
  const before = to.branch === undefined ? undefined : sets.branches.get(to.branch);
  const moved = to.branch !== undefined && before !== to.commit;
  const refs = moved ? [{ name: to.branch, ...(before !== undefined && { before }), after: to.commit }] : [];
  if (to.branch !== undefined) sets.branches.set(to.branch, to.commit);
  sets.head = to;
  sets.holds = to.commit;
  const same = head.branch === to.branch && head.commit === to.commit && holds === to.commit && refs.length === 0;
  if (!same) sets.undo = { head: { before: head, after: to }, refs, holds: { before: holds, after: to.commit } };
}

/** Moves HEAD, and a branch with it, as plain git does: the model stays. */
export function moveOnly(sets: Sets, to: Place): void {
  if (to.branch !== undefined) sets.branches.set(to.branch, to.commit);
  sets.head = to;
}

/** Why the last operation cannot be undone, as the program's error code; or undefined. */
export function undoRefusal({ undo, head, branches, holds }: Sets): string | undefined {
  if (!undo) return 'NOTHING_TO_UNDO';
  const { before, after } = undo.head;
  const back = before.branch;
  const untouched = back !== undefined && !undo.refs.some(({ name }) => name === back);
  const still =
    head.branch === after.branch &&
    head.commit === after.commit &&
    holds === undo.holds.after &&
    undo.refs.every((ref) => branches.get(ref.name) === ref.after) &&
    !(untouched && branches.get(back) !== before.commit);
  return still ? undefined : 'REFS_MOVED';
}

/** Undoes the last operation. */
export function undoLast(sets: Sets): void {
  const { undo } = sets;
  if (!undo) return;
  for (const { name, before } of undo.refs) {
    if (before === undefined) sets.branches.delete(name);
    else sets.branches.set(name, before);
  }
  sets.head = undo.head.before;
  sets.holds = undo.holds.before;
  const turned = <T>({ before, after }: { before: T; after: T }) => ({ before: after, after: before });
  sets.undo = {
    head: turned(undo.head),
    holds: turned(undo.holds),
    refs: undo.refs.map(({ name, before, after }) => ({
      name,
      ...(after !== undefined && { before: after }),
      ...(before !== undefined && { after: before }),
    })),
  };
}

/** One commit turned out to be another one: same tree, parents, author, time and words. */
export function rename(sets: Sets, from: number, to: number): void {
  const at = (commit: number) => (commit === from ? to : commit);
  const place = (head: Place): Place => ({ ...head, commit: at(head.commit) });
  for (const refs of [sets.branches, sets.tags]) for (const [name, commit] of refs) refs.set(name, at(commit));
  sets.head = place(sets.head);
  sets.holds = at(sets.holds);
  const { undo } = sets;
  if (!undo) return;
  sets.undo = {
    ...undo,
    head: { before: place(undo.head.before), after: place(undo.head.after) },
    holds: { before: at(undo.holds.before), after: at(undo.holds.after) },
    refs: undo.refs.map(({ name, before, after }) => ({
      name,
      ...(before !== undefined && { before: at(before) }),
      ...(after !== undefined && { after: at(after) }),
    })),
  };
}

/** Whether an operation turned out to change nothing. */
export const isNothing = (undo: Undo | undefined): boolean =>
  undo !== undefined &&
  undo.head.before.branch === undo.head.after.branch &&
  undo.head.before.commit === undo.head.after.commit &&
  undo.holds.before === undo.holds.after &&
  undo.refs.length === 0 &&
  undo.soft !== true;
