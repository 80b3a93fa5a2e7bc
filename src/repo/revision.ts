/** Owns what one term of a stack names: a commit, by a ref, an id, a reflog, and steps back from there. */
import { RepositoryError } from '../errors.js';
import { readHead } from './branch.js';
import { reporting } from './git-error.js';
import { asCommitId, type CommitId, type ObjectId } from './ids.js';
import { nearestNames } from './nearest-names.js';
import { readCommit } from './object.js';
import { parseTag } from './parse-commit.js';
import { objectsWithPrefix, readObject } from './read-object.js';
import { hasReflog, readReflog } from './reflog.js';
import { listRefs, readRefValue, resolveRef } from './refs.js';
import type { Repository } from './repository.js';
import { cutHistory } from './shallow.js';
import type { Step, Term } from './stack-expression.js';
import { upstreamOf } from './upstream.js';

/** A commit, and the name that stays with it when it becomes part of a stack. */
export interface NamedCommit {
  readonly name: string;
  readonly commit: CommitId;
}

/** Where a term has come to: the ref it is at, if it still is at one. */
interface Place extends NamedCommit {
  readonly ref?: string;
}

/**
 * Resolves a term: `base`, which is the commit `root`; `HEAD` or `@`, a full commit id, a branch, a tag (annotated or not), a
 * remote-tracking branch, any ref, a unique prefix of an id, what `git describe` prints; then its steps. Its name is that
 * of the branch for HEAD and `@{-1}`, and the beginning of the id for what has no lasting name: ids, and everything that
 * steps or a reflog lead to. Throws UNKNOWN_REVISION, AMBIGUOUS_REVISION, REPOSITORY_CORRUPT.
 */
export async function resolveTerm(
  repository: Repository,
  { name, steps, text }: Term,
  root: CommitId,
): Promise<NamedCommit> {
  return reporting(`resolve "${text}"`, async () => {
    let place: Place;
    if (name === 'base') place = { name, commit: root };
    else place = name === '' ? await headPlace(repository) : await placeOf(repository, name);
    let so = name;
    for (const step of steps) {
      place = await follow(repository, place, step, so);
      so += stepText(step);
    }
    return { commit: place.commit, name: place.name };
  });
}

/** Finds the full name of the ref that a name means: `refs/heads/calc`. Gives undefined when there is none. */
export function findRef(repository: Repository, name: string): string | undefined {
  if (name === '@' || name === 'HEAD') return 'HEAD';
  return refsNamed(repository, name)[0];
}

/** The branch, or the id, that HEAD left so many checkouts ago. Gives undefined when there were not so many. */
export function previousPlace(repository: Repository, number: number): string | undefined {
  const places = readReflog(repository, 'HEAD').flatMap(
    ({ message }) => /^checkout: moving from (.*?) to /.exec(message)?.[1] ?? [],
  );
  return places.at(-number);
}

const abbreviated = (commit: CommitId): string => commit.slice(0, 12);

async function headPlace(repository: Repository): Promise<Place> {
  const { branch, commit } = await readHead(repository);
  if (branch === undefined) return { ref: 'HEAD', commit, name: abbreviated(commit) };
  return { ref: `refs/heads/${branch}`, commit, name: branch };
}

async function placeOf(repository: Repository, name: string): Promise<Place> {
  if (name === 'HEAD' || name === '@') return { ...(await headPlace(repository)), ref: 'HEAD' };
  if (/^[0-9a-f]{40}$/.test(name)) {
    const commit = await attempt(() => peel(repository, name));
    if (commit !== undefined) return { commit, name: abbreviated(commit) };
  }
  const found = await Promise.all(
    refsNamed(repository, name).map(async (ref) => ({
      ref,
      commit: await peel(repository, resolveRef(repository, ref) as ObjectId),
    })),
  );
  const places = found.flatMap(({ ref, commit }) => (commit === undefined ? [] : { ref, commit, name }));
  const commits = new Set(places.map(({ commit }) => commit));
  if (commits.size > 1) {
    const refs = places.map(({ ref }) => ref);
    throw ambiguous(name, refs.join(' and '), `Write ${refs.join(' or ')}.`);
  }
  if (places.length > 0) return { ...places[0], name: /^[A-Z_]+$/.test(name) ? abbreviated(places[0].commit) : name };
  const digits = /^(?:.+-g)?([0-9a-f]{4,40})$/.exec(name)?.[1];
  if (digits === undefined) throw unknown(repository, name);
  const commit = await resolvePrefix(repository, digits);
  return { commit, name: abbreviated(commit) };
}

/** The refs that a name can mean, in git's order (gitrevisions). */
function refsNamed(repository: Repository, name: string): string[] {
  const whole = /^[A-Z_]*HEAD$/.test(name) ? [name] : [];
  const candidates = name.startsWith('refs/')
    ? [name]
    : [...whole, ...['refs/', 'refs/tags/', 'refs/heads/', 'refs/remotes/'].map((folder) => folder + name)];
  const found = candidates.filter((ref) => readRefValue(repository, ref) !== undefined);
  const remoteHead = `refs/remotes/${name}/HEAD`;
  return found.length > 0 || readRefValue(repository, remoteHead) === undefined ? found : [remoteHead];
}

async function follow(repository: Repository, from: Place, { kind, number }: Step, so: string): Promise<Place> {
  if (kind === 'previous') {
    const place = previousPlace(repository, number);
    if (place === undefined) throw absent(`@{-${number}}`, 'HEAD has not been checked out elsewhere so often');
    return placeOf(repository, readRefValue(repository, `refs/heads/${place}`) ? `refs/heads/${place}` : place).then(
      (found) => ({ ...found, name: found.ref?.replace(/^refs\/heads\//, '') ?? found.name }),
    );
  }
  if (kind === 'upstream') {
    const ref = upstreamOf(
      repository,
      from.ref === 'HEAD' ? ((await headPlace(repository)).ref ?? '') : (from.ref ?? ''),
    );
    const oid = ref === undefined ? undefined : resolveRef(repository, ref);
    const commit = oid === undefined ? undefined : await peel(repository, oid);
    if (ref === undefined || commit === undefined)
      throw absent(`${so}@{upstream}`, `"${so || 'HEAD'}" follows no branch`);
    return { ref, commit, name: ref.replace(/^refs\/(heads|remotes)\//, '') };
  }
  const commit = await stepBack(repository, from, { kind, number }, so);
  return { commit, name: abbreviated(commit) };
}

async function stepBack(repository: Repository, from: Place, { kind, number }: Step, so: string): Promise<CommitId> {
  if (kind === 'log') return logged(repository, from, number, so);
  let { commit } = from;
  if (kind === 'parent') {
    const { parents } = await readCommit(repository, commit);
    if (repository.cut.has(commit)) throw beyond(repository, commit);
    if (parents.length >= number) return parents[number - 1];
    throw absent(
      `${so}^${number}`,
      `commit ${abbreviated(commit)} has ${counted(parents.length, 'parent', 'parents')}`,
    );
  }
  for (let i = 0; i < number; i++) {
    if (repository.cut.has(commit)) throw beyond(repository, commit);
    const [parent] = (await readCommit(repository, commit)).parents;
    if (parent === undefined) throw absent(`${so}~${number}`, `the history of "${so}" ends after ${i}`);
    commit = parent;
  }
  return commit;
}

const beyond = (repository: Repository, commit: CommitId) =>
  cutHistory(repository, `go back beyond commit ${abbreviated(commit)}`);

/** What a ref named so many moves ago. */
async function logged(repository: Repository, { ref }: Place, number: number, so: string): Promise<CommitId> {
  if (ref === undefined || !hasReflog(repository, ref)) throw absent(`${so}@{${number}}`, `"${so}" has no log`);
  const entries = readReflog(repository, ref);
  const oid = number < entries.length ? entries[entries.length - 1 - number].to : entries[0]?.from;
  if (number > entries.length || oid === undefined) {
    throw absent(
      `${so}@{${number}}`,
      `the log of "${so || 'HEAD'}" has ${counted(entries.length, 'entry', 'entries')}`,
    );
  }
  const found = await peel(repository, oid);
  if (found === undefined) throw absent(`${so}@{${number}}`, `it was no commit then`);
  return found;
}

/** Follows annotated tags to the commit they name; undefined when they name something else. */
export async function peel(repository: Repository, oid: ObjectId): Promise<CommitId | undefined> {
  for (let at = oid; ;) {
    const { type, content } = readObject(repository, at);
    if (type !== 'tag') return type === 'commit' ? asCommitId(at) : undefined;
    at = parseTag(content).object;
  }
}

async function resolvePrefix(repository: Repository, prefix: string): Promise<CommitId> {
  const commits = new Set<CommitId>();
  for (const oid of objectsWithPrefix(repository, prefix)) {
    const commit = await peel(repository, oid);
    if (commit !== undefined) commits.add(commit);
  }
  if (commits.size === 1) return [...commits][0];
  if (commits.size === 0) throw unknown(repository, prefix);
  throw ambiguous(prefix, `${commits.size} commits`, `Write more digits: ${[...commits].join(', ')}.`);
}

async function attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch {
    return undefined;
  }
}

function stepText({ kind, number }: Step): string {
  if (kind === 'upstream') return '@{upstream}';
  if (kind === 'previous') return `@{-${number}}`;
  return kind === 'log' ? `@{${number}}` : `${kind === 'ancestor' ? '~' : '^'}${number}`;
}

const counted = (count: number, one: string, many: string): string =>
  `${count === 0 ? 'no' : count} ${count === 1 ? one : many}`;

function unknown(repository: Repository, name: string): RepositoryError {
  const known = ['refs/heads/', 'refs/tags/', 'refs/remotes/'].flatMap((folder) =>
    [...listRefs(repository, folder).keys()].map((ref) => ref.slice(folder.length)),
  );
  // A name with "+", which git made, reads like a stack.
  const near = nearestNames(name, [...new Set(['base', ...known.filter((other) => !other.includes('+'))])]);
  return new RepositoryError('UNKNOWN_REVISION', `There is no branch, tag or commit "${name}"`, {
    hint: name.includes('..')
      ? 'A range of commits is no stack: use "bankai diff A B" to see what two stacks do not share, and "bankai log STACK".'
      : near.length > 0
        ? `Did you mean ${near.map((other) => `"${other}"`).join(' or ')}?`
        : 'Use "bankai branch" to list the branches.',
    data: { name, near },
  });
}

function absent(text: string, fact: string): RepositoryError {
  return new RepositoryError('UNKNOWN_REVISION', `There is no "${text}": ${fact}`, {
    hint: 'Use "bankai log" and "bankai reflog" to see what there is.',
    data: { name: text },
  });
}

function ambiguous(name: string, what: string, hint: string): RepositoryError {
  return new RepositoryError('AMBIGUOUS_REVISION', `"${name}" names ${what}`, { hint, data: { name } });
}
